"""The hub: one per process, between the bus and the sockets of this process."""

import asyncio
import functools
import threading
from collections import deque
from collections.abc import Callable

import structlog
from django.conf import settings

from tradingplatform import metrics
from tradingplatform.realtime.authentication import sessions_ended
from tradingplatform.realtime.bridge import run_db
from tradingplatform.realtime.frames import Frame
from tradingplatform.realtime.sources import Position
from tradingplatform.realtime.subscriptions import Subscription
from tradingplatform.services import services
from tradingplatform.services.audience import audience_tell
from tradingplatform.services.websocket import Subscription as Feed
from tradingplatform.services.websocket import WebsocketBus

log = structlog.get_logger(__name__)

SESSION_PREFIX = "session:"
BUS_PREFIXES = ("market:", "book:", "stream:", SESSION_PREFIX)
INBOX_FRAMES = 100_000
AUDIENCE_EVERY_S = 1.0
AUDIENCE_KEPT_S = 10.0

Listener = Callable[[bytes], None]


class Channel:
    """The subscriptions of this process to one bus channel, and the newest frame on it."""

    def __init__(self) -> None:
        self.members: dict[Subscription, None] = {}
        self.newest: Frame | None = None

    @property
    def place(self) -> Position | None:
        """Return how far this channel has come."""
        return None if self.newest is None else self.newest.position


class Hub:
    """Fans frames out. All methods but `receive` belong to the event loop's thread.

    Bus callbacks come from foreign threads: they append to an inbox and wake the loop once
    per batch. Frames are encoded by their publisher; each socket gets the same bytes.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, bus: WebsocketBus) -> None:
        self.loop = loop
        self._channels: dict[str, Channel] = {}
        self._listeners: dict[str, set[Listener]] = {}
        # When the loop is stuck the oldest go; ordered streams see the gap and repair it.
        self._inbox: deque[tuple[str, bytes]] = deque(maxlen=INBOX_FRAMES)
        self._wake_lock = threading.Lock()
        self._waking = False
        self._gap_listeners: set[Callable[[], None]] = set()
        self._feeds: list[Feed] = []
        self._bus = bus
        self._opening: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Return once the hub hears the bus; a bus out of reach must not stop the loop."""
        if self._opening is None:
            self._opening = self.loop.create_task(self._open())
        await asyncio.shield(self._opening)

    def receive(self, channel: str, payload: bytes) -> None:
        """Take a message of the bus, on whatever thread it comes."""
        if channel not in self._channels and channel not in self._listeners:
            return
        self._inbox.append((channel, payload))
        with self._wake_lock:
            if self._waking:
                return
            self._waking = True
        self._call(self._deliver)

    def receive_gap(self) -> None:
        """Note, on whatever thread, that the bus may have lost messages."""
        self._call(self._report_gap)

    def join(self, subscription: Subscription) -> None:
        """Let the subscription have what its channel brings from now on."""
        channel = self._channels.setdefault(subscription.channel, Channel())
        channel.members[subscription] = None

    def leave(self, subscription: Subscription) -> None:
        """Stop what `join` began."""
        channel = self._channels.get(subscription.channel)
        if channel is not None:
            channel.members.pop(subscription, None)
            if not channel.members:
                del self._channels[subscription.channel]

    def listen(self, channel: str, listener: Listener) -> None:
        """Call ``listener`` for each message of ``channel``."""
        self._listeners.setdefault(channel, set()).add(listener)

    def unlisten(self, channel: str, listener: Listener) -> None:
        """Stop what `listen` began."""
        listeners = self._listeners.get(channel)
        if listeners is not None:
            listeners.discard(listener)
            if not listeners:
                del self._listeners[channel]

    def listen_for_gaps(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when the bus may have lost messages."""
        self._gap_listeners.add(listener)

    def unlisten_for_gaps(self, listener: Callable[[], None]) -> None:
        """Stop what `listen_for_gaps` began."""
        self._gap_listeners.discard(listener)

    def place(self, subscription: Subscription) -> Position | None:
        """Return the last position known for a subscription's stream."""
        channel = self._channels.get(subscription.channel)
        return (channel.place if channel else None) or subscription.place

    def close(self) -> None:
        """Stop listening to the bus."""
        for task in (self._counting, self._watching):
            if task is not None:
                task.cancel()
        for feed in self._feeds:
            feed.close()
        self._channels.clear()
        self._listeners.clear()
        self._gap_listeners.clear()

    def _deliver(self) -> None:
        with self._wake_lock:
            self._waking = False
        inbox = self._inbox
        for _ in range(len(inbox)):
            name, payload = inbox.popleft()
            channel = self._channels.get(name)
            if channel is not None:
                self._fan_out(channel, Frame(payload))
            self._tell(name, payload)

    async def _open(self) -> None:
        for prefix in BUS_PREFIXES:
            listen = functools.partial(
                self._bus.subscribe, prefix, self.receive, on_gap=self.receive_gap
            )
            self._feeds.append(await self.loop.run_in_executor(None, listen))
        self._watching = self.loop.create_task(self._watch_sessions())
        if settings.AUDIENCE_PREFIXES:
            self._counting = self.loop.create_task(self._count_audience())

    async def _count_audience(self) -> None:
        """Say every while how many sockets of this process follow what."""
        prefixes = tuple(settings.AUDIENCE_PREFIXES)
        while True:
            counts = {
                name: len(channel.members)
                for name, channel in self._channels.items()
                if name.startswith(prefixes)
            }
            tell = functools.partial(audience_tell, "sockets", counts, for_s=AUDIENCE_KEPT_S)
            await self.loop.run_in_executor(None, tell)
            await asyncio.sleep(AUDIENCE_EVERY_S)

    async def _watch_sessions(self) -> None:
        """Tell the listeners of sessions that have ended, also when the bus lost the news."""
        while True:
            await asyncio.sleep(settings.REALTIME_SESSIONS_EVERY_S)
            watched = [
                name.removeprefix(SESSION_PREFIX)
                for name in self._listeners
                if name.startswith(SESSION_PREFIX)
            ]
            try:
                ended = await run_db(sessions_ended, watched) if watched else set()
            except Exception:
                log.exception("sessions_not_looked_at")
                continue
            for session_id in ended:
                self._tell(SESSION_PREFIX + session_id, b"")

    def _tell(self, name: str, payload: bytes) -> None:
        for listener in tuple(self._listeners.get(name, ())):
            listener(payload)

    def _report_gap(self) -> None:
        for listener in tuple(self._gap_listeners):
            listener()

    def _call(self, action: Callable[[], None]) -> None:
        try:
            self.loop.call_soon_threadsafe(action)
        except RuntimeError:
            self._inbox.clear()  # the loop is closed: nobody is left to tell

    @staticmethod
    def _fan_out(channel: Channel, frame: Frame) -> None:
        channel.newest = frame
        for subscription in channel.members:
            subscription.offer(frame)
        metrics.FRAMES_OUT.inc(len(channel.members))


_hub: Hub | None = None


def current_hub() -> Hub:
    """Return the hub of this process, made at its first use on the running loop."""
    global _hub  # noqa: PLW0603 - one hub per process
    loop = asyncio.get_running_loop()
    if _hub is None or _hub.loop is not loop:
        close_hub()
        _hub = Hub(loop, services.websocket)
    return _hub


def close_hub() -> None:
    """Close the hub of this process if there is one."""
    global _hub
    hub, _hub = _hub, None
    if hub is not None:
        hub.close()
