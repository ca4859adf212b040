"""Where the newest quotes live between the feed and everybody else: the cache and the bus."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import orjson

from market.endings import stream_end
from market.freshness import quote_payload
from market.types import Quote
from tradingplatform.services import services

QUOTE_CHANNEL_PREFIX = "market:"
QUOTE_TTL_S = 7 * 24 * 3600
"""Long enough for a holiday week; how old a quote is, its age says."""


def quotes_tell(quotes: Sequence[Quote], now: datetime) -> None:
    """Keep the newest quotes and tell the sockets of every process; encoded once, here.

    Raises UnavailableError when the bus is out of reach; the quotes are kept all the same.
    """
    payloads = {quote.symbol: quote_payload(quote, now) for quote in quotes}
    _keep(payloads)
    services.websocket.publish_many(
        (quote_channel(quote.symbol), orjson.dumps(_frame(quote, payloads[quote.symbol], now)))
        for quote in quotes
    )


def quotes_cached(symbols: Iterable[str]) -> dict[str, Quote]:
    """Return the quotes the feed has told, by symbol; absent ones are left out."""
    keys = {_key(symbol): symbol for symbol in symbols}
    found = services.cache.get_many(keys)
    return {keys[key]: Quote.from_payload(payload) for key, payload in found.items()}


def quotes_forget(symbols: Iterable[str]) -> None:
    """Keep no quote of these symbols any longer."""
    for symbol in symbols:
        services.cache.delete(_key(symbol))


def quotes_end(symbol: str, new_symbol: str) -> None:
    """Forget the quote of a former symbol, and tell its followers where the instrument is."""
    quotes_forget([symbol])
    stream_end(quote_channel(symbol), symbol, new_symbol)


def quote_channel(symbol: str) -> str:
    """Return the bus channel, which is also the stream name, of one symbol."""
    return f"{QUOTE_CHANNEL_PREFIX}{symbol}"


def quote_frame(quote: Quote, now: datetime) -> dict[str, object]:
    """Return the server frame of a quote (api.md section 5)."""
    return _frame(quote, quote_payload(quote, now), now)


def change_of(price: Decimal, base_price: Decimal) -> tuple[Decimal, float]:
    """Return the change against the base price, absolute and as a fraction."""
    change = price - base_price
    return change, round(float(change / base_price), 6) if base_price else 0.0


def _keep(payloads: dict[str, dict[str, object]]) -> None:
    services.cache.set_many(
        {_key(symbol): payload for symbol, payload in payloads.items()}, QUOTE_TTL_S
    )


def _frame(quote: Quote, payload: dict[str, object], now: datetime) -> dict[str, object]:
    return {
        "type": "market",
        "stream": quote_channel(quote.symbol),
        "epoch": quote.epoch,
        "seq": quote.seq,
        "ts": now.isoformat(),
        "data": payload,
    }


def _key(symbol: str) -> str:
    return f"quote:{symbol}"
