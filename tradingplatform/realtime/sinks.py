"""Where frames leave the process: straight to the transport, or through ASGI."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from tradingplatform.realtime.frames import Frame

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

WIRE_EXTENSION = "tradingplatform.wire"


class Sink(Protocol):
    """One socket's way out; lives on the event loop and never blocks it."""

    clear: bool
    on_clear: Callable[[], None]

    def write(self, frame: Frame) -> None:
        """Hand the frame over; while ``clear`` is False this only lengthens the backlog."""

    def close(self, code: int, reason: str) -> None:
        """Send a close frame after what was written and end the socket within seconds."""


def sink_for(scope: Scope, send: Send) -> Sink:
    """Return the fastest way out that the server of this socket offers."""
    wire: Sink | None = scope.get("extensions", {}).get(WIRE_EXTENSION)
    return AsgiSink(send) if wire is None else wire


def nothing() -> None:
    """Do nothing; stands where nobody waits for a backlog to clear."""


class AsgiSink:
    """The portable way: a task sends what was written, one ASGI event after the other.

    It is clear while nothing waits, so a frame that conflates replaces its older self as soon
    as the server's own buffer stops taking more.
    """

    def __init__(self, send: Send) -> None:
        self.clear = True
        self.on_clear: Callable[[], None] = nothing
        self._send = send
        self._waiting: deque[Message] = deque()
        self._writer: asyncio.Task[None] | None = None

    def write(self, frame: Frame) -> None:
        """Queue the frame and see that somebody sends it."""
        self._put({"type": "websocket.send", "text": frame.text})

    def close(self, code: int, reason: str) -> None:
        """Drop what waits and queue the close event."""
        self._waiting.clear()
        self._put({"type": "websocket.close", "code": code, "reason": reason})

    def _put(self, message: Message) -> None:
        self._waiting.append(message)
        self.clear = False
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write_all())

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._send(self._waiting.popleft())
                if not self._waiting:
                    self.clear = True
                    self.on_clear()
        except (OSError, RuntimeError):
            self._waiting.clear()  # the peer is gone; its reader learns it from the server
        finally:
            self._writer = None
