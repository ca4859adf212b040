"""Tell every process that something happened: a bus of hints, at most once.

What must not be lost is in the outbox; who misses a hint sees the gap in ``seq``.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

Callback = Callable[[str, bytes], None]
GapCallback = Callable[[], None]


class Subscription(Protocol):
    """An open ear on the bus."""

    def close(self) -> None:
        """Stop the callbacks; calling it twice is harmless."""
        ...


class WebsocketBus(Protocol):
    """Channels by name; payloads are bytes that were encoded once."""

    def publish(self, channel: str, payload: bytes) -> None:
        """Send to every subscriber of a prefix of ``channel``.

        Raises UnavailableError when the bus is out of reach.
        """
        ...

    def publish_many(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send several messages in order, in one round trip."""
        ...

    def subscribe(
        self, prefix: str, callback: Callback, *, on_gap: GapCallback | None = None
    ) -> Subscription:
        """Call ``callback(channel, payload)`` for each message on channels that begin so.

        Callbacks run on a foreign thread, one after the other, and must be quick. After a
        time without connection ``on_gap`` is called: messages may have been missed.
        """
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...
