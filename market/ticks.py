"""What a provider tells, and why some of it is refused. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from market import rules

CLOCK_SKEW_MAX = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Tick:
    """One trade as a provider told it; ``size`` is its volume alone, 0 for a mere quote."""

    symbol: str
    price: Decimal
    bid: Decimal
    ask: Decimal
    size: int
    exchange_time: datetime


class TickProvider(Protocol):
    """A source of ticks that the feed steps; the sample market is one."""

    def ticks(self, at: datetime, elapsed_s: float) -> Iterable[Tick]:
        """Return what happened in the ``elapsed_s`` seconds before ``at``."""

    def symbols_of(self, exchange: str) -> list[str]:
        """Return the exchange's symbols in the order that session_start expects."""

    def session_start(self, exchange: str, on: date, base_prices: Sequence[Decimal]) -> None:
        """Take note that a session begins on these base prices."""


@dataclass(frozen=True, slots=True)
class PlausibleRange:
    """The prices that may occur in one session of one symbol."""

    low: Decimal
    high: Decimal


def plausible_range(exchange: str, base_price: Decimal) -> PlausibleRange:
    """Return the price band of the session, or a wide range where there is none."""
    band = rules.price_band(exchange, base_price)
    if band is None:
        factor = rules.PLAUSIBLE_FACTOR
        return PlausibleRange(base_price / factor, base_price * factor)
    return PlausibleRange(*band)


def tick_fault(tick: Tick, allowed: PlausibleRange, at: datetime) -> str | None:
    """Return the reason to refuse a tick in one word, or None for a good one."""
    figures = (tick.price, tick.bid, tick.ask)
    if not all(figure.is_finite() for figure in figures):
        return "not_a_number"
    faults = (
        ("not_positive", min(figures) <= 0),
        ("out_of_band", not allowed.low <= tick.price <= allowed.high),
        ("crossed", tick.bid > tick.ask),
        ("negative_volume", tick.size < 0),
        ("clock_skew", abs(tick.exchange_time - at) > CLOCK_SKEW_MAX),
    )
    return next((fault for fault, is_there in faults if is_there), None)
