"""The bus between processes: Redis pub/sub with one supervised listener thread."""

import logging
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from tradingplatform import clock
from tradingplatform.errors import UnavailableError
from tradingplatform.ids import random_fraction
from tradingplatform.services.base import namespaced, without_secrets
from tradingplatform.services.redis_client import redis_client
from tradingplatform.services.websocket import Callback, GapCallback
from tradingplatform.services.websocket.subscribers import Subscriber, SubscriberTable

if TYPE_CHECKING:
    from redis.client import PubSub

logger = logging.getLogger(__name__)

POLL_S = 0.25
TIDY_EVERY_S = 5.0
CONFIRM_TIMEOUT_S = 2.0
BACKOFF_S_MIN = 0.1
BACKOFF_S_MAX = 3.0


class RedisBus:
    """Publish through a pool; listen on one connection that is rebuilt when it is lost.

    Nothing is buffered here: a listener that is slow makes Redis drop its connection
    (client-output-buffer-limit pubsub), which ends in a reconnect and a gap notice.
    """

    def __init__(self, *, url: str) -> None:
        self._url = url
        self._client = redis_client(url)
        # A lost connection must surface in the listener, which then starts again.
        self._listener_client = redis_client(url, retries=0)
        self._subscribers = SubscriberTable()
        self._lock = threading.Lock()
        self._confirmed = threading.Condition()
        self._active: set[str] = set()
        self._failures = 0
        self._pubsub: PubSub | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._root = namespaced("websocket", "")

    def publish(self, channel: str, payload: bytes) -> None:
        try:
            self._client.publish(self._root + channel, payload)
        except RedisError as exc:
            raise _out_of_reach() from exc

    def publish_many(self, messages: Iterable[tuple[str, bytes]]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for channel, payload in messages:
            pipeline.publish(self._root + channel, payload)
        try:
            pipeline.execute()
        except RedisError as exc:
            raise _out_of_reach() from exc

    def subscribe(
        self, prefix: str, callback: Callback, *, on_gap: GapCallback | None = None
    ) -> Subscriber:
        """Return once Redis has confirmed, so that a snapshot taken next has no gap.

        While Redis is away it returns after two seconds all the same; the listener
        subscribes as soon as it can and then reports the gap.
        """
        subscriber = self._subscribers.add(prefix, callback, on_gap)
        self._ensure_listener()
        with self._lock:
            if self._pubsub is not None:
                self._ask_for(self._pubsub, prefix)
        with self._confirmed:
            self._confirmed.wait_for(lambda: prefix in self._active, CONFIRM_TIMEOUT_S)
        return subscriber

    def ping(self) -> None:
        self._client.ping()
        thread = self._thread
        if thread is not None and not (thread.is_alive() and self._pubsub is not None):
            msg = "the listener is not connected"
            raise UnavailableError(msg)

    def close(self) -> None:
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5)
        self._subscribers.clear()
        self._client.close()
        self._listener_client.close()

    def describe(self) -> str:
        count = len(self._subscribers)
        return f"Redis pub/sub at {without_secrets(self._url)}, {count} subscriptions"

    def _ensure_listener(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._listen, name="websocket-bus", daemon=True
                )
                self._thread.start()

    def _ask_for(self, pubsub: "PubSub", prefix: str) -> None:
        try:
            pubsub.psubscribe(self._pattern(prefix))
        except RedisError:
            # The listener meets the same lost connection and starts again with every prefix.
            logger.warning("A subscription waits for Redis", extra={"prefix": prefix})

    def _listen(self) -> None:
        """Keep a subscribed connection until the bus is closed."""
        while not self._stop.is_set():
            try:
                self._listen_once()
            except (RedisError, OSError) as exc:
                if self._failures == 0:
                    logger.warning("The bus lost Redis", extra={"reason": type(exc).__name__})
                self._failures += 1
                self._forget_connection()
                backoff_s = min(BACKOFF_S_MAX, BACKOFF_S_MIN * 2 ** min(self._failures, 8))
                self._stop.wait(backoff_s * (0.5 + random_fraction() / 2))
        self._forget_connection()

    def _listen_once(self) -> None:
        with self._listener_client.pubsub() as pubsub:  # type: ignore[no-untyped-call]
            wanted = self._open(pubsub)
            tidy_at = clock.monotonic() + TIDY_EVERY_S
            while not self._stop.is_set():
                self._take(pubsub)
                if self._failures and wanted <= self._active:
                    self._failures = 0
                    logger.info("The bus is back on Redis")
                    self._subscribers.tell_gap()
                if clock.monotonic() >= tidy_at:
                    self._drop_unused(pubsub)
                    tidy_at = clock.monotonic() + TIDY_EVERY_S

    def _open(self, pubsub: "PubSub") -> set[str]:
        """Subscribe a new connection to everything that is wanted now."""
        with self._lock:
            pubsub.subscribe(self._root + "keep-alive")
            wanted = self._subscribers.prefixes()
            for prefix in wanted:
                pubsub.psubscribe(self._pattern(prefix))
            self._pubsub = pubsub
        return wanted

    def _take(self, pubsub: "PubSub") -> None:
        """Wait a moment for one message and deliver it."""
        message = pubsub.get_message(timeout=POLL_S)
        if message is None:
            return
        if message["type"] == "pmessage":
            channel = message["channel"].decode()[len(self._root) :]
            self._subscribers.deliver_to(self._prefix(message["pattern"]), channel, message["data"])
        elif message["type"] == "psubscribe":
            with self._confirmed:
                self._active.add(self._prefix(message["channel"]))
                self._confirmed.notify_all()

    def _drop_unused(self, pubsub: "PubSub") -> None:
        """Give up patterns nobody listens to any more."""
        with self._lock:
            unused = self._active - self._subscribers.prefixes()
            for prefix in unused:
                pubsub.punsubscribe(self._pattern(prefix))  # type: ignore[no-untyped-call]
            with self._confirmed:
                self._active -= unused

    def _forget_connection(self) -> None:
        with self._lock, self._confirmed:
            self._pubsub = None
            self._active = set()

    def _pattern(self, prefix: str) -> str:
        return _escape_glob(self._root + prefix) + "*"

    def _prefix(self, pattern: bytes) -> str:
        return _unescape_glob(pattern.decode()[:-1])[len(self._root) :]


def _escape_glob(text: str) -> str:
    return "".join("\\" + char if char in "\\*?[]^-" else char for char in text)


def _unescape_glob(text: str) -> str:
    plain, escaped = [], False
    for char in text:
        if char == "\\" and not escaped:
            escaped = True
            continue
        plain.append(char)
        escaped = False
    return "".join(plain)


def _out_of_reach() -> UnavailableError:
    return UnavailableError("The event bus is out of reach.", retry_after_s=2)
