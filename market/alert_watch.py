"""Alerts on the live stream: the feed shows each quote to a book, a clerk beside it writes.

The watcher works in the thread of the feed and touches no database. The clerk has a thread of
its own: it keeps the book like the tables, computes indicators once a minute, and writes what
fired. They talk through two queues. Truth is in the tables: a firing counts when its
transaction has committed, so after a crash the first fresh quote decides anew.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from uuid import UUID

from django.db import Error as DatabaseProblem
from django.db import connections

from market.alert_book import AlertBook, Gauge, Watch
from market.alert_measures import measured
from market.alert_models import PriceAlert
from market.alert_selectors import alerts_changed, watch_of
from market.demand import demand_note
from market.enums import AlertMeasure, AlertStatus
from market.errors import AlertNotFoundError
from market.freshness import is_live
from market.metrics import ALERT_FAILURES, ALERTS_WATCHED
from market.quotes import quotes_cached
from market.services.alerts import WAKE_CHANNEL, Firing, alert_arm, alert_fire
from market.types import Quote
from tradingplatform.clock import now
from tradingplatform.db.shards import shard_aliases
from tradingplatform.errors import UnavailableError
from tradingplatform.services import services

logger = logging.getLogger(__name__)

TURN_S = 0.5
SYNC_EVERY = timedelta(seconds=5)
SYNC_WHOLLY_EVERY = timedelta(minutes=10)
OVERLAP = timedelta(seconds=60)
"""A transaction may commit so long after the time it notes, by clocks that differ a little."""
MEASURE_AT_SECOND = 15
"""The bar of a finished minute is stored at most 10 s after its end."""

Note = Callable[["AlertWatcher", datetime], None]
Write = Firing | Watch


class AlertWatcher:
    """Shows quotes to the book; used by the feed's thread alone, but for ``tell``."""

    def __init__(self, write: Callable[[Sequence[Write]], None]) -> None:
        self.book = AlertBook()
        self._write = write
        self._notes: SimpleQueue[Note] = SimpleQueue()

    def tell(self, note: Note) -> None:
        """Let the feed's thread do something before its next quotes; from any thread."""
        self._notes.put(note)

    def see(self, quotes: Sequence[Quote], at: datetime) -> None:
        """Look at fresh quotes; never raises, for the market must go on."""
        try:
            self._take_notes(at)
            for quote in quotes:
                if is_live(quote, at):
                    self.look(Gauge(quote.symbol, AlertMeasure.PRICE), float(quote.price), quote)
                    self.look(
                        Gauge(quote.symbol, AlertMeasure.CHANGE_RATE), quote.change_rate, quote
                    )
            ALERTS_WATCHED.set(len(self.book))
        except Exception:
            ALERT_FAILURES.inc()
            logger.exception("Alerts could not be looked at")

    def look(self, gauge: Gauge, value: float, quote: Quote) -> None:
        """Look at one value, and hand over what it brought about."""
        fired, armed = self.book.see(gauge, value, quote.received_at)
        if fired or armed:
            self._write([*armed, *(Firing(watch, value, quote) for watch in fired)])

    def _take_notes(self, at: datetime) -> None:
        for _ in range(self._notes.qsize()):
            try:
                note = self._notes.get_nowait()
            except Empty:
                return
            note(self, at)


class AlertClerk:
    """Keeps a watcher's book like the tables and writes what fired."""

    def __init__(self) -> None:
        self.watcher = AlertWatcher(self._write_later)
        self._writes: deque[Write] = deque()
        self._gauges: dict[UUID, Gauge] = {}
        self._synced_at: datetime | None = None
        self._wholly_at: datetime | None = None
        self._measured_at: datetime | None = None
        self._wake = threading.Event()
        self._is_hinted = False

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set and what fired is written; survives every error."""
        hints = services.websocket.subscribe(WAKE_CHANNEL, self._hear)
        try:
            while not stop.is_set():
                self.turn(now())
                self._wake.wait(TURN_S)
                self._wake.clear()
            self._try(self._write_all)
        finally:
            hints.close()
            connections.close_all()

    def turn(self, at: datetime) -> None:
        """Write what fired, look at the tables and compute indicators, each when it is due."""
        self._try(self._write_all)
        if self._is_hinted or self._synced_at is None or at - self._synced_at >= SYNC_EVERY:
            self._try(partial(self._sync, at))
        if at.second >= MEASURE_AT_SECOND and at.replace(second=0) != self._measured_at:
            self._measured_at = at.replace(second=0)
            self._try(partial(self._measure, at))

    def stop(self) -> None:
        """End the wait of ``run``."""
        self._wake.set()

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            # What was to be written is still in the queue, and the next turn begins with it.
            ALERT_FAILURES.inc()
            logger.exception("The alert clerk failed and goes on")
            connections.close_all()

    def _write_later(self, writes: Sequence[Write]) -> None:
        self._writes.extend(writes)
        self._wake.set()

    def _write_all(self) -> None:
        while self._writes:
            write = self._writes[0]
            try:
                self._write(write)
            except (DatabaseProblem, UnavailableError):
                raise
            except Exception:
                # One that can never be written must not hold up the others.
                ALERT_FAILURES.inc()
                logger.exception("An alert could not be written")
            self._writes.popleft()

    def _write(self, write: Write) -> None:
        if isinstance(write, Watch):
            alert_arm(write)
            return
        try:
            self._note(alert_fire(write, at=now()))
        except AlertNotFoundError:
            self._forget(write.watch.alert_id)

    def _sync(self, at: datetime) -> None:
        self._is_hinted = False
        is_whole = self._wholly_at is None or at - self._wholly_at >= SYNC_WHOLLY_EVERY
        since = None if is_whole or self._synced_at is None else self._synced_at - OVERLAP
        rows = [row for alias in shard_aliases() for row in alerts_changed(alias, since)]
        for row in rows:
            self._note(row)
        if is_whole:
            self._wholly_at = at
            known = {row.pk for row in rows}
            self._gauges = {pk: gauge for pk, gauge in self._gauges.items() if pk in known}
            self.watcher.tell(lambda watcher, _: watcher.book.keep_only(known))
        self._synced_at = at
        # A live source with few places has to follow what alerts wait for.
        demand_note({gauge.symbol for gauge in self._gauges.values()})

    def _note(self, alert: PriceAlert) -> None:
        if alert.status != AlertStatus.ACTIVE:
            self._forget(alert.pk)
            return
        watch = watch_of(alert)
        self._gauges[alert.pk] = watch.gauge
        self.watcher.tell(lambda watcher, _: watcher.book.put(watch))

    def _forget(self, alert_id: UUID) -> None:
        self._gauges.pop(alert_id, None)
        self.watcher.tell(lambda watcher, _: watcher.book.remove(alert_id))

    def _measure(self, at: datetime) -> None:
        wanted = {gauge for gauge in self._gauges.values() if gauge.interval}
        if not wanted:
            return
        quotes = quotes_cached({gauge.symbol for gauge in wanted})
        live = {symbol for symbol, quote in quotes.items() if is_live(quote, at)}
        for gauge, value in measured([one for one in wanted if one.symbol in live], at):
            self.watcher.tell(_look_note(gauge, value, quotes[gauge.symbol]))

    def _hear(self, _channel: str, _payload: bytes) -> None:
        self._is_hinted = True
        self._wake.set()


@contextmanager
def alerts_watched() -> Iterator[AlertWatcher]:
    """Run a clerk beside the block, and hand out its watcher."""
    clerk, stop = AlertClerk(), threading.Event()
    thread = threading.Thread(target=clerk.run, args=(stop,), name="alert-clerk", daemon=True)
    thread.start()
    try:
        yield clerk.watcher
    finally:
        stop.set()
        clerk.stop()
        thread.join(timeout=10)
        ALERTS_WATCHED.set(0)


def _look_note(gauge: Gauge, value: float, quote: Quote) -> Note:
    return lambda watcher, _: watcher.look(gauge, value, quote)
