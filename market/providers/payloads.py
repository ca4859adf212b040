"""A fetched quote as JSON values, for the cache that all processes share."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from market.providers.base import ProviderQuote
from market.ticks import DayFigures

_PRICES = ("open", "high", "low", "base_price")


def quote_payload(quote: ProviderQuote) -> dict[str, object]:
    """Return what quote_from_payload reads."""
    day = {name: _text(getattr(quote.day, name)) for name in _PRICES}
    return {
        "symbol": quote.symbol,
        "price": str(quote.price),
        "bid": _text(quote.bid),
        "ask": _text(quote.ask),
        "day": {**day, "volume": quote.day.volume},
        "currency": quote.currency,
        "source": quote.source,
        "as_of": quote.as_of.isoformat(),
        "traded_at": None if quote.traded_at is None else quote.traded_at.isoformat(),
    }


def quote_from_payload(payload: Mapping[str, Any]) -> ProviderQuote:
    """Rebuild the quote that quote_payload wrote."""
    day, traded_at = payload["day"], payload["traded_at"]
    return ProviderQuote(
        symbol=payload["symbol"],
        price=Decimal(payload["price"]),
        day=DayFigures(day["volume"], **{name: _price(day[name]) for name in _PRICES}),
        currency=payload["currency"],
        source=payload["source"],
        as_of=datetime.fromisoformat(payload["as_of"]),
        bid=_price(payload["bid"]),
        ask=_price(payload["ask"]),
        traded_at=None if traded_at is None else datetime.fromisoformat(traded_at),
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _price(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
