"""Yahoo's prices through the optional package yfinance, which no key is needed for.

Only when the operator names YFINANCE in MARKET_PROVIDERS; the package is not installed by
default (``bin/setup base yfinance``), and Yahoo promises nothing about these figures.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from market import rules
from market.enums import Adjustment
from market.errors import CapabilityMissingError
from market.providers import values
from market.providers.base import (
    Asset,
    BarsWanted,
    BaseProvider,
    Capability,
    ProviderBars,
    ProviderQuote,
)
from market.ticks import DayFigures
from tradingplatform import clock
from tradingplatform.errors import NotConfiguredError, UpstreamError

SOURCE = "YFINANCE"
_SUFFIXES = {"KRX": ".KS", "NASDAQ": "", "NYSE": "", "AMEX": ""}
_QUOTED = ("lastPrice", "lastVolume", "open", "dayHigh", "dayLow", "previousClose")
_COLUMNS = ("Open", "High", "Low", "Close", "Volume")


class YfinanceProvider(BaseProvider):
    """Quotes and daily bars; split-adjusted, as Yahoo tells them."""

    name = SOURCE
    capabilities = frozenset({Capability.QUOTES, Capability.BARS})

    def __init__(self) -> None:
        # Looking is cheap; the package brings pandas and is loaded by who really asks.
        if find_spec("yfinance") is None:
            msg = "YFINANCE is in MARKET_PROVIDERS, but the package yfinance is not installed."
            raise NotConfiguredError(msg, provider=SOURCE)

    def serves(self, capability: Capability, asset: Asset) -> bool:
        is_listed = asset.exchange in _SUFFIXES and not asset.is_index
        return is_listed and capability in self.capabilities

    def quotes(self, assets: Sequence[Asset]) -> dict[str, ProviderQuote]:
        return {asset.symbol: self._quote(asset) for asset in assets}

    def bars(self, asset: Asset, wanted: BarsWanted) -> ProviderBars:
        """Return finished daily bars, split-adjusted."""
        if wanted.interval != "1d" or wanted.adjustment is not Adjustment.SPLIT:
            raise CapabilityMissingError(
                "YFINANCE has split-adjusted daily bars only.",
                provider=SOURCE,
                capability=Capability.BARS.value,
            )
        asked_at = clock.now()
        table = self._ask(
            lambda: self._ticker(asset).history(
                start=wanted.start.isoformat(),
                end=(wanted.end + timedelta(days=1)).isoformat(),
                interval="1d",
                auto_adjust=False,
            )
        )
        told = [
            _bar(opened, dict(zip(_COLUMNS, row, strict=True)))
            for opened, row in zip(table.index, table[list(_COLUMNS)].to_numpy(), strict=True)
        ]
        over = values.finished(told, "1d", rules.exchange_timezone(asset.exchange), asked_at)
        return ProviderBars(
            symbol=asset.symbol,
            interval="1d",
            adjustment=Adjustment.SPLIT,
            bars=values.bar_arrays(over),
            source=SOURCE,
            as_of=asked_at,
        )

    def _quote(self, asset: Asset) -> ProviderQuote:
        told = self._ask(lambda: _picked(self._ticker(asset).fast_info))
        return ProviderQuote(
            symbol=asset.symbol,
            price=values.price(told, "lastPrice"),
            day=DayFigures(
                volume=values.whole(told, "lastVolume"),
                open=values.price_or_none(told, "open"),
                high=values.price_or_none(told, "dayHigh"),
                low=values.price_or_none(told, "dayLow"),
                base_price=values.price_or_none(told, "previousClose"),
            ),
            currency=asset.currency,
            source=SOURCE,
            as_of=clock.now(),
        )

    def _ticker(self, asset: Asset) -> Any:
        return import_module("yfinance").Ticker(asset.symbol + _SUFFIXES[asset.exchange])

    def _ask(self, question: Any) -> Any:
        try:
            return question()
        except Exception as exc:
            # The package documents no errors of its own: whatever it raises, Yahoo said nothing.
            msg = f"YFINANCE failed: {type(exc).__name__}."
            raise UpstreamError(msg, provider=SOURCE) from exc


def _picked(info: Any) -> dict[str, Any]:
    """Return what a quote is made of: the package asks Yahoo for each figure that is read."""
    return {name: info.get(name) for name in _QUOTED}


def _bar(opened: Any, row: dict[str, Any]) -> values.BarFigures:
    day = opened.date()
    at = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    opened_price, high, low, close = (
        values.price({name: float(row[name])}, name) for name in _COLUMNS[:4]
    )
    return at, opened_price, high, low, close, values.whole({"v": float(row["Volume"])}, "v")
