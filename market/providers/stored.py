"""What is stored here already as a source: the sample market, and bars imported from files."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from market import rules
from market.enums import ADJUSTED_SOURCES, Adjustment, Source, StoredInterval
from market.errors import CapabilityMissingError
from market.models import Bar
from market.providers.base import (
    Asset,
    BarsWanted,
    BaseProvider,
    Capability,
    ProviderBars,
    ProviderQuote,
)
from market.quotes import quotes_cached
from market.rollup import BarArrays
from market.ticks import DayFigures
from market.types import PRICE_UNIT
from tradingplatform import clock

_COLUMNS = ("opened_at", "open", "high", "low", "close", "volume", "generated_mask")


class StoredProvider(BaseProvider):
    """Bars of one origin from our own tables; ``as_of`` is the newest bar's day."""

    capabilities = frozenset({Capability.BARS})

    def __init__(self, source: Source) -> None:
        self.name = source.value

    def bars(self, asset: Asset, wanted: BarsWanted) -> ProviderBars:
        """Return stored bars of 1d or 1m as they are; the answer says how they are adjusted."""
        is_adjusted = self.name in ADJUSTED_SOURCES
        if wanted.interval not in StoredInterval.values or (
            wanted.adjustment is not Adjustment.RAW and not is_adjusted
        ):
            raise CapabilityMissingError(
                f"{self.name} has bars as stored, of 1d and 1m only.",
                provider=self.name,
                capability=Capability.BARS.value,
            )
        zone = (
            ZoneInfo("UTC")
            if wanted.interval == StoredInterval.DAY
            else rules.exchange_timezone(asset.exchange)
        )
        rows = Bar.objects.filter(
            instrument__symbol=asset.symbol,
            interval=wanted.interval,
            source=self.name,
            opened_at__gte=datetime.combine(wanted.start, time(), zone),
            opened_at__lt=datetime.combine(wanted.end + timedelta(days=1), time(), zone),
        ).order_by("opened_at")
        bars = _arrays(list(rows.values_list(*_COLUMNS)))
        newest = datetime.fromtimestamp(int(bars.times[-1]), UTC) if len(bars) else clock.now()
        return ProviderBars(
            symbol=asset.symbol,
            interval=wanted.interval,
            adjustment=Adjustment.ALL if is_adjusted else Adjustment.RAW,
            bars=bars,
            source=self.name,
            as_of=newest,
        )


class SampleMarketProvider(StoredProvider):
    """The sample market: its bars, and the quotes its feed tells; all labelled SAMPLE."""

    capabilities = frozenset({Capability.BARS, Capability.QUOTES})

    def __init__(self) -> None:
        super().__init__(Source.SAMPLE)

    def quotes(self, assets: Sequence[Asset]) -> dict[str, ProviderQuote]:
        """Return what the sample feed told last, with its age in ``as_of``."""
        told = quotes_cached(asset.symbol for asset in assets)
        return {
            symbol: ProviderQuote(
                symbol=symbol,
                price=quote.price,
                day=DayFigures(volume=quote.volume, base_price=quote.base_price),
                currency=quote.currency,
                source=self.name,
                as_of=quote.received_at,
                bid=quote.bid,
                ask=quote.ask,
                traded_at=quote.exchange_time,
            )
            for symbol, quote in told.items()
            if quote.source == self.name
        }


def _arrays(found: list[tuple[object, ...]]) -> BarArrays:
    table = [
        (int(opened.timestamp()), *(int(price * PRICE_UNIT) for price in prices), volume, mask)  # type: ignore[attr-defined,operator]
        for opened, *prices, volume, mask in found
    ]
    return BarArrays(*np.array(table, dtype=np.int64).reshape(-1, 7).T)
