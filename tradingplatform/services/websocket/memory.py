"""The bus when everything runs in one process."""

from collections.abc import Iterable

from tradingplatform.services.websocket import Callback, GapCallback
from tradingplatform.services.websocket.subscribers import Subscriber, SubscriberTable


class MemoryBus:
    """Deliver on the publisher's own thread: in order, without a queue that could grow."""

    def __init__(self) -> None:
        self._subscribers = SubscriberTable()

    def publish(self, channel: str, payload: bytes) -> None:
        self._subscribers.deliver(channel, payload)

    def publish_many(self, messages: Iterable[tuple[str, bytes]]) -> None:
        for channel, payload in messages:
            self._subscribers.deliver(channel, payload)

    def subscribe(
        self, prefix: str, callback: Callback, *, on_gap: GapCallback | None = None
    ) -> Subscriber:
        return self._subscribers.add(prefix, callback, on_gap)

    def ping(self) -> None:
        return

    def close(self) -> None:
        self._subscribers.clear()

    def describe(self) -> str:
        return f"in-process, {len(self._subscribers)} subscriptions"
