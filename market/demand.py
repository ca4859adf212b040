"""Which symbols do people look at now? Each process says so; the live feed follows.

A source with few places (KIS) is asked for these only. Soft: what is not said again within a
minute is wanted no more.
"""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from market.books import BOOK_CHANNEL_PREFIX
from market.quotes import QUOTE_CHANNEL_PREFIX
from tradingplatform import clock
from tradingplatform.services.audience import audience_counts, audience_tell

NOTED_S = 60.0
TELL_EVERY_S = 2.0
SYMBOLS_MAX = 5_000
PART = "quotes"

_lock = threading.Lock()
_noted: dict[str, float] = {}
_told_at = float("-inf")


def demand_note(symbols: Iterable[str], *, for_s: float = NOTED_S) -> None:
    """Say that this process wants quotes of these symbols for a while."""
    global _told_at  # noqa: PLW0603 - one table per process
    if settings.MARKET_FEED == "sample":
        return
    symbols, at = list(symbols), clock.monotonic()
    with _lock:
        is_news = any(_noted.get(symbol, at) <= at for symbol in symbols)
        _noted.update(dict.fromkeys(symbols, at + for_s))
        for symbol in [symbol for symbol, until in _noted.items() if until <= at]:
            del _noted[symbol]
        if not is_news and at - _told_at < TELL_EVERY_S:
            return
        _told_at = at
        counts = dict.fromkeys(list(_noted)[:SYMBOLS_MAX], 1)
    audience_tell(PART, counts, for_s=for_s)


@dataclass(frozen=True, slots=True)
class Demand:
    """How many sockets and processes want what of each symbol."""

    quotes: dict[str, int]
    books: dict[str, int]


def demand_wanted() -> Demand:
    """Return what is wanted now; who follows an order book wants its quote too."""
    quotes: Counter[str] = Counter()
    books: Counter[str] = Counter()
    for name, count in audience_counts().items():
        symbol = name.removeprefix(BOOK_CHANNEL_PREFIX)
        if symbol != name:
            books[symbol] += count
        quotes[symbol.removeprefix(QUOTE_CHANNEL_PREFIX)] += count
    return Demand(dict(quotes), dict(books))


def demand_forget() -> None:
    """Forget what this process has noted; for tests."""
    global _told_at  # noqa: PLW0603 - as above
    with _lock:
        _noted.clear()
        _told_at = float("-inf")
