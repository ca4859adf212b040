"""Who may do this now? Named leases with a fencing number that only rises.

A lease saves double work; it is the ``epoch`` that keeps a late holder from doing harm,
so the epoch always comes from the global database, whatever holds the lease itself.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, cast

from django.apps import apps
from django.db.models import F
from redis.exceptions import RedisError

from tradingplatform import clock
from tradingplatform.errors import UnavailableError
from tradingplatform.ids import secret_token
from tradingplatform.services.base import namespaced, without_secrets
from tradingplatform.services.redis_client import redis_client

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tradingplatform.db.models import Lease as LeaseRow

# Lua runs as one step in Redis: nobody can take the lease between the look and the change.
_RENEW = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('pexpire', KEYS[1], ARGV[2])"
_RELEASE = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1])"


class Lease:
    """One acquisition of a lock; good until ``expires_at`` unless renewed."""

    def __init__(
        self,
        name: str,
        *,
        epoch: int,
        renew: Callable[[], bool],
        release: Callable[[], None],
    ) -> None:
        self.name = name
        self.epoch = epoch
        self._renew = renew
        self._release = release

    def renew(self) -> bool:
        """Extend the lease by its full length; False means it is lost: stop working."""
        return self._renew()

    def release(self) -> None:
        """Let the next one in; nothing happens when the lease is already lost."""
        self._release()

    def __repr__(self) -> str:
        return f"Lease({self.name!r}, epoch={self.epoch})"


class LockService(Protocol):
    """Mutual exclusion across processes and machines."""

    def acquire(self, name: str, ttl_s: float) -> Lease | None:
        """Take the lock without waiting; None when somebody else holds it."""
        ...

    def current_epoch(self, name: str) -> int:
        """Return the number of the newest acquisition; a holder with less must stop."""
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


class DatabaseLock:
    """Leases as rows of the global database, changed by single compare-and-swap statements."""

    def acquire(self, name: str, ttl_s: float) -> Lease | None:
        holder, at = secret_token(16), clock.now()
        expires_at = at + timedelta(seconds=ttl_s)
        took = (
            _rows()
            .filter(name=name, expires_at__lte=at)
            .update(holder=holder, epoch=F("epoch") + 1, expires_at=expires_at)
        )
        if not took:
            _insert(name, holder, expires_at)
        epoch = _epoch_of(name, holder)
        if epoch is None:
            return None
        return Lease(
            name,
            epoch=epoch,
            renew=lambda: self._renew(name, holder, ttl_s),
            release=lambda: self._release(name, holder),
        )

    def current_epoch(self, name: str) -> int:
        return _current_epoch(name)

    def ping(self) -> None:
        _current_epoch("ping")

    def close(self) -> None:
        return

    def describe(self) -> str:
        return "lease rows in the global database"

    def _renew(self, name: str, holder: str, ttl_s: float) -> bool:
        at = clock.now()
        # An expired lease is not revived: somebody may be about to take it.
        held = _rows().filter(name=name, holder=holder, expires_at__gt=at)
        return bool(held.update(expires_at=at + timedelta(seconds=ttl_s)))

    def _release(self, name: str, holder: str) -> None:
        # The row stays, so that the epoch never starts again.
        _rows().filter(name=name, holder=holder).update(holder="", expires_at=clock.now())


class RedisLock:
    """Leases in Redis (cheap to renew); the epoch still comes from the database."""

    def __init__(self, *, url: str) -> None:
        self._url = url
        self._client = redis_client(url)

    def acquire(self, name: str, ttl_s: float) -> Lease | None:
        key, holder = namespaced("lock", name), secret_token(16)
        ttl_ms = max(1, int(ttl_s * 1000))
        try:
            if not self._client.set(key, holder, px=ttl_ms, nx=True):
                return None
        except RedisError as exc:
            msg = "The lock service is out of reach."
            raise UnavailableError(msg) from exc
        epoch = self._next_epoch(name, holder, ttl_s)
        if epoch is None:
            return None
        return Lease(
            name,
            epoch=epoch,
            renew=lambda: self._run(_RENEW, key, holder, ttl_ms),
            release=lambda: cast("None", self._run(_RELEASE, key, holder)),
        )

    def current_epoch(self, name: str) -> int:
        return _current_epoch(name)

    def ping(self) -> None:
        self._client.ping()

    def close(self) -> None:
        self._client.close()

    def describe(self) -> str:
        return f"leases in Redis at {without_secrets(self._url)}, epochs in the global database"

    def _next_epoch(self, name: str, holder: str, ttl_s: float) -> int | None:
        """Count up in the database; give the lease back when that fails."""
        expires_at = clock.now() + timedelta(seconds=ttl_s)
        try:
            raised = (
                _rows()
                .filter(name=name)
                .update(holder=holder, epoch=F("epoch") + 1, expires_at=expires_at)
            )
            if not raised:
                _insert(name, holder, expires_at)
            # None here: a newer holder (Redis was wiped meanwhile) has overtaken this one.
            return _epoch_of(name, holder)
        except Exception:
            self._run(_RELEASE, namespaced("lock", name), holder)
            raise

    def _run(self, script: str, key: str, *arguments: object) -> bool:
        """Run a script; out of reach counts as lost, which is the safe answer for a holder."""
        try:
            return bool(self._client.eval(script, 1, key, *[str(value) for value in arguments]))
        except RedisError:
            return False


def _rows() -> "QuerySet[LeaseRow]":
    return apps.get_model("platform_db", "Lease").objects.using("default")


def _insert(name: str, holder: str, expires_at: datetime) -> None:
    rows = _rows()
    row = rows.model(name=name, holder=holder, epoch=1, expires_at=expires_at)
    rows.bulk_create([row], ignore_conflicts=True)


def _epoch_of(name: str, holder: str) -> int | None:
    return _rows().filter(name=name, holder=holder).values_list("epoch", flat=True).first()


def _current_epoch(name: str) -> int:
    return _rows().filter(name=name).values_list("epoch", flat=True).first() or 0
