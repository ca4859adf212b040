"""Remember values for a while: in this process, or in Redis for all processes."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeVar, cast

import orjson
from redis.exceptions import RedisError

from tradingplatform import clock
from tradingplatform.errors import UnavailableError
from tradingplatform.services.base import namespaced, without_secrets
from tradingplatform.services.protection import CircuitBreaker
from tradingplatform.services.redis_client import redis_client
from tradingplatform.services.slots import HOLDERS, KEEP, NEVER_S, TAKE, MemorySlots

logger = logging.getLogger(__name__)
T = TypeVar("T")

PAUSE_AFTER_FAILURE_S = 1.0


class Cache(Protocol):
    """Soft state as JSON values; anything here may vanish at any moment."""

    def get(self, key: str) -> Any:
        """Return the value, or None when it is absent, expired or out of reach."""
        ...

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values that are present."""
        ...

    def set(self, key: str, value: object, ttl_s: float) -> None:
        """Keep ``value`` for ``ttl_s`` seconds."""
        ...

    def set_many(self, values: Mapping[str, object], ttl_s: float) -> None:
        """Keep several values in one round trip."""
        ...

    def add(self, key: str, value: object, ttl_s: float) -> bool:
        """Keep ``value`` unless the key is there; say whether it was kept.

        Raises UnavailableError when nobody can tell.
        """
        ...

    def incr(self, key: str, ttl_s: float, amount: int = 1) -> int:
        """Add to a counter that ends ``ttl_s`` after its first use; return the new count.

        Raises UnavailableError when nobody can tell.
        """
        ...

    def incr_many(self, amounts: Mapping[str, int], ttl_s: float) -> dict[str, int]:
        """Add to several counters in one round trip; see ``incr``."""
        ...

    def delete(self, key: str) -> None:
        """Forget the key."""
        ...

    def take_slot(self, key: str, holder: str, *, most: int, hold_s: float) -> float:
        """Take one of ``most`` places for ``hold_s`` at the longest, or take it anew.

        Returns 0 when it is taken, else the seconds until one is free. Raises
        UnavailableError when nobody can tell.
        """
        ...

    def keep_slot(self, key: str, holder: str, for_s: float) -> None:
        """Let a place end ``for_s`` seconds from now; at once for 0."""
        ...

    def slot_holders(self, key: str) -> list[str]:
        """Return who holds a place; nobody while the cache is out of reach."""
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


class MemoryCache:
    """A bounded cache in this process; the least recently used entry makes room."""

    def __init__(
        self, *, max_entries: int = 100_000, timer: Callable[[], float] = clock.monotonic
    ) -> None:
        self._max_entries = max_entries
        self._timer = timer
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._slots = MemorySlots(timer)
        self._lock = threading.Lock()

    def get(self, key: str) -> Any:
        with self._lock:
            encoded = self._read(namespaced("cache", key))
        return None if encoded is None else orjson.loads(encoded)

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        found = {}
        with self._lock:
            for key in keys:
                encoded = self._read(namespaced("cache", key))
                if encoded is not None:
                    found[key] = encoded
        return {key: orjson.loads(encoded) for key, encoded in found.items()}

    def set(self, key: str, value: object, ttl_s: float) -> None:
        self.set_many({key: value}, ttl_s)

    def set_many(self, values: Mapping[str, object], ttl_s: float) -> None:
        encoded = {namespaced("cache", key): orjson.dumps(value) for key, value in values.items()}
        expires_at = self._timer() + ttl_s
        with self._lock:
            for key, content in encoded.items():
                self._write(key, expires_at, content)

    def add(self, key: str, value: object, ttl_s: float) -> bool:
        name, encoded = namespaced("cache", key), orjson.dumps(value)
        with self._lock:
            if self._read(name) is not None:
                return False
            self._write(name, self._timer() + ttl_s, encoded)
        return True

    def incr(self, key: str, ttl_s: float, amount: int = 1) -> int:
        name = namespaced("cache", key)
        with self._lock:
            encoded = self._read(name)
            count = amount + (int(encoded) if encoded is not None else 0)
            expires_at = self._timer() + ttl_s if encoded is None else self._entries[name][0]
            self._write(name, expires_at, b"%d" % count)
        return count

    def incr_many(self, amounts: Mapping[str, int], ttl_s: float) -> dict[str, int]:
        return {key: self.incr(key, ttl_s, amount) for key, amount in amounts.items()}

    def delete(self, key: str) -> None:
        with self._lock:
            self._entries.pop(namespaced("cache", key), None)

    def take_slot(self, key: str, holder: str, *, most: int, hold_s: float) -> float:
        with self._lock:
            return self._slots.take(key, holder, most, hold_s)

    def keep_slot(self, key: str, holder: str, for_s: float) -> None:
        with self._lock:
            self._slots.keep(key, holder, for_s)

    def slot_holders(self, key: str) -> list[str]:
        with self._lock:
            return self._slots.holders(key)

    def ping(self) -> None:
        return

    def close(self) -> None:
        with self._lock:
            self._entries.clear()
            self._slots.clear()

    def describe(self) -> str:
        return f"in-process, {len(self._entries)} of at most {self._max_entries} entries"

    def _read(self, name: str) -> bytes | None:
        entry = self._entries.get(name)
        if entry is None:
            return None
        if entry[0] <= self._timer():
            del self._entries[name]
            return None
        self._entries.move_to_end(name)
        return entry[1]

    def _write(self, name: str, expires_at: float, encoded: bytes) -> None:
        self._entries[name] = (expires_at, encoded)
        self._entries.move_to_end(name)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)


class RedisCache:
    """The same cache shared by all processes.

    While Redis is away, reads miss and writes are dropped, so that pages stay up on the
    databases alone; ``add`` and ``incr`` raise, because their callers need the answer.
    After a failure Redis is asked by one caller a second rather than by each request.
    """

    def __init__(self, *, url: str, timer: Callable[[], float] = clock.monotonic) -> None:
        self._url = url
        self._client = redis_client(url)
        self._breaker = CircuitBreaker(
            "The cache", failures_max=1, pause_s=PAUSE_AFTER_FAILURE_S, timer=timer
        )

    def get(self, key: str) -> Any:
        return self.get_many([key]).get(key)

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        names = list(keys)
        if not names:
            return {}
        try:
            answers = self._ask(
                lambda: self._client.mget([namespaced("cache", key) for key in names])
            )
        except UnavailableError:
            return {}
        pairs = zip(names, cast("list[bytes | None]", answers), strict=True)
        return {key: orjson.loads(encoded) for key, encoded in pairs if encoded is not None}

    def set(self, key: str, value: object, ttl_s: float) -> None:
        self.set_many({key: value}, ttl_s)

    def set_many(self, values: Mapping[str, object], ttl_s: float) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for key, value in values.items():
            pipeline.set(namespaced("cache", key), orjson.dumps(value), px=_milliseconds(ttl_s))
        if values:
            with suppress(UnavailableError):
                self._ask(pipeline.execute)

    def add(self, key: str, value: object, ttl_s: float) -> bool:
        name, encoded = namespaced("cache", key), orjson.dumps(value)
        return bool(
            self._ask(lambda: self._client.set(name, encoded, px=_milliseconds(ttl_s), nx=True))
        )

    def incr(self, key: str, ttl_s: float, amount: int = 1) -> int:
        return self.incr_many({key: amount}, ttl_s)[key]

    def incr_many(self, amounts: Mapping[str, int], ttl_s: float) -> dict[str, int]:
        # SET NX starts the window and INCRBY counts, in one transaction: the counter can
        # never be left without an end.
        pipeline = self._client.pipeline(transaction=True)
        for key, amount in amounts.items():
            name = namespaced("cache", key)
            pipeline.set(name, 0, px=_milliseconds(ttl_s), nx=True)
            pipeline.incrby(name, amount)
        answers = self._ask(pipeline.execute)
        return {key: int(count) for key, count in zip(amounts, answers[1::2], strict=True)}

    def delete(self, key: str) -> None:
        with suppress(UnavailableError):
            self._ask(lambda: self._client.delete(namespaced("cache", key)))

    def take_slot(self, key: str, holder: str, *, most: int, hold_s: float) -> float:
        wait_ms = self._slots(TAKE, key, _milliseconds(hold_s), holder, most)
        return NEVER_S if wait_ms < 0 else int(wait_ms) / 1000

    def keep_slot(self, key: str, holder: str, for_s: float) -> None:
        with suppress(UnavailableError):
            self._slots(KEEP, key, int(for_s * 1000), holder)

    def slot_holders(self, key: str) -> list[str]:
        try:
            return [holder.decode() for holder in self._slots(HOLDERS, key)]
        except UnavailableError:
            return []

    def ping(self) -> None:
        self._client.ping()
        self._breaker.succeeded()

    def close(self) -> None:
        self._client.close()

    def describe(self) -> str:
        return f"Redis at {without_secrets(self._url)}"

    def _slots(self, script: str, key: str, *arguments: object) -> Any:
        name, texts = namespaced("cache", f"slots:{key}"), [str(value) for value in arguments]
        return self._ask(lambda: self._client.eval(script, 1, name, *texts))

    def _ask(self, question: Callable[[], T]) -> T:
        """Ask Redis unless it has just failed; raises UnavailableError."""
        self._breaker.before_call()
        try:
            answer = question()
        except RedisError as exc:
            self._breaker.failed()
            logger.warning("The cache is out of reach", extra={"reason": type(exc).__name__})
            msg = "The cache is out of reach."
            raise UnavailableError(msg, retry_after_s=2) from exc
        self._breaker.succeeded()
        return answer


def _milliseconds(ttl_s: float) -> int:
    return max(1, int(ttl_s * 1000))
