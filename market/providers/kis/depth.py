"""The order books that KIS streams: only the newest of each symbol, never an older one."""

import threading
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from market.errors import ProviderAnswerError
from market.metrics import FEED_REFUSED
from market.providers import values
from market.providers.base import Asset
from market.providers.kis.parsing import NEW_YORK, SEOUL, SOURCE, levels
from market.providers.kis.provider import EXCHANGES
from market.ticks import CLOCK_SKEW_MAX
from market.types import OrderBook
from tradingplatform.services.external.kis.frames import BOOKS_KR, BOOKS_US
from tradingplatform.services.external.kis.registrations import Topic

BOOKS = frozenset({BOOKS_KR, BOOKS_US})
ASK_EVERY = timedelta(seconds=2)
AGAIN_AFTER = timedelta(seconds=20)
"""A book that stands is told again, so that it does not pass for one that nobody tells."""


def book_topic_of(asset: Asset) -> Topic:
    """Return what to register for the order book of an instrument."""
    if asset.exchange == "KRX":
        return BOOKS_KR, asset.symbol
    return BOOKS_US, f"D{EXCHANGES[asset.exchange]}{asset.symbol}"


def book_of(tr_id: str, record: Mapping[str, str], at: datetime) -> OrderBook:
    """Read ten levels of a Korean order book, one of a US book."""
    return _book_kr(record, at) if tr_id == BOOKS_KR else _book_us(record)


def _book_kr(record: Mapping[str, str], at: datetime) -> OrderBook:
    today = at.astimezone(SEOUL).date()
    return OrderBook(
        symbol=values.text(record, "MKSC_SHRN_ISCD", 16),
        asks=levels(record, "ASKP{}", "ASKP_RSQN{}"),
        bids=levels(record, "BIDP{}", "BIDP_RSQN{}"),
        source=SOURCE,
        as_of=values.instant(today, values.clock_time(record, "BSOP_HOUR"), SEOUL),
    )


def _book_us(record: Mapping[str, str]) -> OrderBook:
    on, told_at = values.day(record, "XYMD"), values.clock_time(record, "XHMS")
    return OrderBook(
        symbol=values.text(record, "SYMB", 16),
        asks=levels(record, "PASK{}", "VASK{}"),
        bids=levels(record, "PBID{}", "VBID{}"),
        source=SOURCE,
        as_of=values.instant(on, told_at, NEW_YORK),
    )


@dataclass(slots=True)
class _Told:
    """The newest book of one symbol; ``volume`` puts those of one second in order."""

    book: OrderBook
    volume: int
    handed_out_at: datetime | None = None

    @property
    def place(self) -> tuple[int, int]:
        """KIS tells whole seconds."""
        return int(self.book.as_of.timestamp()), self.volume


class KisDepth:
    """Order books between the threads that hear of them and the feed that tells them."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}
        self._asked: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def take(self, tr_id: str, record: Mapping[str, str], at: datetime) -> None:
        """Take one record of the stream; what cannot be right or is older is left out."""
        try:
            book = book_of(tr_id, record, at)
            volume = values.whole(record, "ACML_VOL") if tr_id == BOOKS_KR else 0
        except ProviderAnswerError:
            FEED_REFUSED.labels("unreadable").inc()
            return
        if abs(book.as_of - at) > CLOCK_SKEW_MAX:
            FEED_REFUSED.labels("clock_skew").inc()
        elif not self._keep_newest(_Told(book, volume)):
            FEED_REFUSED.labels("late").inc()

    def polled(self, book: OrderBook) -> None:
        """Take a book that was asked for, which tells no volume."""
        known = self._told.get(book.symbol)
        self._keep_newest(_Told(book, 0 if known is None else known.volume))

    def missing(self, symbols: Iterable[str], at: datetime) -> list[str]:
        """Return those without a book, each at most once in ``ASK_EVERY``."""
        due = at - ASK_EVERY
        with self._lock:
            found = [
                symbol
                for symbol in symbols
                if symbol not in self._told and self._asked.get(symbol, due) <= due
            ]
            self._asked |= dict.fromkeys(found[:1], at)
        return found[:1]

    def changed(self, at: datetime, is_live: Callable[[str], bool]) -> list[OrderBook]:
        """Hand out what is new, and what stands on a connection that lives."""
        found = []
        with self._lock:
            for symbol, told in self._told.items():
                last = told.handed_out_at
                if last is None or (at - last > AGAIN_AFTER and is_live(symbol)):
                    told.handed_out_at = at
                    found.append(told.book)
        return found

    def keep(self, symbols: Container[str]) -> None:
        """Forget the books that nobody follows any more."""
        with self._lock:
            self._told = {name: told for name, told in self._told.items() if name in symbols}

    def _keep_newest(self, told: _Told) -> bool:
        with self._lock:
            known = self._told.get(told.book.symbol)
            if known is not None and known.place > told.place:
                return False
            self._told[told.book.symbol] = told
            return True
