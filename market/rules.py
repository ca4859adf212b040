"""The rules of the exchanges as dated data: ticks, price bands, lots and sessions.

Sources, with their doubts, in docs/market.md. Pure: no database, no clock.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_DOWN, Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from tradingplatform.errors import InvalidInputError

_RowT = TypeVar("_RowT")


@dataclass(frozen=True)
class TickTable:
    """From ``lower_bounds[i]`` (inclusive) on, prices move by ``ticks[i]``."""

    effective_from: date
    lower_bounds: tuple[Decimal, ...]
    ticks: tuple[Decimal, ...]

    def tick_at(self, price: Decimal) -> Decimal:
        return self.ticks[bisect_right(self.lower_bounds, price) - 1]


@dataclass(frozen=True)
class BandRule:
    """From ``effective_from`` on, a price stays within ``rate`` of the base price."""

    effective_from: date
    rate: Decimal


@dataclass(frozen=True)
class Session:
    """The regular trading hours of an exchange, in its own time."""

    effective_from: date
    opens_at: time
    closes_at: time
    timezone: ZoneInfo

    def closed_at(self, session_date: date) -> datetime:
        """Return the instant at which the session of ``session_date`` ends."""
        return datetime.combine(session_date, self.closes_at, self.timezone)


def _table(effective_from: date, rows: dict[str, str]) -> TickTable:
    return TickTable(effective_from, tuple(map(Decimal, rows)), tuple(map(Decimal, rows.values())))


_BEGINNING = date(1900, 1, 1)
_SEOUL = ZoneInfo("Asia/Seoul")
_NEW_YORK = ZoneInfo("America/New_York")

_KRX_TICKS = (
    _table(
        _BEGINNING,
        {
            "0": "1",
            "1000": "5",
            "5000": "10",
            "10000": "50",
            "50000": "100",
            "100000": "500",
            "500000": "1000",
        },
    ),
    _table(
        date(2023, 1, 25),
        {
            "0": "1",
            "2000": "5",
            "5000": "10",
            "20000": "50",
            "50000": "100",
            "200000": "500",
            "500000": "1000",
        },
    ),
)
_US_TICKS = (_table(_BEGINNING, {"0": "0.0001", "1": "0.01"}),)

TICK_TABLES = {"KRX": _KRX_TICKS, "NASDAQ": _US_TICKS, "NYSE": _US_TICKS}

PRICE_BANDS: dict[str, tuple[BandRule, ...]] = {
    "KRX": (
        BandRule(date(1998, 12, 7), Decimal("0.15")),
        BandRule(date(2015, 6, 15), Decimal("0.30")),
    ),
    "NASDAQ": (),
    "NYSE": (),
}

PLAUSIBLE_FACTOR = 2
"""Where there is no price band, nobody believes a price beyond this factor of the base."""

SESSIONS: dict[str, tuple[Session, ...]] = {
    "KRX": (Session(date(2016, 8, 1), time(9), time(15, 30), _SEOUL),),
    "NASDAQ": (Session(_BEGINNING, time(9, 30), time(16), _NEW_YORK),),
    "NYSE": (Session(_BEGINNING, time(9, 30), time(16), _NEW_YORK),),
}

CURRENCIES = {"KRX": "KRW", "NASDAQ": "USD", "NYSE": "USD"}

LOT_SIZES = {"KRX": 1, "NASDAQ": 1, "NYSE": 1}


def tick_table(exchange: str, on: date | None = None) -> TickTable:
    """Return the tick table of ``exchange`` in force on a date; the newest without one."""
    tables = _of_exchange(TICK_TABLES, exchange)
    if on is None:
        return tables[-1]
    return next((table for table in reversed(tables) if table.effective_from <= on), tables[0])


def tick_size(exchange: str, price: Decimal, on: date | None = None) -> Decimal:
    """Return by how much a price around ``price`` may move.

    Raises InvalidInputError for a price that is not a positive number or an unknown exchange.
    """
    if not (price.is_finite() and price > 0):
        raise InvalidInputError("A price must be a positive number.", price=str(price))
    return tick_table(exchange, on).tick_at(price)


def price_band(
    exchange: str, base_price: Decimal, on: date | None = None
) -> tuple[Decimal, Decimal] | None:
    """Return the lowest and the highest price of the day; None where there is no limit.

    KRX: ``base * rate`` is cut to the tick of the base price, then each limit to its own tick
    (base 9,980: 2,990, hence 6,990 to 12,970).
    """
    rate = band_rate(exchange, on)
    if rate is None:
        return None
    width = _cut(base_price * rate, tick_size(exchange, base_price, on))
    low, high = base_price - width, base_price + width
    return (
        _cut(low, tick_size(exchange, low, on)),
        _cut(high, tick_size(exchange, high, on)),
    )


def regular_session(exchange: str, on: date | None = None) -> Session:
    """Return the regular trading hours of ``exchange`` in force on a date."""
    sessions = _of_exchange(SESSIONS, exchange)
    if on is None:
        return sessions[-1]
    return next((row for row in reversed(sessions) if row.effective_from <= on), sessions[0])


def exchange_timezone(exchange: str) -> ZoneInfo:
    """Return the zone in which the exchange dates its sessions."""
    return regular_session(exchange).timezone


def band_rate(exchange: str, on: date | None = None) -> Decimal | None:
    """Return how far a price may move from the base price, as a fraction; None: any distance."""
    rules = _of_exchange(PRICE_BANDS, exchange)
    in_force = [rule for rule in rules if on is None or rule.effective_from <= on]
    return in_force[-1].rate if in_force else None


def _cut(price: Decimal, tick: Decimal) -> Decimal:
    return (price / tick).to_integral_value(rounding=ROUND_DOWN) * tick


def _of_exchange(rows: dict[str, tuple[_RowT, ...]], exchange: str) -> tuple[_RowT, ...]:
    try:
        return rows[exchange]
    except KeyError as error:
        raise InvalidInputError("The exchange is unknown.", exchange=exchange) from error
