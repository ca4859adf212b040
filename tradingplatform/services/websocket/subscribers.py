"""Who listens in this process? Shared by both buses."""

import logging
import threading

from tradingplatform.services.websocket import Callback, GapCallback

logger = logging.getLogger(__name__)


class Subscriber:
    """One callback on one prefix."""

    def __init__(
        self,
        prefix: str,
        callback: Callback,
        on_gap: GapCallback | None,
        table: "SubscriberTable",
    ) -> None:
        self.prefix = prefix
        self.on_gap = on_gap
        self._callback = callback
        self._table = table

    def close(self) -> None:
        """Stop the callbacks; calling it twice is harmless."""
        self._table.remove(self)

    def deliver(self, channel: str, payload: bytes) -> None:
        try:
            self._callback(channel, payload)
        except Exception:
            # One broken listener must not silence the others.
            logger.exception("A bus listener failed", extra={"prefix": self.prefix})

    def tell_gap(self) -> None:
        if self.on_gap is None:
            return
        try:
            self.on_gap()
        except Exception:
            logger.exception("A bus listener failed on a gap", extra={"prefix": self.prefix})


class SubscriberTable:
    """The subscribers of this process by prefix; read without a lock, replaced under one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_prefix: dict[str, tuple[Subscriber, ...]] = {}

    def add(self, prefix: str, callback: Callback, on_gap: GapCallback | None) -> Subscriber:
        subscriber = Subscriber(prefix, callback, on_gap, self)
        with self._lock:
            before = self._by_prefix.get(prefix, ())
            self._by_prefix = {**self._by_prefix, prefix: (*before, subscriber)}
        return subscriber

    def remove(self, subscriber: Subscriber) -> None:
        with self._lock:
            table = dict(self._by_prefix)
            rest = tuple(s for s in table.pop(subscriber.prefix, ()) if s is not subscriber)
            if rest:
                table[subscriber.prefix] = rest
            self._by_prefix = table

    def clear(self) -> None:
        with self._lock:
            self._by_prefix = {}

    def prefixes(self) -> set[str]:
        return set(self._by_prefix)

    def __len__(self) -> int:
        return sum(len(subscribers) for subscribers in self._by_prefix.values())

    def deliver(self, channel: str, payload: bytes) -> None:
        """Hand the message to each subscriber whose prefix fits."""
        for prefix, subscribers in self._by_prefix.items():
            if channel.startswith(prefix):
                for subscriber in subscribers:
                    subscriber.deliver(channel, payload)

    def deliver_to(self, prefix: str, channel: str, payload: bytes) -> None:
        """Hand the message to the subscribers of exactly this prefix."""
        for subscriber in self._by_prefix.get(prefix, ()):
            subscriber.deliver(channel, payload)

    def tell_gap(self) -> None:
        for subscribers in self._by_prefix.values():
            for subscriber in subscribers:
                subscriber.tell_gap()
