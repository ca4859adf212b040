"""One socket's membership in one stream: hold while joining, then pass on without gaps."""

from collections.abc import Callable, Sequence

from tradingplatform.realtime.errors import CloseCode
from tradingplatform.realtime.frames import Frame
from tradingplatform.realtime.outlet import BACKLOG_FRAMES, Outlet
from tradingplatform.realtime.sources import Position, StreamSource


class Subscription:
    """What all subscriptions share; made in the state *joining*, where news is held back."""

    conflate = False

    def __init__(self, *, stream: str, channel: str, source: StreamSource, outlet: Outlet) -> None:
        self.stream = stream
        self.channel = channel
        self.source = source
        self.outlet = outlet
        self.live = False
        self.place: Position | None = None

    def offer(self, frame: Frame) -> None:
        """Take a frame that the bus brought."""
        raise NotImplementedError

    def pause(self) -> None:
        """Go back to joining: hold what comes until `open`."""
        self.live = False

    def open(self, snapshot: Sequence[Frame], place: Position | None) -> None:
        """Send the snapshot, then what was held and is newer than ``place``; go live."""
        raise NotImplementedError


class NewestSubscription(Subscription):
    """A stream of which only the newest frame matters; numbers may be skipped."""

    conflate = True

    def __init__(self, *, stream: str, channel: str, source: StreamSource, outlet: Outlet) -> None:
        super().__init__(stream=stream, channel=channel, source=source, outlet=outlet)
        self._held: Frame | None = None

    def offer(self, frame: Frame) -> None:
        """Pass the frame on when live, else hold the newest."""
        if self.live:
            self.outlet.send_newest(self.stream, frame)
        else:
            self._held = frame

    def open(self, snapshot: Sequence[Frame], place: Position | None) -> None:
        """Send the snapshot and, if it is newer, the frame that came meanwhile."""
        self.place = place
        for frame in snapshot:
            self.outlet.send_newest(self.stream, frame)
        held, self._held, self.live = self._held, None, True
        if held is not None and _is_news(held.position, place):
            self.outlet.send_newest(self.stream, held)


class OrderedSubscription(Subscription):
    """A stream that never drops: each number once, in order; a gap is filled or reported."""

    def __init__(
        self,
        *,
        stream: str,
        channel: str,
        source: StreamSource,
        outlet: Outlet,
        on_gap: Callable[["OrderedSubscription"], None],
    ) -> None:
        super().__init__(stream=stream, channel=channel, source=source, outlet=outlet)
        self._held: list[Frame] = []
        self._on_gap = on_gap

    def offer(self, frame: Frame) -> None:
        """Pass on the frame that comes next; hold one from beyond a gap until it is filled."""
        if not self.live:
            self._hold(frame)
            return
        place = frame.position
        if place is None or place.seq < 1:
            self.outlet.send(frame)
        elif self._follows(place):
            self.place = place
            self.outlet.send(frame)
        elif _is_news(place, self.place):
            self.pause()
            self._hold(frame)
            self._on_gap(self)

    def open(self, snapshot: Sequence[Frame], place: Position | None) -> None:
        """Send the snapshot or the missing frames, then what was held, up to the next gap."""
        self.place = place
        for frame in snapshot:
            self.outlet.send(frame)
            self.place = _later(self.place, frame.position)
        held, self._held, self.live = self._held, [], True
        for frame in held:
            self.offer(frame)

    def _follows(self, place: Position) -> bool:
        before = self.place
        if before is None:
            return True
        if before.epoch == place.epoch or before == ("", 0):
            return place.seq == before.seq + 1
        return True  # a new epoch starts anew; the client sees that and takes a snapshot

    def _hold(self, frame: Frame) -> None:
        self._held.append(frame)
        if len(self._held) > BACKLOG_FRAMES:
            self._held.clear()
            self.outlet.close(CloseCode.TOO_SLOW, "More came than could be held; resume.")


def _is_news(place: Position | None, than: Position | None) -> bool:
    if place is None or than is None or place.epoch != than.epoch:
        return True
    return place.seq > than.seq


def _later(place: Position | None, other: Position | None) -> Position | None:
    return other if other is not None and _is_news(other, place) else place
