"""The live feed: one leader in the whole installation steps the market and tells everybody."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import DatabaseError, connections

from market.alert_watch import alerts_watched
from market.bar_store import BarRow
from market.books import books_tell
from market.feed import FeedBook
from market.metrics import FEED_FAILURES, FEED_HEARTBEAT, FEED_LEADS
from market.quotes import quotes_tell
from market.sample.indices import IndexValues
from market.services import (
    base_prices_roll,
    feed_bars_store,
    feed_is_current,
    feed_open,
)
from market.ticks import Tick, TickProvider
from market.types import OrderBook, Quote
from tradingplatform.clock import monotonic, now
from tradingplatform.errors import UnavailableError
from tradingplatform.services import services

logger = logging.getLogger(__name__)

LEASE_NAME = "market.feed"
LEASE_TTL_S = 5.0
RENEW_EVERY_S = 1.5
CONFIRM_AFTER_S = 2.0
RETRY_AFTER_S = 1.0
STORE_EVERY_S = 10.0
"""What a killed process may forget of its prices."""
UNSTORED_BARS_MAX = 100_000


def feed_run(stop: threading.Event) -> None:
    """Feed quotes and bars until ``stop`` is set; survives every error, with a log line."""
    while not stop.is_set():
        try:
            _lead_once(stop)
        except UnavailableError:
            logger.warning("The feed waits for a service that is out of reach")
        except Exception:
            # A feed that ended would leave every price stale: note it and begin again.
            FEED_FAILURES.inc()
            logger.exception("The feed failed and starts again")
        finally:
            connections.close_all()
        stop.wait(RETRY_AFTER_S)


def _lead_once(stop: threading.Event) -> None:
    lease = services.lock.acquire(LEASE_NAME, LEASE_TTL_S)
    if lease is None:
        return
    try:
        feed = feed_open(epoch=lease.epoch, at=now())
        if feed is not None:
            logger.info("Leading the market feed", extra={"epoch": lease.epoch})
            FEED_LEADS.set(1)
            try:
                with alerts_watched() as watcher:
                    loop = FeedLoop(
                        feed.provider,
                        feed.book,
                        see=watcher.see,
                        indices=feed.indices,
                        is_current=partial(feed_is_current, feed),
                    )
                    loop.run(stop, renew=lease.renew)
            finally:
                feed.provider.close()
    finally:
        FEED_LEADS.set(0)
        lease.release()


See = Callable[[Sequence[Quote], datetime], None]


class FeedLoop:
    """Steps a provider, hands its quotes out and stores its bars, while the lease is held.

    ``see`` gets the quotes that came of accepted ticks, and no others. Once ``is_current``
    says no, instruments have ended or were renamed: the loop ends, and the next one knows.
    """

    def __init__(
        self,
        provider: TickProvider,
        book: FeedBook,
        *,
        see: See | None = None,
        indices: IndexValues | None = None,
        is_current: Callable[[], bool] | None = None,
    ) -> None:
        self._is_current = is_current or (lambda: True)
        self._is_outdated = False
        self._see = see
        self._indices = indices or IndexValues({})
        self._provider = provider
        self._book = book
        self._minute: datetime | None = None
        self._stored_at: datetime | None = None
        self._bus_is_away = False

    def run(self, stop: threading.Event, *, renew: Callable[[], bool]) -> None:
        """Step until ``stop`` is set, the lease is lost or the instruments have changed.

        Stores what grew, unless the lease is lost.
        """
        interval_s = 1 / settings.MARKET_STEPS_PER_SECOND
        stepped = renewed = monotonic()
        is_leading = True
        try:
            while not (stop.is_set() or self._is_outdated):
                at = monotonic()
                # Before anything is told: after a long stall somebody else may lead.
                if at - renewed >= RENEW_EVERY_S:
                    is_leading = renew()
                    if not is_leading:
                        logger.warning("The lease of the feed is lost")
                        return
                    renewed = at
                self.step(now(), at - stepped)
                stepped = at
                stop.wait(max(0.0, interval_s - (monotonic() - at)))
        finally:
            if is_leading:
                # The members' bars are stored up to now, so the bars of the indices are too.
                self._indices_close(now())
                self._store(self._book.bars_take())

    def step(self, at: datetime, elapsed_s: float) -> None:
        """Make one step of the market and tell what came of it."""
        accepted = []
        minute = at.replace(second=0, microsecond=0)
        if minute != self._minute:
            accepted += self._turn_minute(at)
            self._minute = minute
        self._store_when_due(at)
        accepted += self._accepted(at, elapsed_s)
        if self._see is not None:
            self._see(accepted, at)
        quotes = {quote.symbol: quote for quote in accepted}
        quiet = self._book.quiet_symbols(at - timedelta(seconds=CONFIRM_AFTER_S))
        for symbol in self._provider.vouched(quiet, at):
            quotes[symbol] = self._book.confirm(symbol, at)
        self._tell(list(quotes.values()), self._book.number_books(self._provider.books(at)), at)
        FEED_HEARTBEAT.set(at.timestamp())

    def _accepted(self, at: datetime, elapsed_s: float) -> list[Quote]:
        ticks = list(self._provider.ticks(at, elapsed_s))
        # After the ticks were taken: the line of a symbol comes before its first tick.
        for line in self._provider.lines_new():
            self._book.admit(line)
        return self._taken(ticks, at) + self._taken(self._indices.ticks(self._book.lines, at), at)

    def _taken(self, ticks: Iterable[Tick], at: datetime) -> list[Quote]:
        quotes = (self._book.accept(tick, at) for tick in ticks)
        return [quote for quote in quotes if quote is not None]

    def _indices_close(self, at: datetime) -> list[Quote]:
        return self._taken(self._indices.ticks(self._book.lines, at, is_closing=True), at)

    def _turn_minute(self, at: datetime) -> list[Quote]:
        """Roll the sessions that are due; return the quotes of indices that close with them."""
        due = self._book.sessions_due(at)
        closed = self._indices_close(at) if due else []
        for exchange, session in due.items():
            self._roll(exchange, session)
        self._is_outdated = not self._still_current()
        return closed

    def _still_current(self) -> bool:
        try:
            return self._is_current()
        except DatabaseError:
            # Quotes go on without the database; the next minute asks again.
            FEED_FAILURES.inc()
            logger.warning("Nobody can tell whether instruments have changed")
            return True

    def _roll(self, exchange: str, session: date) -> None:
        ended = next(
            line.session for line in self._book.lines.values() if line.exchange == exchange
        )
        closes = self._book.session_roll(exchange, session)
        symbols = self._provider.symbols_of(exchange)
        bases = [self._book.lines[symbol].base_price for symbol in symbols]
        self._provider.session_start(exchange, session, bases)
        base_prices_roll(closes=closes, session=ended)
        logger.info("A session begins", extra={"exchange": exchange, "session": str(session)})

    def _tell(self, quotes: list[Quote], books: list[tuple[OrderBook, int]], at: datetime) -> None:
        try:
            if quotes:
                quotes_tell(quotes, at)
            if books:
                books_tell(books, epoch=self._book.epoch, now=at)
        except UnavailableError:
            FEED_FAILURES.inc()
            if not self._bus_is_away:
                logger.warning("The bus is out of reach; sockets get no quotes")
            self._bus_is_away = True
        else:
            self._bus_is_away = False

    def _store_when_due(self, at: datetime) -> None:
        if self._stored_at is None:
            self._stored_at = at
        elif (at - self._stored_at).total_seconds() >= STORE_EVERY_S:
            self._stored_at = at
            self._store(self._book.bars_take())

    def _store(self, rows: list[BarRow]) -> None:
        try:
            feed_bars_store(rows=rows)
        except DatabaseError:
            FEED_FAILURES.inc()
            logger.exception("Bars could not be stored; they go with the next batch")
            self._book.bars_return(rows, most=UNSTORED_BARS_MAX)
