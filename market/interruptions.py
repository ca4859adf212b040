"""When trading pauses by itself: volatility interruptions and circuit breakers of KRX. Pure.

Dated data with look-ups; sources and doubts in docs/market.md.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum, auto

from market.enums import SessionName


class ViGroup(Enum):
    """How KRX groups products by their usual movement."""

    CALM = auto()
    """Constituents of KOSPI 200; funds on KOSPI 200/100/50 and KRX 100, inverse, bond."""
    LIVELY = auto()
    """All other stocks; leveraged, sector, foreign and commodity funds."""


@dataclass(frozen=True)
class ViRule:
    """How far a price may go before a call auction replaces continuous trading.

    ``dynamic`` measures from the last price, ``static`` from that of the last single-price
    auction (before the open: the base price). Fractions; None: no such interruption.
    """

    effective_from: date
    dynamic: dict[tuple[ViGroup, SessionName], Decimal]
    static: Decimal | None
    lasts: timedelta = timedelta(minutes=2)


@dataclass(frozen=True)
class ViThreshold:
    """The limits that apply to one product in one session."""

    dynamic: Decimal | None
    static: Decimal | None
    lasts: timedelta


@dataclass(frozen=True)
class BreakerStage:
    """The whole market stops when the index has fallen by ``fall`` for a minute."""

    fall: Decimal
    halt: timedelta | None
    auction: timedelta | None
    not_in_last: timedelta


_DYNAMIC = {
    (ViGroup.CALM, SessionName.REGULAR): Decimal("0.03"),
    (ViGroup.CALM, SessionName.CLOSING_AUCTION): Decimal("0.02"),
    (ViGroup.CALM, SessionName.AFTER_SINGLE_PRICE): Decimal("0.03"),
    (ViGroup.LIVELY, SessionName.REGULAR): Decimal("0.06"),
    (ViGroup.LIVELY, SessionName.CLOSING_AUCTION): Decimal("0.04"),
    (ViGroup.LIVELY, SessionName.AFTER_SINGLE_PRICE): Decimal("0.06"),
}

VI_RULES: dict[str, tuple[ViRule, ...]] = {
    "KRX": (
        ViRule(date(2014, 9, 1), _DYNAMIC, None),
        ViRule(date(2015, 6, 15), _DYNAMIC, Decimal("0.10")),
    ),
}
STATIC_SESSIONS = frozenset({SessionName.REGULAR, SessionName.CLOSING_AUCTION})
EXPIRY_AUCTION_DYNAMIC = Decimal("0.01")
"""In the closing auction of underlyings on the day their derivatives expire."""
NO_VI_ON_LISTING_DAY_SINCE = date(2021, 10, 18)

CIRCUIT_BREAKERS: dict[str, tuple[tuple[date, tuple[BreakerStage, ...]], ...]] = {
    "KRX": (
        (
            date(2015, 6, 15),
            (
                BreakerStage(
                    Decimal("0.08"),
                    timedelta(minutes=20),
                    timedelta(minutes=10),
                    timedelta(minutes=40),
                ),
                BreakerStage(
                    Decimal("0.15"),
                    timedelta(minutes=20),
                    timedelta(minutes=10),
                    timedelta(minutes=40),
                ),
                # The third ends the day, at any time.
                BreakerStage(Decimal("0.20"), None, None, timedelta(0)),
            ),
        ),
    ),
}


def vi_threshold(
    exchange: str,
    session: SessionName,
    on: date,
    *,
    group: ViGroup,
    is_expiry: bool = False,
    is_listing_day: bool = False,
) -> ViThreshold | None:
    """Return the interruption limits of a product in a session; None where there are none."""
    rules = VI_RULES.get(exchange, ())
    place = bisect_right(rules, on, key=lambda rule: rule.effective_from)
    if not place or (is_listing_day and on >= NO_VI_ON_LISTING_DAY_SINCE):
        return None
    rule = rules[place - 1]
    dynamic = rule.dynamic.get((group, session))
    if is_expiry and session == SessionName.CLOSING_AUCTION:
        dynamic = EXPIRY_AUCTION_DYNAMIC
    static = rule.static if session in STATIC_SESSIONS else None
    if dynamic is None and static is None:
        return None
    return ViThreshold(dynamic, static, rule.lasts)


def vi_triggered(
    threshold: ViThreshold, price: Decimal, *, last_price: Decimal, auction_price: Decimal
) -> str | None:
    """Return which limit a price would reach: ``dynamic``, ``static``, or None."""
    for name, limit, reference in (
        ("dynamic", threshold.dynamic, last_price),
        ("static", threshold.static, auction_price),
    ):
        if limit is not None and abs(price - reference) >= reference * limit:
            return name
    return None


def breaker_stages(exchange: str, on: date) -> tuple[BreakerStage, ...]:
    """Return the circuit breaker of a market in force on a date, mildest stage first."""
    rows = CIRCUIT_BREAKERS.get(exchange, ())
    place = bisect_right(rows, on, key=lambda row: row[0])
    return rows[place - 1][1] if place else ()
