"""All instruments with their live quotes and figures as columns: what rankings and screens read.

A process makes one panel and keeps it for ``MARKET_PANEL_S``; however many ask meanwhile, they
share it, and while a new one is made they get the one before.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from market.company_models import CompanyFundamentals
from market.demand import demand_note
from market.enums import AssetType
from market.feature_models import InstrumentFeatures
from market.models import Instrument
from market.quotes import quotes_cached
from market.types import FloatArray, Quote
from tradingplatform.clock import monotonic, now

_RETURNS = {
    "return_5d": "close_5d",
    "return_1m": "close_1m",
    "return_3m": "close_3m",
    "return_6m": "close_6m",
    "return_1y": "close_1y",
    "return_ytd": "close_ytd",
}
_AVERAGES = ("sma_20", "sma_60", "sma_120")
_FIGURES = tuple(
    field.attname
    for field in InstrumentFeatures._meta.concrete_fields
    if field.get_internal_type() == "FloatField"
)
FUNDAMENTALS = ("market_cap", "price_to_earnings", "price_to_book", "dividend_yield")
"""What sources say of companies; undefined where none has said it within FUNDAMENTALS_FOR."""
FUNDAMENTALS_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Panel:
    """Active instruments that have a live quote, by symbol.

    ``numbers`` holds an array of shape (n_instruments,) per field, NaN where undefined.
    ``companies`` says by instrument id who told its fundamentals, and when.
    """

    as_of: datetime
    features_as_of: datetime | None
    instruments: list[Instrument]
    quotes: list[Quote]
    numbers: dict[str, FloatArray]
    companies: dict[int, tuple[str, datetime]] = field(default_factory=dict)

    @cached_property
    def is_index(self) -> NDArray[np.bool_]:
        """Which of them are indices; they are shown, and left out of rankings and screens."""
        found = [row.asset_type == AssetType.INDEX for row in self.instruments]
        return np.array(found, dtype=np.bool_)

    @cached_property
    def without_indices(self) -> "Panel":
        """The panel of what can be traded, which is what screens look at."""
        places = np.flatnonzero(~self.is_index)
        chosen = places.tolist()
        return replace(
            self,
            instruments=[self.instruments[place] for place in chosen],
            quotes=[self.quotes[place] for place in chosen],
            numbers={name: values[places] for name, values in self.numbers.items()},
        )

    def words(self, name: str) -> list[str]:
        """Return a text field of every instrument."""
        if name == "macd_cross":
            return macd_crosses(self)
        return [str(getattr(instrument, name)) for instrument in self.instruments]


def panel_get() -> Panel:
    """Return the panel of now, at most MARKET_PANEL_S old."""
    return _kept.get(settings.MARKET_PANEL_S)


def panel_read() -> Panel:
    """Make a panel from the tables and the cache: three queries and one look at the cache."""
    at = now()
    found = list(Instrument.objects.active().order_by("symbol"))
    demand_note(row.symbol for row in found if row.asset_type == AssetType.INDEX)
    told = quotes_cached(row.symbol for row in found)
    instruments = [row for row in found if row.symbol in told]
    quotes = [told[row.symbol] for row in instruments]
    figures, computed_at = _figures(instruments)
    fundamentals, companies = _fundamentals(instruments, since=at - FUNDAMENTALS_FOR)
    numbers = _numbers(quotes, figures) | fundamentals
    return Panel(at, computed_at, instruments, quotes, numbers, companies)


def macd_crosses(panel: Panel) -> list[str]:
    """Tell of each instrument whether MACD has crossed its signal with the newest daily bar."""
    newest, before = panel.numbers["macd_histogram"], panel.numbers["macd_histogram_before"]
    up, down = (newest > 0) & (before <= 0), (newest < 0) & (before >= 0)
    undefined = np.isnan(newest) | np.isnan(before)
    words = np.select([undefined, up, down], ["", "UP", "DOWN"], "NONE")
    found: list[str] = words.tolist()
    return found


def _figures(instruments: list[Instrument]) -> tuple[dict[str, FloatArray], datetime | None]:
    rows = {
        row[0]: row
        for row in InstrumentFeatures.objects.values_list("pk", "computed_at", *_FIGURES)
    }
    empty = (None,) * len(_FIGURES)
    wanted = [rows[one.pk][2:] if one.pk in rows else empty for one in instruments]
    table = np.array(wanted, dtype=np.float64).reshape(-1, len(_FIGURES))
    return dict(zip(_FIGURES, table.T, strict=True)), min(
        (row[1] for row in rows.values()), default=None
    )


def _fundamentals(
    instruments: list[Instrument], *, since: datetime
) -> tuple[dict[str, FloatArray], dict[int, tuple[str, datetime]]]:
    rows = {
        pk: (told, (source, as_of))
        for pk, source, as_of, *told in CompanyFundamentals.objects.filter(
            as_of__gte=since
        ).values_list("pk", "source", "as_of", *FUNDAMENTALS)
    }
    empty = [None] * len(FUNDAMENTALS)
    wanted = [rows[one.pk][0] if one.pk in rows else empty for one in instruments]
    table = np.array(wanted, dtype=np.float64).reshape(-1, len(FUNDAMENTALS))
    companies = {pk: told_by for pk, (_, told_by) in rows.items()}
    return dict(zip(FUNDAMENTALS, table.T, strict=True)), companies


def _numbers(quotes: list[Quote], figures: dict[str, FloatArray]) -> dict[str, FloatArray]:
    price = np.array([float(quote.price) for quote in quotes])
    volume = np.array([float(quote.volume) for quote in quotes])
    numbers = {
        **figures,
        "price": price,
        "change_rate": np.array([quote.change_rate for quote in quotes]),
        "volume": volume,
        "value": price * volume,
        "volume_ratio": volume / figures["volume_20d"],
        "rsi": figures["rsi_14"],
        "volatility": figures["volatility_60d"],
        "atr_rate": figures["atr_14"] / price,
        "high_distance": price / np.maximum(figures["high_52w"], price) - 1,
        "low_distance": price / np.minimum(figures["low_52w"], price) - 1,
    }
    numbers |= {name: price / figures[past] - 1 for name, past in _RETURNS.items()}
    numbers |= {f"{name}_distance": price / figures[name] - 1 for name in _AVERAGES}
    return numbers


class _Kept:
    """One value, made anew by one caller at a time."""

    def __init__(self, make: Callable[[], Panel]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._panel: Panel | None = None
        self._made_at = 0.0

    def get(self, keep_s: float) -> Panel:
        panel = self._panel
        if panel is not None and monotonic() - self._made_at < keep_s:
            return panel
        # Who has something older takes that rather than wait, unless nothing may be kept.
        if not self._lock.acquire(blocking=panel is None or keep_s <= 0) and panel is not None:
            return panel
        try:
            if self._panel is None or monotonic() - self._made_at >= keep_s:
                self._panel, self._made_at = self._make(), monotonic()
            return self._panel
        finally:
            self._lock.release()


_kept = _Kept(panel_read)
