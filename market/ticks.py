"""What a provider tells, and why some of it is refused. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from market import rules
from market.types import OrderBook

if TYPE_CHECKING:
    from market.feed import Line

CLOCK_SKEW_MAX = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What a source tells of the running session as a whole; None for what it does not tell."""

    volume: int
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    base_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """One trade as a provider told it; ``size`` is its volume alone, 0 for a mere quote.

    ``bid`` and ``ask`` are None where the source does not tell them. A source that knows the
    whole ``day`` is believed in it: what was missed between two ticks is then not lost.
    """

    symbol: str
    price: Decimal
    bid: Decimal | None
    ask: Decimal | None
    size: int
    exchange_time: datetime
    day: DayFigures | None = None

    @property
    def is_snapshot(self) -> bool:
        """Whether it tells how things stand, not that something has just traded."""
        return self.size == 0 and self.day is not None


class TickProvider(Protocol):
    """A source of ticks that the feed steps; the sample market is one."""

    def ticks(self, at: datetime, elapsed_s: float) -> Iterable[Tick]:
        """Return what happened in the ``elapsed_s`` seconds before ``at``."""

    def books(self, at: datetime) -> Iterable[OrderBook]:
        """Return the order books that changed since they were last asked for."""

    def symbols_of(self, exchange: str) -> list[str]:
        """Return the exchange's symbols in the order that session_start expects."""

    def session_start(self, exchange: str, on: date, base_prices: Sequence[Decimal]) -> None:
        """Take note that a session begins on these base prices."""

    def vouched(self, symbols: Sequence[str], at: datetime) -> Sequence[str]:
        """Return those of the quiet symbols whose price is known to stand unchanged at ``at``.

        A source that has lost its connection vouches for nothing: the quotes grow old.
        """

    def lines_new(self) -> "Iterable[Line]":
        """Return the lines of symbols that the source has begun to tell of."""

    def close(self) -> None:
        """End what the source has begun."""


@dataclass(frozen=True, slots=True)
class PlausibleRange:
    """The prices that may occur in one session of one symbol."""

    low: Decimal
    high: Decimal


def plausible_range(
    exchange: str, base_price: Decimal, product: rules.Product | None = None
) -> PlausibleRange:
    """Return the price band of the session, or a wide range where there is none."""
    band = rules.price_band(exchange, base_price, product=product or rules.Product())
    if band is None:
        factor = rules.PLAUSIBLE_FACTOR
        return PlausibleRange(base_price / factor, base_price * factor)
    return PlausibleRange(*band)


def tick_fault(tick: Tick, allowed: PlausibleRange, at: datetime) -> str | None:
    """Return the reason to refuse a tick in one word, or None for a good one."""
    figures = [figure for figure in (tick.price, tick.bid, tick.ask) if figure is not None]
    if not all(figure.is_finite() for figure in figures):
        return "not_a_number"
    late = at - tick.exchange_time
    # A snapshot tells of a trade that may be hours old; news may not.
    is_late = late > CLOCK_SKEW_MAX and not tick.is_snapshot
    faults = (
        ("not_positive", min(figures) <= 0),
        ("out_of_band", not allowed.low <= tick.price <= allowed.high),
        ("crossed", tick.bid is not None and tick.ask is not None and tick.bid > tick.ask),
        ("negative_volume", tick.size < 0),
        ("clock_skew", -late > CLOCK_SKEW_MAX or is_late),
    )
    return next((fault for fault, is_there in faults if is_there), None)


def book_fault(book: OrderBook, allowed: PlausibleRange) -> str | None:
    """Return the reason to refuse an order book in one word, or None for a good one."""
    levels = [*book.asks, *book.bids]
    if not all(allowed.low <= level.price <= allowed.high for level in levels):
        return "out_of_band"
    if book.asks and book.bids and book.bids[0].price > book.asks[0].price:
        return "crossed"
    return "negative_volume" if any(level.size < 0 for level in levels) else None
