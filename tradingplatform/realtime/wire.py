"""Uvicorn's WebSocket protocol with a short cut: frames encoded once go straight to the socket.

ASGI has each server encode each message for each socket. With permessage-deflate off the bytes
are the same for all, so this protocol offers itself to the application as an ASGI extension
that takes finished frames. Everything else is uvicorn's.
"""

import socket
from asyncio.transports import BaseTransport
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from tradingplatform.realtime.errors import CloseCode, FrameTooLargeError
from tradingplatform.realtime.frames import Frame, error_frame
from tradingplatform.realtime.messages import MAX_FRAME_BYTES
from tradingplatform.realtime.sinks import WIRE_EXTENSION, nothing

if TYPE_CHECKING:
    from collections.abc import Callable

BACKLOG_BYTES = 64 * 1024
_UNSENT_BYTES = 16 * 1024
_CLOSE_GRACE_S = 5.0
_SHUTDOWN_GRACE_S = 1.0


class WireProtocol(WebSocketsSansIOProtocol):
    """A uvicorn WebSocket that is also a `Sink`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clear = True
        self.on_clear: Callable[[], None] = nothing
        self.broken = False

    def connection_made(self, transport: BaseTransport) -> None:
        """Keep backlogs short: what a slow client has not read should wait here, conflated."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=BACKLOG_BYTES)
        plain = transport.get_extra_info("socket")
        option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
        if plain is not None and option is not None and plain.family != socket.AF_UNIX:
            plain.setsockopt(socket.IPPROTO_TCP, option, _UNSENT_BYTES)

    def handle_connect(self, event: Request) -> None:
        """Offer the extension to the application."""
        super().handle_connect(event)
        if self.response.status_code == 101 and not self.config.ws_per_message_deflate:
            extensions = cast("dict[str, Any]", self.scope["extensions"])
            extensions[WIRE_EXTENSION] = self

    def pause_writing(self) -> None:
        """Note that the transport holds more than it should."""
        super().pause_writing()
        self.clear = False

    def resume_writing(self) -> None:
        """Let the application send what it held back."""
        super().resume_writing()
        self.clear = True
        self.on_clear()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget who waits for a clear line."""
        self.on_clear = nothing
        super().connection_lost(exc)

    def write(self, frame: Frame) -> None:
        """Put the finished frame on the transport unless the socket is closing."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(frame.wire)

    def close(self, code: int, reason: str) -> None:
        """Send a close frame; whoever does not answer it, or never reads it, is cut off."""
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self._await_the_end(code, reason)

    def shutdown(self) -> None:
        """End the socket with the server; a client that does not read cannot hold it up."""
        super().shutdown()
        self.loop.call_later(_SHUTDOWN_GRACE_S, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """Cut off a peer that answers no ping: waiting for it to read would take for ever."""
        super().keepalive_timeout()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read on, or past what follows a frame that broke the protocol."""
        if not self.broken:
            super().data_received(data)

    def send_receive_event_to_app(self) -> None:
        """Refuse text that is not UTF-8 without uvicorn's stack trace: clients cause it at will."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.send_close(CloseCode.NOT_UTF8)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Say what was wrong and let the peer read it.

        Closing at once, as uvicorn does, resets the connection while the rest of an overlong
        frame is on its way: the peer would see neither the error nor the close frame.
        """
        self.broken = True
        sent = self.conn.close_sent
        if sent is None:
            super().handle_parser_exception()
            return
        if sent.code == CloseCode.FRAME_TOO_LARGE:
            error = FrameTooLargeError(
                f"A frame may have {MAX_FRAME_BYTES} bytes.", limit=MAX_FRAME_BYTES
            )
            self.transport.write(error_frame(error, 0).wire)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()
        self._await_the_end(sent.code, sent.reason)

    def _await_the_end(self, code: int, reason: str) -> None:
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.close_timer = self.loop.call_later(_CLOSE_GRACE_S, self.transport.abort)
