"""Sockets that subscribe to everything and note what comes: as cheap as Python allows."""

import asyncio
import json
import socket
import time
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from load.servers import SYMBOLS

_TS, _SEQ = b'"ts":"', b'"seq":'
_HANDSHAKE = (
    b"GET /ws/market HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SMALL_BUFFER = 4096


class Reader(asyncio.Protocol):
    """A client that counts the frames of quotes it gets; all readers share one total."""

    total = 0

    def __init__(self, *, silent: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self._silent = silent
        self._rest = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a socket."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(_HANDSHAKE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        if not self.lost.done():
            self.lost.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Take whole frames."""
        data = self._rest + data if self._rest else data
        if not self._is_open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            self._is_open = True
            if not self._silent:
                self.subscribe()
            self.opened.set_result(None)
        self._rest = data[self.take(data) :]

    def subscribe(self) -> None:
        """Ask for every symbol."""
        message = json.dumps({"type": "subscribe", "symbols": SYMBOLS}).encode()
        # A zero mask leaves the bytes as they are.
        frame = bytes((0x81, 0xFE)) + len(message).to_bytes(2, "big") + bytes(4) + message
        self.transport.write(frame)

    def take(self, data: bytes) -> int:
        """Count whole frames and return how many bytes they had."""
        spans, used = whole_frames(data)
        Reader.total += len(spans)
        return used


class TimedReader(Reader):
    """Also notes how old each quote was when it came, and numbers that were left out."""

    def __init__(self, *, silent: bool = False) -> None:
        super().__init__(silent=silent)
        self.latencies_s: list[float] = []
        self.told = asyncio.Event()
        self.has_quotes = False
        self.skipped = 0
        self._seq = 0
        self.measures = False

    def take(self, data: bytes) -> int:
        """Note every quote among the frames."""
        spans, used = whole_frames(data)
        at = time.time()
        for start, end in spans:
            if data[start : start + 16] == b'{"type":"market"':
                self._note(data, start, end, at)
        return used

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end; who waits for a quote waits in vain."""
        super().connection_lost(exc)
        self.told.set()

    def _note(self, data: bytes, start: int, end: int, at: float) -> None:
        place = data.find(_SEQ, start, end) + len(_SEQ)
        seq = int(data[place : data.find(b",", place, end)])
        told = data.find(_TS, start, end) + len(_TS)
        if self.measures:
            self.skipped += max(0, seq - self._seq - 1)
            text = data[told : data.find(b'"', told, end)].decode()
            self.latencies_s.append(at - datetime.fromisoformat(text).timestamp())
        self._seq = seq
        self.has_quotes = True
        self.told.set()


class FrozenReader(Reader):
    """Subscribes and never reads again."""

    def subscribe(self) -> None:
        """Subscribe, then stop reading."""
        super().subscribe()
        self.transport.pause_reading()


def whole_frames(data: bytes) -> tuple[list[tuple[int, int]], int]:
    """Return where the payloads of whole server frames lie in ``data``, and the bytes used."""
    spans = []
    at = 0
    while len(data) - at >= 2:
        size, head = data[at + 1] & 0x7F, 2
        if size == 126:
            if len(data) - at < 4:
                break
            size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
        if len(data) - at < head + size:
            break
        spans.append((at + head, at + head + size))
        at += head + size
    return spans, at


async def connect_all(readers: Sequence[Reader], port: int) -> None:
    """Open the sockets of all readers, some at a time."""
    for start in range(0, len(readers), 100):
        batch = readers[start : start + 100]
        async with asyncio.timeout(60):
            await asyncio.gather(*(connect(reader, port) for reader in batch))


async def connect(reader: Reader, port: int) -> None:
    """Open the socket of one reader and wait for the handshake."""
    sock = socket.socket()
    sock.setblocking(False)
    if isinstance(reader, FrozenReader):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, ("127.0.0.1", port))
    await loop.create_connection(lambda: reader, sock=sock)
    await reader.opened
