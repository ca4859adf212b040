"""Ask the sources in the operator's order; an answer names the one that gave it.

A source that is not set up or lacks the capability is passed over. One that fails gives way to
the next real one. The sample market stands only where no real source is set up: it never
replaces one that failed.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TypeVar

from django.conf import settings

from market.enums import Source
from market.errors import CapabilityMissingError
from market.providers.base import (
    Asset,
    BarsWanted,
    Capability,
    Fundamentals,
    InstrumentFact,
    MacroSeries,
    MarketProvider,
    NewsItem,
    ProviderBars,
    ProviderQuote,
)
from market.providers.coalescing import Coalescer
from market.providers.fmp.provider import FmpProvider
from market.providers.kis.provider import KisProvider
from market.providers.payloads import quote_from_payload, quote_payload
from market.providers.stored import SampleMarketProvider, StoredProvider
from market.providers.yfinance import YfinanceProvider
from market.types import OrderBook
from tradingplatform.errors import (
    LimitExceededError,
    NotConfiguredError,
    TradingPlatformError,
    UnavailableError,
    UpstreamError,
)
from tradingplatform.services import services

logger = logging.getLogger(__name__)
T = TypeVar("T")

FRESH_S = 1.0
"""So long a fetched quote serves everybody who asks for the same."""
FAILURES = (UpstreamError, UnavailableError, LimitExceededError)

FACTORIES: dict[str, Callable[[], MarketProvider]] = {
    "KIS": lambda: KisProvider(services.external.kis()),
    "FMP": lambda: FmpProvider(services.external.fmp()),
    "CSV": lambda: StoredProvider(Source.CSV),
    "CSV_ADJ": lambda: StoredProvider(Source.CSV_ADJUSTED),
    "SAMPLE": SampleMarketProvider,
    "YFINANCE": YfinanceProvider,
}

_flights: Coalescer[Asset, ProviderQuote] = Coalescer()


def quotes_fetch(assets: Sequence[Asset]) -> dict[str, ProviderQuote]:
    """Return quotes by symbol from the first source that tells each; unknown ones are absent.

    The same quote asked for by many at once is fetched once. Raises CapabilityMissingError
    when no source is set up, and the first failure when every source failed.
    """
    found = _flights.get(assets, _quotes)
    return {asset.symbol: quote for asset, quote in found.items()}


def order_book_fetch(asset: Asset) -> OrderBook:
    """Return an order book; raises as bars_fetch does."""
    return _first(Capability.ORDER_BOOK, asset, lambda source: source.order_book(asset))


def bars_fetch(asset: Asset, wanted: BarsWanted) -> ProviderBars:
    """Return bars from the first source that has any.

    Raises CapabilityMissingError when no source can tell, and the first failure of a source
    when none answered.
    """
    return _first(Capability.BARS, asset, lambda source: source.bars(asset, wanted))


def fundamentals_fetch(asset: Asset) -> Fundamentals:
    """Return the figures of a company; raises as bars_fetch does."""
    return _first(Capability.FUNDAMENTALS, asset, lambda source: source.fundamentals(asset))


def instruments_fetch(search: str) -> list[InstrumentFact]:
    """Return what the first source knows under a text; raises as bars_fetch does."""
    return _first(Capability.INSTRUMENTS, None, lambda source: source.instruments(search))


def profiles_fetch(asset: Asset) -> list[InstrumentFact]:
    """Return what the companies of an asset's exchange are; raises as bars_fetch does."""
    return _first(Capability.PROFILES, asset, lambda source: source.profiles(asset.exchange))


def profile_fetch(asset: Asset) -> InstrumentFact | None:
    """Return what an instrument is, None where no source knows; raises as bars_fetch does."""
    found = _first(Capability.PROFILES, asset, lambda source: _listed(source.profile(asset)))
    return next(iter(found), None)


def news_fetch(assets: Sequence[Asset], *, limit: int = 20) -> list[NewsItem]:
    """Return headlines from the first source that has any; raises as bars_fetch does."""

    def ask(source: MarketProvider) -> list[NewsItem]:
        served = [one.symbol for one in assets if source.serves(Capability.NEWS, one)]
        return source.news(served, limit=limit) if served else []

    return _first(Capability.NEWS, None, ask)


def macro_fetch(name: str, start: date, end: date) -> MacroSeries:
    """Return an economic series; raises as bars_fetch does."""
    return _first(Capability.MACRO, None, lambda source: source.macro(name, start, end))


def providers_of(capability: Capability, asset: Asset | None) -> Iterator[MarketProvider]:
    """Yield the sources that can be asked, in order; SAMPLE only if there is no other."""
    is_served = False
    for name in settings.MARKET_PROVIDERS:
        if name == Source.SAMPLE and is_served:
            continue
        try:
            source = FACTORIES[name]()
        except NotConfiguredError:
            continue
        if capability in source.capabilities and (
            asset is None or source.serves(capability, asset)
        ):
            is_served = is_served or _is_outside(name)
            yield source


def _first(capability: Capability, asset: Asset | None, ask: Callable[[MarketProvider], T]) -> T:
    failure: TradingPlatformError | None = None
    nothing: T | None = None
    for source in providers_of(capability, asset):
        try:
            answer = ask(source)
        except NotConfiguredError:
            continue
        except FAILURES as exc:
            failure = failure or exc
            logger.warning(
                "A source of market data failed",
                extra={"provider": source.name, "capability": capability.value, "code": exc.code},
            )
            continue
        if not _is_empty(answer):
            return answer
        nothing = answer if nothing is None else nothing
    if failure is not None:
        raise failure
    if nothing is not None:
        return nothing
    raise _missing(capability)


def _quotes(assets: list[Asset]) -> dict[Asset, ProviderQuote]:
    found = _remembered(assets)
    missing = [asset for asset in assets if asset not in found]
    failure: TradingPlatformError | None = None
    asked = bool(found)
    for name in settings.MARKET_PROVIDERS:
        told, error, was_asked = _quotes_of(name, missing)
        asked, failure = asked or was_asked, failure or error
        found |= told
        missing = [asset for asset in missing if asset not in told]
    if missing and failure is not None and not found:
        raise failure
    if missing and not asked:
        raise _missing(Capability.QUOTES)
    return found


def _quotes_of(
    name: str, assets: Sequence[Asset]
) -> tuple[dict[Asset, ProviderQuote], TradingPlatformError | None, bool]:
    """Ask one source for what it serves; return what it told, its failure, and if it was asked."""
    served = [asset for asset in assets if _is_source_of(name, asset)]
    if not served:
        return {}, None, False
    try:
        told = FACTORIES[name]().quotes(served)
    except NotConfiguredError:
        return {}, None, False
    except FAILURES as exc:
        return {}, exc, True
    found = {asset: told[asset.symbol] for asset in served if asset.symbol in told}
    if _is_outside(name):
        _keep(found)
    return found, None, True


def _remembered(assets: Sequence[Asset]) -> dict[Asset, ProviderQuote]:
    keys = {_key(asset): asset for asset in assets}
    kept = services.cache.get_many(keys)
    return {keys[key]: quote_from_payload(payload) for key, payload in kept.items()}


def _keep(found: dict[Asset, ProviderQuote]) -> None:
    payloads = {_key(asset): quote_payload(quote) for asset, quote in found.items()}
    services.cache.set_many(payloads, FRESH_S)


def _key(asset: Asset) -> str:
    return f"fetched-quote:{asset.exchange}:{asset.symbol}"


def _is_source_of(name: str, asset: Asset) -> bool:
    return any(source.name == name for source in providers_of(Capability.QUOTES, asset))


def _is_outside(name: str) -> bool:
    return name not in (Source.CSV, Source.CSV_ADJUSTED, Source.SAMPLE)


def _listed(fact: InstrumentFact | None) -> list[InstrumentFact]:
    return [] if fact is None else [fact]


def _is_empty(answer: object) -> bool:
    if isinstance(answer, ProviderBars):
        return not len(answer.bars)
    return isinstance(answer, list) and not answer


def _missing(capability: Capability) -> CapabilityMissingError:
    return CapabilityMissingError(
        f"No configured source of market data has {capability.value.lower()} for this.",
        capability=capability.value,
    )
