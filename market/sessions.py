"""The sessions of a trading day as dated data: KRX, NXT and the US exchanges. Pure.

Edges hang on the day's regular open and close, so that an exam day moves them as it moves
those; only what a notice names by the clock stands by the clock. Sources in docs/market.md.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, auto

from market.enums import SessionName, Venue


class Anchor(Enum):
    """What an edge is measured from."""

    OPEN = auto()
    CLOSE = auto()
    MIDNIGHT = auto()


@dataclass(frozen=True)
class Edge:
    """An instant of the day."""

    anchor: Anchor
    offset: timedelta

    def on(self, opens_at: datetime, closes_at: datetime) -> datetime:
        """Return the instant on the day with these regular hours."""
        if self.anchor is Anchor.MIDNIGHT:
            return datetime.combine(opens_at.date(), time.min, opens_at.tzinfo) + self.offset
        return (opens_at if self.anchor is Anchor.OPEN else closes_at) + self.offset


@dataclass(frozen=True)
class Phase:
    """One session of a venue, in force from ``since`` to ``until`` (both included)."""

    name: SessionName
    starts: Edge
    ends: Edge
    since: date
    until: date = date.max
    is_regular: bool = False
    needs_usual_open: bool = False


def opening(minutes: float = 0) -> Edge:
    """Return an edge so many minutes after the regular open; before, when negative."""
    return Edge(Anchor.OPEN, timedelta(minutes=minutes))


def closing(minutes: float = 0) -> Edge:
    """Return an edge so many minutes after the regular close; before, when negative."""
    return Edge(Anchor.CLOSE, timedelta(minutes=minutes))


def clock_time(hour: int, minute: int = 0) -> Edge:
    """Return an edge at a fixed time of the day."""
    return Edge(Anchor.MIDNIGHT, timedelta(hours=hour, minutes=minute))


_BEGINNING = date(1900, 1, 1)
_LUNCH_ENDED = date(2000, 5, 22)
_AFTER_MARKET_BEGAN = date(2026, 9, 14)
_NXT_BEGAN = date(2025, 3, 4)
_US_EARLY_MARKET_BEGAN = date(2013, 3, 18)
_DAY = timedelta(days=1)


def _regular(starts: Edge, ends: Edge, since: date = _BEGINNING, until: date = date.max) -> Phase:
    return Phase(SessionName.REGULAR, starts, ends, since, until, is_regular=True)


# Where phases overlap, the first of the table is the name of the instant.
_KRX = (
    Phase(SessionName.OPENING_AUCTION, opening(-60), opening(), _BEGINNING, date(2019, 4, 28)),
    Phase(SessionName.OPENING_AUCTION, opening(-30), opening(), date(2019, 4, 29)),
    Phase(SessionName.PRE_CLOSE_PRICE, opening(-30), opening(-20), date(2019, 4, 29)),
    # Before 22 May 2000 the exchange rested at noon; the rest ended two hours before the close.
    _regular(opening(), closing(-220), until=date(1994, 12, 31)),
    _regular(opening(), closing(-210), date(1995, 1, 1), date(1998, 12, 6)),
    _regular(opening(), closing(-180), date(1998, 12, 7), _LUNCH_ENDED - _DAY),
    _regular(closing(-120), closing(-10), until=_LUNCH_ENDED - _DAY),
    _regular(opening(), closing(-10), _LUNCH_ENDED),
    Phase(SessionName.CLOSING_AUCTION, closing(-10), closing(), _BEGINNING, is_regular=True),
    Phase(SessionName.AFTER_CLOSE_PRICE, closing(10), closing(30), date(2016, 8, 1)),
    Phase(
        SessionName.AFTER_SINGLE_PRICE,
        closing(30),
        clock_time(18),
        date(2016, 8, 1),
        _AFTER_MARKET_BEGAN - _DAY,
    ),
    Phase(SessionName.AFTER_MARKET, closing(30), clock_time(20), _AFTER_MARKET_BEGAN),
)

_NXT = (
    Phase(
        SessionName.PRE_MARKET,
        clock_time(8),
        clock_time(8, 50),
        _NXT_BEGAN,
        needs_usual_open=True,
    ),
    _regular(opening(0.5), closing(-10), _NXT_BEGAN),
    Phase(SessionName.AFTER_MARKET, closing(10), clock_time(20), _NXT_BEGAN),
    Phase(SessionName.AFTER_CLOSE_PRICE, closing(), closing(30), _NXT_BEGAN),
)

_US = (
    Phase(SessionName.PRE_MARKET, clock_time(4), opening(), _US_EARLY_MARKET_BEGAN),
    _regular(opening(), closing()),
    # Four hours: to 20:00, on a half day to 17:00.
    Phase(SessionName.AFTER_MARKET, closing(), closing(240), _US_EARLY_MARKET_BEGAN),
)

PHASES: dict[str, tuple[Phase, ...]] = {
    Venue.KRX: _KRX,
    Venue.NXT: _NXT,
    Venue.NASDAQ: _US,
    Venue.NYSE: _US,
    Venue.AMEX: _US,
}


def phases_on(venue: str, day: date, *, opens_late: bool) -> list[Phase]:
    """Return the sessions that a trading day of a venue has, in order of precedence."""
    return [
        phase
        for phase in PHASES[venue]
        if phase.since <= day <= phase.until and not (opens_late and phase.needs_usual_open)
    ]
