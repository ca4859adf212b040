"""FMP through its stable REST interface: US quotes, bars, companies, news and macro series."""

from collections.abc import Sequence
from datetime import date

from market.enums import Adjustment
from market.errors import CapabilityMissingError, SymbolUnknownError
from market.providers import values
from market.providers.base import (
    Asset,
    BarsWanted,
    BaseProvider,
    Capability,
    Fundamentals,
    InstrumentFact,
    MacroSeries,
    NewsItem,
    ProviderBars,
    ProviderQuote,
)
from market.providers.fmp import parsing
from tradingplatform import clock
from tradingplatform.services.external.client import Patience
from tradingplatform.services.external.fmp import FmpSession

US_EXCHANGES = frozenset({"NASDAQ", "NYSE", "AMEX"})
BATCH_SYMBOLS = 100
SCREENED_MAX = 10_000
"""More than any exchange lists."""
LOOKED_AT = Patience(share=0.4)
"""What people look at may use so much of a plan's calls; back-fill keeps the rest."""
_ABOUT_ASSETS = frozenset({Capability.QUOTES, Capability.BARS, Capability.FUNDAMENTALS})


class FmpProvider(BaseProvider):
    """The operator's key as a source; it knows US stocks only."""

    name = parsing.SOURCE
    capabilities = _ABOUT_ASSETS | {
        Capability.INSTRUMENTS,
        Capability.PROFILES,
        Capability.NEWS,
        Capability.MACRO,
    }

    def __init__(self, session: FmpSession) -> None:
        self._session = session

    def serves(self, capability: Capability, asset: Asset) -> bool:
        is_listed = asset.exchange in US_EXCHANGES and not asset.is_index
        return is_listed and capability in self.capabilities

    def quotes(self, assets: Sequence[Asset]) -> dict[str, ProviderQuote]:
        """Return quotes, as many symbols in one call as FMP takes."""
        found: dict[str, ProviderQuote] = {}
        for first in range(0, len(assets), BATCH_SYMBOLS):
            part = assets[first : first + BATCH_SYMBOLS]
            symbols = ",".join(parsing.to_fmp(asset.symbol) for asset in part)
            if len(part) == 1:
                body = self._get("quote", {"symbol": symbols})
            else:
                body = self._get("batch-quote", {"symbols": symbols})
            found |= parsing.quotes(body, part, clock.now())
        return found

    def bars(self, asset: Asset, wanted: BarsWanted) -> ProviderBars:
        """Return finished bars of 1d (raw or split-adjusted) or 1m (split-adjusted)."""
        asked_at = clock.now()
        span = {
            "symbol": parsing.to_fmp(asset.symbol),
            "from": wanted.start.isoformat(),
            "to": wanted.end.isoformat(),
        }
        is_raw = wanted.adjustment is Adjustment.RAW
        if wanted.interval == "1d":
            path = "non-split-adjusted" if is_raw else "full"
            names = parsing.UNADJUSTED if is_raw else parsing.SPLIT_ADJUSTED
            told = parsing.daily_bars(self._get(f"historical-price-eod/{path}", span), names)
        elif wanted.interval == "1m" and not is_raw:
            told = parsing.minute_bars(self._get("historical-chart/1min", span))
        else:
            raise CapabilityMissingError(
                f"FMP has no {wanted.adjustment.value.lower()} bars of {wanted.interval}.",
                provider=self.name,
                capability=Capability.BARS.value,
            )
        over = values.finished(told, wanted.interval, parsing.NEW_YORK, asked_at)
        return ProviderBars(
            symbol=asset.symbol,
            interval=wanted.interval,
            adjustment=wanted.adjustment,
            bars=values.bar_arrays(over),
            source=self.name,
            as_of=asked_at,
        )

    def instruments(self, search: str) -> list[InstrumentFact]:
        body = self._get("search-symbol", {"query": parsing.to_fmp(search)})
        return parsing.instruments(body, clock.now())

    def profile(self, asset: Asset) -> InstrumentFact | None:
        found = parsing.profiles(
            self._get("profile", {"symbol": parsing.to_fmp(asset.symbol)}), clock.now()
        )
        return next(iter(found), None)

    def profiles(self, exchange: str) -> list[InstrumentFact]:
        """Return the companies of a US exchange that trade, as one call tells them."""
        asked = {"exchange": exchange, "isActivelyTrading": "true", "limit": str(SCREENED_MAX)}
        return parsing.profiles(self._get("company-screener", asked), clock.now())

    def fundamentals(self, asset: Asset) -> Fundamentals:
        """Return trailing ratios, key metrics and the last income statement as one."""
        symbol = parsing.to_fmp(asset.symbol)
        bodies = [
            self._get("ratios-ttm", {"symbol": symbol}, LOOKED_AT),
            self._get("key-metrics-ttm", {"symbol": symbol}, LOOKED_AT),
            self._get("income-statement", {"symbol": symbol, "limit": "1"}, LOOKED_AT),
        ]
        found = parsing.fundamentals(bodies, asset, clock.now())
        if found is None:
            raise SymbolUnknownError(f"FMP knows no figures of {asset.symbol}.")
        return found

    def news(self, symbols: Sequence[str], *, limit: int) -> list[NewsItem]:
        told_as = ",".join(parsing.to_fmp(symbol) for symbol in symbols)
        params = {"symbols": told_as, "limit": str(limit), "page": "0"}
        return parsing.news(self._get("news/stock", params, LOOKED_AT), clock.now())

    def macro(self, name: str, start: date, end: date) -> MacroSeries:
        params = {"name": name, "from": start.isoformat(), "to": end.isoformat()}
        points = parsing.macro(self._get("economic-indicators", params))
        return MacroSeries(name, points, self.name, clock.now())

    def _get(self, path: str, params: dict[str, str], patience: Patience | None = None) -> object:
        answer: object = self._session.get(f"/stable/{path}", params, patience=patience)
        return answer
