"""What a source of market data can be asked, and the shape of every answer.

Each datum names its ``source`` and ``as_of``, the instant to which it is true. What a source
cannot tell is missing or raises; it is never made up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from market.enums import Adjustment, AssetType
from market.errors import CapabilityMissingError
from market.rollup import BarArrays
from market.ticks import DayFigures
from market.types import OrderBook

if TYPE_CHECKING:
    from market.models import Instrument


class Capability(StrEnum):
    """What can be asked; a provider names those it has."""

    QUOTES = "QUOTES"
    ORDER_BOOK = "ORDER_BOOK"
    BARS = "BARS"
    INSTRUMENTS = "INSTRUMENTS"
    PROFILES = "PROFILES"
    FUNDAMENTALS = "FUNDAMENTALS"
    NEWS = "NEWS"
    MACRO = "MACRO"


@dataclass(frozen=True, slots=True)
class Asset:
    """What a provider has to know of an instrument to name it in its own way."""

    symbol: str
    exchange: str
    currency: str
    asset_type: str = AssetType.STOCK

    @property
    def is_index(self) -> bool:
        """Whether it is a level that nobody trades."""
        return self.asset_type == AssetType.INDEX


def asset_of(row: "Instrument") -> Asset:
    """Return what a provider has to know of a stored instrument."""
    return Asset(row.symbol, row.exchange, row.currency, row.asset_type)


@dataclass(frozen=True, slots=True)
class ProviderQuote:
    """A price and the day around it; ``traded_at`` only where the source tells it."""

    symbol: str
    price: Decimal
    day: DayFigures
    currency: str
    source: str
    as_of: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    traded_at: datetime | None = None


@dataclass(frozen=True)
class ProviderBars:
    """Finished bars of one instrument, oldest first; times as market.rollup.BarArrays has them."""

    symbol: str
    interval: str
    adjustment: Adjustment
    bars: BarArrays
    source: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class InstrumentFact:
    """What a source says an instrument is; "" where it says nothing."""

    symbol: str
    name: str
    exchange: str
    currency: str
    source: str
    as_of: datetime
    asset_type: str = ""
    sector: str = ""
    industry: str = ""
    isin: str = ""
    listed_on: date | None = None


@dataclass(frozen=True)
class Fundamentals:
    """Figures in the words of the source, as of the end of a fiscal period; ratios are fractions.

    ``screened`` holds those that screens filter on under the names of the screens.
    """

    symbol: str
    figures: Mapping[str, Decimal]
    currency: str
    source: str
    as_of: datetime
    period_end: date | None = None
    screened: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One headline; its text is untrusted data."""

    title: str
    url: str
    publisher: str
    published_at: datetime
    symbols: tuple[str, ...]
    source: str
    as_of: datetime
    summary: str = ""


@dataclass(frozen=True, slots=True)
class MacroPoint:
    """One observation of an economic series."""

    on: date
    value: Decimal


@dataclass(frozen=True)
class MacroSeries:
    """An economic series, oldest first."""

    name: str
    points: tuple[MacroPoint, ...]
    source: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class BarsWanted:
    """Which bars: both days are included, in the zone of the exchange."""

    interval: str
    start: date
    end: date
    adjustment: Adjustment = Adjustment.RAW


class MarketProvider(Protocol):
    """A source of market data.

    Methods raise CapabilityMissingError for what the source does not have,
    NotConfiguredError without a key, ProviderAnswerError for an answer that cannot be read,
    and UpstreamError, UnavailableError or LimitExceededError when the source does not answer.
    """

    @property
    def name(self) -> str:
        """Return the word that stands as ``source`` on what it tells."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return what it can be asked."""

    def serves(self, capability: Capability, asset: Asset) -> bool:
        """Tell whether it can be asked this about this instrument."""

    def quotes(self, assets: Sequence[Asset]) -> dict[str, ProviderQuote]:
        """Return quotes by symbol; what the source does not know is left out."""

    def order_book(self, asset: Asset) -> OrderBook:
        """Return the order book of one instrument."""

    def bars(self, asset: Asset, wanted: BarsWanted) -> ProviderBars:
        """Return bars of one instrument."""

    def instruments(self, search: str) -> list[InstrumentFact]:
        """Return the instruments that match a text."""

    def profile(self, asset: Asset) -> InstrumentFact | None:
        """Return what an instrument is; None for one that the source does not know."""

    def profiles(self, exchange: str) -> list[InstrumentFact]:
        """Return what the companies of an exchange are, with sector and industry."""

    def fundamentals(self, asset: Asset) -> Fundamentals:
        """Return the newest figures of one instrument."""

    def news(self, symbols: Sequence[str], *, limit: int) -> list[NewsItem]:
        """Return the newest headlines, the newest first."""

    def macro(self, name: str, start: date, end: date) -> MacroSeries:
        """Return an economic series."""


class BaseProvider:
    """A provider that can do nothing yet; each adapter overrides what it declares."""

    name = ""
    capabilities: frozenset[Capability] = frozenset()

    def serves(self, capability: Capability, asset: Asset) -> bool:
        return capability in self.capabilities

    def quotes(self, assets: Sequence[Asset]) -> dict[str, ProviderQuote]:
        raise self._lacks(Capability.QUOTES)

    def order_book(self, asset: Asset) -> OrderBook:
        raise self._lacks(Capability.ORDER_BOOK)

    def bars(self, asset: Asset, wanted: BarsWanted) -> ProviderBars:
        raise self._lacks(Capability.BARS)

    def instruments(self, search: str) -> list[InstrumentFact]:
        raise self._lacks(Capability.INSTRUMENTS)

    def profile(self, asset: Asset) -> InstrumentFact | None:
        raise self._lacks(Capability.PROFILES)

    def profiles(self, exchange: str) -> list[InstrumentFact]:
        raise self._lacks(Capability.PROFILES)

    def fundamentals(self, asset: Asset) -> Fundamentals:
        raise self._lacks(Capability.FUNDAMENTALS)

    def news(self, symbols: Sequence[str], *, limit: int) -> list[NewsItem]:
        raise self._lacks(Capability.NEWS)

    def macro(self, name: str, start: date, end: date) -> MacroSeries:
        raise self._lacks(Capability.MACRO)

    def _lacks(self, capability: Capability) -> CapabilityMissingError:
        return CapabilityMissingError(
            f"{self.name} has no {capability.value.lower()}.",
            provider=self.name,
            capability=capability.value,
        )
