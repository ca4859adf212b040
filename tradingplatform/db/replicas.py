"""May this read go to a replica? Only if nobody could notice."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connections

from tradingplatform.clock import monotonic, now

_scope: ContextVar[bool] = ContextVar("replica_reads", default=False)


@contextmanager
def replica_reads(account_db_key: int | None = None) -> Iterator[None]:
    """Let reads in this block use replicas, unless the user wrote a moment ago.

    Without this block every read goes to the primary.
    """
    allowed = bool(settings.REPLICA_ALIASES) and not _is_pinned(account_db_key)
    token = _scope.set(allowed)
    try:
        yield
    finally:
        _scope.reset(token)


def pin(account_db_key: int | None) -> None:
    """Send this user's reads to the primary until replicas have surely caught up."""
    _scope.set(False)
    if settings.REPLICA_ALIASES and account_db_key is not None:
        with suppress(Exception):  # without a cache every read goes to the primary anyway
            cache.set(_pin_key(account_db_key), 1, settings.REPLICA_PIN_S)


def replica_for(alias: str) -> str | None:
    """Return the replica a read on ``alias`` may use now, or None for the primary."""
    replica = settings.REPLICA_ALIASES.get(alias)
    if replica is None or not _scope.get() or connections[alias].in_atomic_block:
        return None
    return replica if lag_watch.is_healthy(replica) else None


def heartbeat_write(alias: str) -> None:
    """Write the row whose age on the replica is that replica's lag."""
    from tradingplatform.db.models import ReplicaHeartbeat

    beats = ReplicaHeartbeat.objects.using(alias)
    if not beats.filter(pk=1).update(beat_at=now()):
        beats.bulk_create([ReplicaHeartbeat(pk=1, beat_at=now())], ignore_conflicts=True)


class LagWatch:
    """Measures replicas by the age of the heartbeat row they show.

    One thread measures at a time; meanwhile, and for a while after a failure, everybody
    else reads the primary.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._verdicts: dict[str, tuple[float, bool]] = {}

    def is_healthy(self, replica: str) -> bool:
        with self._lock:
            check_at, healthy = self._verdicts.get(replica, (float("-inf"), False))
            if monotonic() < check_at:
                return healthy
            self._verdicts[replica] = (monotonic() + settings.REPLICA_RETRY_AFTER_S, False)
        healthy = self._measure(replica)
        pause = settings.REPLICA_CHECK_EVERY_S if healthy else settings.REPLICA_RETRY_AFTER_S
        with self._lock:
            self._verdicts[replica] = (monotonic() + pause, healthy)
        return healthy

    def reset(self) -> None:
        """Forget all verdicts."""
        with self._lock:
            self._verdicts.clear()

    def _measure(self, replica: str) -> bool:
        from tradingplatform.db.models import ReplicaHeartbeat

        try:
            beat = ReplicaHeartbeat.objects.using(replica).filter(pk=1).first()
        except DatabaseError:
            return False
        limit = timedelta(seconds=settings.REPLICA_LAG_LIMIT_S)
        return beat is not None and now() - beat.beat_at <= limit


lag_watch = LagWatch()


def _is_pinned(account_db_key: int | None) -> bool:
    if account_db_key is None:
        return False
    try:
        return cache.get(_pin_key(account_db_key)) is not None
    except Exception:  # noqa: BLE001 - a cache that cannot answer may have forgotten a pin
        return True


def _pin_key(account_db_key: int) -> str:
    return f"db:pin:{account_db_key}"
