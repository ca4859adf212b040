"""What the market hands to the rest of the platform: quotes, series of bars, panels of closes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.enums import ADJUSTED_SOURCES, Adjustment
from tradingplatform.money import decimal_text

FloatArray = NDArray[np.float64]
DateArray = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Quote:
    """The newest price of one instrument.

    ``received_at`` is when the feed last confirmed it, so ``age_ms`` grows when the feed stops.
    A quote made from the last stored bar (``seq`` 0) has no bid and no ask: nobody told them.
    ``change`` and ``change_rate`` (a fraction) compare with ``base_price``, the last close.
    """

    symbol: str
    exchange: str
    price: Decimal
    bid: Decimal | None
    ask: Decimal | None
    change: Decimal
    change_rate: float
    volume: int
    exchange_time: datetime
    received_at: datetime
    source: str
    currency: str
    base_price: Decimal
    epoch: str
    seq: int

    def age_ms(self, now: datetime) -> int:
        """Return for how long nobody has confirmed this price; never negative."""
        return max(0, round((now - self.received_at).total_seconds() * 1000))

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "Quote":
        """Rebuild the quote that as_payload wrote."""
        bid, ask = payload["bid"], payload["ask"]
        return cls(
            symbol=payload["symbol"],
            exchange=payload["exchange"],
            price=Decimal(payload["price"]),
            bid=None if bid is None else Decimal(bid),
            ask=None if ask is None else Decimal(ask),
            change=Decimal(payload["change"]),
            change_rate=payload["change_rate"],
            volume=payload["volume"],
            exchange_time=datetime.fromisoformat(payload["exchange_time"]),
            received_at=datetime.fromisoformat(payload["received_at"]),
            source=payload["source"],
            currency=payload["currency"],
            base_price=Decimal(payload["base_price"]),
            epoch=payload["epoch"],
            seq=payload["seq"],
        )

    def as_payload(self, now: datetime) -> dict[str, object]:
        """Return the quote as JSON values, which from_payload reads."""
        return {
            "symbol": self.symbol,
            "exchange": self.exchange,
            "price": decimal_text(self.price),
            "bid": None if self.bid is None else decimal_text(self.bid),
            "ask": None if self.ask is None else decimal_text(self.ask),
            "change": decimal_text(self.change),
            "change_rate": self.change_rate,
            "volume": self.volume,
            "exchange_time": self.exchange_time.isoformat(),
            "age_ms": self.age_ms(now),
            "source": self.source,
            "currency": self.currency,
            "base_price": decimal_text(self.base_price),
            "received_at": self.received_at.isoformat(),
            "epoch": self.epoch,
            "seq": self.seq,
        }


@dataclass(frozen=True, slots=True)
class BookLevel:
    """One price of an order book, and how many shares wait there."""

    price: Decimal
    size: int


@dataclass(frozen=True, slots=True)
class OrderBook:
    """Asks from the lowest up, bids from the highest down."""

    symbol: str
    asks: tuple[BookLevel, ...]
    bids: tuple[BookLevel, ...]
    source: str
    as_of: datetime

    def as_payload(self) -> dict[str, object]:
        """Return the order book object that WebSocket clients see."""
        return {
            "symbol": self.symbol,
            "asks": [[decimal_text(level.price), level.size] for level in self.asks],
            "bids": [[decimal_text(level.price), level.size] for level in self.bids],
            "source": self.source,
            "as_of": self.as_of.isoformat(),
        }


@dataclass(frozen=True)
class BarSeries:
    """Bars of one instrument, oldest first, as arrays of shape (n_bars,).

    ``times`` holds UTC epoch seconds (of the date at 00:00 for 1d and longer). Prices are
    integers scaled by 10**6, exactly as stored; ``closes()`` gives float64 for ``quant``.
    ``sources`` names the origins present; ``generated_mask`` has one bit per figure that a
    generator made. ``has_more`` says that ``limit`` cut the range. ``adjustment`` names the
    corporate actions worked in, ``left_out`` the ex-dates of those that could not be, because
    no close before them is stored.
    """

    symbol: str
    interval: str
    currency: str
    times: NDArray[np.int64]
    open_units: NDArray[np.int64]
    high_units: NDArray[np.int64]
    low_units: NDArray[np.int64]
    close_units: NDArray[np.int64]
    volumes: NDArray[np.int64]
    generated_mask: NDArray[np.int64]
    sources: tuple[str, ...]
    has_more: bool = False
    adjustment: str = Adjustment.RAW
    left_out: tuple[date, ...] = ()

    def __len__(self) -> int:
        return int(self.times.size)

    @property
    def adjusted_sources(self) -> tuple[str, ...]:
        """Those of the sources that tell adjusted prices, which are never adjusted again."""
        return tuple(source for source in self.sources if source in ADJUSTED_SOURCES)

    @property
    def source(self) -> str:
        """All origins in one word, for example ``SAMPLE`` or ``CSV+SAMPLE``; "" when empty."""
        return "+".join(self.sources)

    def opens(self) -> FloatArray:
        """Return the opening prices as float64."""
        return self.open_units / PRICE_UNIT

    def highs(self) -> FloatArray:
        """Return the highest prices as float64."""
        return self.high_units / PRICE_UNIT

    def lows(self) -> FloatArray:
        """Return the lowest prices as float64."""
        return self.low_units / PRICE_UNIT

    def closes(self) -> FloatArray:
        """Return the closing prices as float64."""
        return self.close_units / PRICE_UNIT

    def dates(self) -> DateArray:
        """Return the times as numpy dates (UTC)."""
        return self.times.astype("datetime64[s]").astype("datetime64[D]")


@dataclass(frozen=True)
class PricePanel:
    """Daily closes of several instruments on their common dates, for ``quant``.

    ``closes`` has shape (n_dates, n_symbols), float64, without gaps: a date on which one of
    the instruments has no bar is left out. ``sources`` names the origins present.
    """

    dates: DateArray
    symbols: tuple[str, ...]
    closes: FloatArray
    sources: tuple[str, ...] = ()
    generated_fields: tuple[str, ...] = ()
    currencies: tuple[str, ...] = field(default=())

    @property
    def source(self) -> str:
        """All origins in one word, for example ``SAMPLE``; "" when empty."""
        return "+".join(self.sources)

    @property
    def start(self) -> date | None:
        """The first date, if there is any."""
        return self.dates[0].astype(object) if self.dates.size else None

    @property
    def end(self) -> date | None:
        """The last date, if there is any."""
        return self.dates[-1].astype(object) if self.dates.size else None


PRICE_UNIT = 1_000_000
"""Stored units of one unit of currency; the scale of PriceField."""
