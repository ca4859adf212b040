"""KIS as a live source for the feed: streamed trades, polled snapshots, and honest silence."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import connections

from market import hours, rules, trading_days
from market.demand import Demand, demand_wanted
from market.errors import ProviderAnswerError
from market.feed import Line
from market.metrics import FEED_REFUSED
from market.models import Instrument
from market.providers.base import Asset, ProviderQuote, asset_of
from market.providers.kis import parsing
from market.providers.kis.depth import BOOKS, KisDepth, book_topic_of
from market.providers.kis.poller import KisPoller
from market.providers.kis.provider import EXCHANGES, KisProvider
from market.providers.kis.stream import snapshot_of, topic_of, trade_of
from market.ticks import Tick
from market.types import OrderBook
from tradingplatform.clock import now
from tradingplatform.errors import InvariantError
from tradingplatform.services import services
from tradingplatform.services.external.kis.frames import Record
from tradingplatform.services.external.kis.multiplexer import (
    FEED_STATE_KEY,
    FEED_STATE_TTL_S,
    KisMultiplexer,
)
from tradingplatform.services.external.kis.pool import KisPool
from tradingplatform.services.external.kis.registrations import Topic
from tradingplatform.services.external.metrics import POLLED

logger = logging.getLogger(__name__)

DEMAND_EVERY_S = 1.0
VOUCH_S = 3.0
"""A connection that was heard so lately would have told a trade."""
INBOX_TICKS = 200_000


class KisTickSource:
    """A TickProvider whose ticks come from threads of its own."""

    def __init__(self, pool: KisPool) -> None:
        calls = min(session.client.budget.windows[0].calls for session in pool.sessions)
        self._mux = KisMultiplexer(pool.sessions, self._take)
        self._poller = KisPoller(
            KisProvider(pool),
            spare=calls // 4,
            told=self._told,
            book_told=self._book_told,
            is_streamed=self._is_streamed,
        )
        self._depth = KisDepth()
        self._followed: frozenset[str] = frozenset()
        self._reconnects = 0
        self._inbox: deque[Tick] = deque(maxlen=INBOX_TICKS)
        self._new_lines: deque[Line] = deque()
        self._instruments: dict[str, tuple[int, Asset]] = {}
        self._known: set[str] = set()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)
            for name, work in (("kis-demand", self._follow), ("kis-poller", self._poll))
        ]

    def start(self) -> "KisTickSource":
        """Open the connections and begin to ask."""
        self._mux.start()
        for thread in self._threads:
            thread.start()
        return self

    def close(self) -> None:
        """End all threads and connections."""
        self._stop.set()
        self._mux.close()
        for thread in self._threads:
            thread.join(10)

    def lines_new(self) -> Iterator[Line]:
        """Hand out the lines of symbols whose first quote has come."""
        while self._new_lines:
            yield self._new_lines.popleft()

    def ticks(self, at: datetime, elapsed_s: float) -> Iterable[Tick]:
        """Hand out what has come in since the last step."""
        if not (self._mux.is_running() and all(thread.is_alive() for thread in self._threads)):
            msg = "a thread of the KIS source has ended"
            raise InvariantError(msg)
        for _ in range(len(self._inbox)):
            yield self._inbox.popleft()

    def vouched(self, symbols: Sequence[str], at: datetime) -> list[str]:
        """Return the symbols whose connection was heard a moment ago: they have not traded.

        That says nothing of the time before the registration: after a loss a symbol has to be
        asked for first, and its answer to be taken in.
        """
        found = [symbol for symbol in symbols if self._is_vouched(symbol)]
        # An answer is put here before it counts, on another thread.
        waiting = {tick.symbol for tick in list(self._inbox)}
        return [symbol for symbol in found if symbol not in waiting]

    def _is_vouched(self, symbol: str) -> bool:
        known = self._instruments.get(symbol)
        if known is None:
            return False
        since = self._mux.live_since(topic_of(known[1]), within_s=VOUCH_S)
        return since is not None and self._poller.was_asked_since(symbol, since)

    def books(self, at: datetime) -> Iterable[OrderBook]:
        """Hand out the order books that somebody follows, where they changed."""
        return self._depth.changed(at, self._is_book_live)

    def symbols_of(self, exchange: str) -> list[str]:
        """Return nothing: the exchange sets the base prices of a session, not the feed."""
        return []

    def session_start(self, exchange: str, on: date, base_prices: Sequence[Decimal]) -> None:
        """Do nothing: KIS knows its sessions."""

    def _guarded(self, work: Callable[[], float]) -> None:
        try:
            while not self._stop.is_set():
                pause_s = 1.0
                try:
                    pause_s = work()
                except Exception:
                    # A thread that ended would leave every symbol without word.
                    connections.close_all()
                    logger.exception("A thread of the KIS source failed and goes on")
                self._stop.wait(pause_s)
        finally:
            connections.close_all()

    def _poll(self) -> float:
        for symbol in self._depth.missing(self._askable(), now()):
            self._poller.book_ask(self._instruments[symbol][1])
        return self._poller.step()

    def _askable(self) -> list[str]:
        """Return the followed symbols but those whose registration is under way.

        What is asked for before KIS has confirmed it could change unseen.
        """
        topics = {
            symbol: book_topic_of(self._instruments[symbol][1])
            for symbol in self._followed
            if symbol in self._instruments
        }
        return [
            symbol
            for symbol, topic in topics.items()
            if not self._mux.is_seated(topic) or self._mux.is_live(topic, within_s=float("inf"))
        ]

    def _books_forget(self) -> None:
        """Forget what nobody follows, and what may have changed while a connection was lost."""
        reconnects = self._mux.reconnects
        self._depth.keep(self._followed if reconnects == self._reconnects else ())
        self._reconnects = reconnects

    def _follow(self) -> float:
        """Take up what is wanted now; register only what has had its first quote."""
        wanted = demand_wanted()
        self._look_up([symbol for symbol in wanted.quotes if symbol not in self._instruments])
        assets = {
            symbol: self._instruments[symbol][1]
            for symbol in wanted.quotes
            if symbol in self._instruments
        }
        self._followed = frozenset(wanted.books)
        self._books_forget()
        self._poller.watch(assets.values())
        self._mux.follow(
            topics_of(
                {symbol: assets[symbol] for symbol in assets if symbol in self._known}, wanted
            )
        )
        self._tell_state(len(assets))
        return DEMAND_EVERY_S

    def _look_up(self, symbols: Sequence[str]) -> None:
        if not symbols:
            return
        rows = Instrument.objects.active().filter(
            symbol__in=symbols, exchange__in=["KRX", *EXCHANGES]
        )
        for row in rows:
            asset = asset_of(row)
            if KisProvider.tells(asset):
                self._instruments[row.symbol] = (row.pk, asset)
        connections.close_all()

    def _take(self, tr_id: str, records: list[Record]) -> None:
        if tr_id in BOOKS:
            at = now()
            for record in records:
                self._depth.take(tr_id, record, at)
            return
        for record in records:
            try:
                tick = trade_of(tr_id, record, now())
            except ProviderAnswerError:
                FEED_REFUSED.labels("unreadable").inc()
                continue
            self._poller.heard(tick.symbol)
            self._inbox.append(tick)

    def _told(self, quote: ProviderQuote) -> None:
        pk, asset = self._instruments[quote.symbol]
        at = stands_since(asset.exchange, quote.as_of)
        if quote.symbol not in self._known:
            self._new_lines.append(line_of(pk, asset, quote, at))
            self._known.add(quote.symbol)
        self._inbox.append(snapshot_of(quote, at))

    def _book_told(self, book: OrderBook) -> None:
        if book.symbol in self._followed:
            self._depth.polled(book)

    def _is_book_live(self, symbol: str) -> bool:
        known = self._instruments.get(symbol)
        return known is not None and self._mux.is_live(book_topic_of(known[1]), within_s=VOUCH_S)

    def _is_streamed(self, asset: Asset) -> bool:
        return self._mux.is_live(topic_of(asset), within_s=float("inf"))

    def _tell_state(self, wanted: int) -> None:
        polled = self._poller.polled()
        POLLED.set(polled)
        state = {
            "wanted": wanted,
            "polled": polled,
            "evictions": self._mux.evictions,
            "connections": self._mux.states(),
        }
        services.cache.set(FEED_STATE_KEY, state, FEED_STATE_TTL_S)


def topics_of(assets: Mapping[str, Asset], wanted: Demand) -> dict[Topic, int]:
    """Return what to register, by how many want it.

    Trades weigh twice as much as an order book: where places are few, a book gives way to the
    trades of a symbol that as many follow.
    """
    trades = {topic_of(asset): 2 * wanted.quotes[symbol] for symbol, asset in assets.items()}
    books = {
        book_topic_of(assets[symbol]): count
        for symbol, count in wanted.books.items()
        if symbol in assets
    }
    return trades | books


def stands_since(exchange: str, at: datetime) -> datetime:
    """Return the last instant up to ``at`` at which the exchange traded.

    KIS does not say when a polled price was made: during the session it may have been now,
    before and after it was at the last close at the latest.
    """
    return at if hours.is_open(exchange, at) else hours.last_close(exchange, at)


def line_of(pk: int, asset: Asset, quote: ProviderQuote, at: datetime) -> Line:
    """Return the line of a symbol whose first quote has come."""
    session = trading_days.session_date(asset.exchange, quote.as_of)
    is_of_session = trading_days.session_date(asset.exchange, at) == session
    # Before the open the figures are those of the session before: its last price is our base.
    base = quote.day.base_price if is_of_session else quote.price
    return Line(
        instrument_id=pk,
        symbol=asset.symbol,
        exchange=asset.exchange,
        currency=asset.currency,
        source=parsing.SOURCE,
        base_price=base or quote.price,
        session=session,
        last_price=quote.price,
        traded_at=at,
        product=rules.Product(asset.asset_type),
    )
