"""What one socket still has to be sent while its client is slower than the news."""

from collections import deque

from tradingplatform.realtime.errors import CloseCode
from tradingplatform.realtime.frames import Frame
from tradingplatform.realtime.sinks import Sink, nothing

BACKLOG_FRAMES = 1000
BACKLOG_BYTES = 1024 * 1024


class Outlet:
    """The way to one client: as fast as it reads, and never more memory than the two bounds.

    Behind a slow client ordered frames queue (too many end the socket: it resumes from its
    last seq), frames that conflate keep one slot per stream.
    """

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.closed = False
        self._queue: deque[Frame] = deque()
        self._queued_bytes = 0
        self._slots: dict[str, Frame] = {}
        sink.on_clear = self._drain

    def send(self, frame: Frame) -> None:
        """Send a frame that must arrive, after all such frames before it."""
        if self.sink.clear and not self._queue:
            self.sink.write(frame)
        elif not self.closed:
            self._queue.append(frame)
            self._queued_bytes += len(frame.payload)
            if len(self._queue) > BACKLOG_FRAMES or self._queued_bytes > BACKLOG_BYTES:
                self.close(CloseCode.TOO_SLOW, "The client reads too slowly; resume.")

    def send_newest(self, slot: str, frame: Frame) -> None:
        """Send a frame, or keep it in the slot of its stream in place of an older one."""
        if self.sink.clear:
            self.sink.write(frame)
        elif not self.closed:
            self._slots[slot] = frame

    def forget(self, slot: str) -> None:
        """Drop what waits in a slot; its stream was left."""
        self._slots.pop(slot, None)

    def close(self, code: int, reason: str) -> None:
        """End the socket; what waits is dropped."""
        if not self.closed:
            self.closed = True
            self.discard()
            self.sink.close(code, reason)

    def discard(self) -> None:
        """Forget everything that waits."""
        self.sink.on_clear = nothing
        self._queue.clear()
        self._queued_bytes = 0
        self._slots.clear()

    @property
    def backlog(self) -> int:
        """Return how many frames wait for the client."""
        return len(self._queue) + len(self._slots)

    def _drain(self) -> None:
        while self._queue and self.sink.clear:
            frame = self._queue.popleft()
            self._queued_bytes -= len(frame.payload)
            self.sink.write(frame)
        while self._slots and self.sink.clear:
            self.sink.write(self._slots.pop(next(iter(self._slots))))
