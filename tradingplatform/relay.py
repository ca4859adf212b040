"""Publishes what transactions wrote to the outbox, in order, at least once.

One relay works on a shard at a time (by lease). A published row may be published again
after a crash: sockets drop what they have seen, jobs look into the inbox.
"""

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import structlog
from django.conf import settings
from django.db import close_old_connections
from django.db.models import F
from structlog.contextvars import bound_contextvars

from tradingplatform import metrics
from tradingplatform.clock import monotonic, now
from tradingplatform.db.models import DeadLetter, OutboxEvent
from tradingplatform.db.outbox import frame_of
from tradingplatform.db.replicas import heartbeat_write
from tradingplatform.db.shards import GLOBAL_ALIAS, shard_aliases
from tradingplatform.errors import UnavailableError
from tradingplatform.jobs import enqueue
from tradingplatform.services import services

if TYPE_CHECKING:
    from tradingplatform.services.lock import Lease

log = structlog.get_logger(__name__)

WAKE_CHANNEL = "wake:relay:"
BATCH = 200
POLL_S = 0.5
LEASE_S = 3.0


def wake(alias: str) -> None:
    """Tell the relay of a shard that there is something to publish.

    Only a hint after the commit: without the bus the relay finds it at its next look.
    """
    try:
        services.websocket.publish(f"{WAKE_CHANNEL}{alias}", b"1")
    except UnavailableError:
        log.warning("relay_not_woken", shard=alias)


def run(stop: threading.Event) -> None:
    """Relay every shard until ``stop`` is set."""
    threads = [
        threading.Thread(target=ShardRelay(alias, stop).run, name=f"relay-{alias}", daemon=True)
        for alias in shard_aliases()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class ShardRelay:
    """The loop for one shard: sleeps until woken, publishes, marks as published."""

    def __init__(self, alias: str, stop: threading.Event) -> None:
        self._alias = alias
        self._stop = stop
        self._woken = threading.Event()
        self._lease: Lease | None = None
        self._beat_at = self._renewed_at = float("-inf")

    def run(self) -> None:
        subscription = services.websocket.subscribe(
            f"{WAKE_CHANNEL}{self._alias}", lambda _channel, _payload: self._woken.set()
        )
        try:
            while not self._stop.is_set():
                self._woken.clear()
                self._turn()
                self._woken.wait(POLL_S)
            self._turn()
        finally:
            subscription.close()
            if self._lease is not None:
                self._lease.release()

    def _turn(self) -> None:
        close_old_connections()
        try:
            while self._holds_lease() and publish_pending(self._alias) == BATCH:
                pass
            self._beat()
        except UnavailableError as error:
            log.warning("relay_waits", shard=self._alias, reason=error.message)
        except Exception:
            log.exception("relay_failed", shard=self._alias)

    def _beat(self) -> None:
        """Once a second, let replicas show how far behind they are."""
        if self._lease is None or monotonic() - self._beat_at < 1:
            return
        self._beat_at = monotonic()
        for alias in {self._alias, GLOBAL_ALIAS} & settings.REPLICA_ALIASES.keys():
            heartbeat_write(alias)

    def _holds_lease(self) -> bool:
        if self._lease is not None and monotonic() - self._renewed_at < LEASE_S / 3:
            return True
        self._renewed_at = monotonic()
        if self._lease is None or not self._lease.renew():
            self._lease = services.lock.acquire(f"relay:{self._alias}", ttl_s=LEASE_S)
        return self._lease is not None


def publish_pending(alias: str, limit: int = BATCH) -> int:
    """Publish the oldest unpublished events of one shard; return how many were taken.

    An event that keeps failing becomes a dead letter, so that it cannot hold up the rest.
    Raises UnavailableError when bus or queue are away: that is no fault of an event.
    """
    pending = OutboxEvent.objects.using(alias).filter(published_at=None).order_by("id")
    events = list(pending[:limit])
    done: list[int] = []
    try:
        for event in events:
            with bound_contextvars(request_id=event.request_id):
                published = _publish(alias, event)
            if published:
                done.append(event.pk)
    finally:
        _mark_published(alias, done)
    metrics.relay_published(shard=alias, count=len(done))
    age = now() - events[0].created_at if events else timedelta()
    metrics.outbox_lag(shard=alias, seconds=age.total_seconds())
    return len(events)


def _publish(alias: str, event: OutboxEvent) -> bool:
    try:
        if event.stream:
            channel = f"stream:{event.account_db_key}:{event.stream}"
            services.websocket.publish(channel, orjson.dumps(frame_of(event)))
        for job in settings.EVENT_JOBS.get(event.topic, ()):
            enqueue(
                job,
                account_db_key=event.account_db_key,
                event_id=event.pk,
                aggregate_id=event.aggregate_id,
            )
    except UnavailableError:
        raise
    except Exception as error:
        log.exception("relay_event_failed", topic=event.topic, event_id=event.pk)
        return _give_up(alias, event, error)
    return True


def _give_up(alias: str, event: OutboxEvent, error: Exception) -> bool:
    attempts = event.attempts + 1
    OutboxEvent.objects.using(alias).filter(pk=event.pk).update(attempts=F("attempts") + 1)
    if attempts < settings.OUTBOX_ATTEMPTS:
        return False
    metrics.dead_letter(job=f"relay:{alias}")
    DeadLetter.objects.using(GLOBAL_ALIAS).create(
        job=f"relay:{alias}",
        arguments={"event_id": event.pk, "account_db_key": event.account_db_key},
        error=f"{type(error).__name__}: {error}"[:1000],
        attempts=attempts,
    )
    return True


def _mark_published(alias: str, ids: Sequence[int]) -> None:
    if ids:
        OutboxEvent.objects.using(alias).filter(pk__in=ids).update(published_at=now())
