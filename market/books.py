"""Where the newest order books live between the feed and the sockets: the cache and the bus."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from market.endings import stream_end
from market.types import OrderBook
from tradingplatform.services import services

BOOK_CHANNEL_PREFIX = "book:"
BOOK_TTL_S = 60
"""An order book that nobody has told again for so long is no order book any more."""


def books_tell(books: Sequence[tuple[OrderBook, int]], *, epoch: str, now: datetime) -> None:
    """Keep numbered order books and tell the sockets of every process; encoded once, here.

    Raises UnavailableError when the bus is out of reach; the order books are kept all the same.
    """
    frames = {book.symbol: book_frame(book, epoch=epoch, seq=seq, now=now) for book, seq in books}
    services.cache.set_many({_key(symbol): frame for symbol, frame in frames.items()}, BOOK_TTL_S)
    services.websocket.publish_many(
        (book_channel(symbol), orjson.dumps(frame)) for symbol, frame in frames.items()
    )


def books_cached(symbols: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the frames of the newest order books, by symbol; none where none was told lately."""
    keys = {_key(symbol): symbol for symbol in symbols}
    return {keys[key]: frame for key, frame in services.cache.get_many(keys).items()}


def books_end(symbol: str, new_symbol: str) -> None:
    """Forget the book of a former symbol, and tell its followers where the instrument is."""
    services.cache.delete(_key(symbol))
    stream_end(book_channel(symbol), symbol, new_symbol)


def book_channel(symbol: str) -> str:
    """Return the bus channel, which is also the stream name, of one symbol's order book."""
    return f"{BOOK_CHANNEL_PREFIX}{symbol}"


def book_frame(book: OrderBook, *, epoch: str, seq: int, now: datetime) -> dict[str, object]:
    """Return the server frame of an order book (api.md section 5)."""
    return {
        "type": "book",
        "stream": book_channel(book.symbol),
        "epoch": epoch,
        "seq": seq,
        "ts": now.isoformat(),
        "data": book.as_payload(),
    }


def _key(symbol: str) -> str:
    return f"book:{symbol}"
