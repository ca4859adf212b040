"""Clients that do not read harm nobody: not the others, not the memory (reliability M8)."""

import asyncio
import socket
from contextlib import ExitStack

import orjson
import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from tradingplatform.realtime.client import open_socket
from tradingplatform.realtime.errors import CloseCode
from tradingplatform.realtime.hub import current_hub
from tradingplatform.realtime.outlet import Outlet
from tradingplatform.realtime.sources import Json
from tradingplatform.realtime.tests import support
from tradingplatform.realtime.wire import BACKLOG_BYTES, WireProtocol

pytestmark = pytest.mark.asyncio

FROZEN = 20
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


async def freeze(url: str, *frames: Json) -> socket.socket:
    """Open a socket, send some frames, and never read again after the handshake."""
    port = int(url.rpartition(":")[2])
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", port))
    request = (
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await loop.sock_sendall(raw, request.encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += await loop.sock_recv(raw, 1)
    for frame in frames:
        payload = orjson.dumps(frame)
        head = bytes((0x81, 0x80 | len(payload))) + bytes(4)
        await loop.sock_sendall(raw, head + payload)
    return raw


async def thaw(raw: socket.socket) -> list[Frame]:
    """Read everything that was sent, up to and with the close frame."""
    loop = asyncio.get_running_loop()
    reader = StreamReader()
    frames: list[Frame] = []
    while not frames or frames[-1].opcode is not Opcode.CLOSE:
        parsing = Frame.parse(reader.read_exact, mask=False, max_size=None)
        while True:
            try:
                next(parsing)
            except StopIteration as done:
                frames.append(done.value)
                break
            async with asyncio.timeout(5):
                reader.feed_data(await loop.sock_recv(raw, 65536))
    return frames


def outlets(channel: str) -> list[Outlet]:
    found = current_hub()._channels.get(channel)
    return [member.outlet for member in found.members] if found else []


async def test_frozen_market_clients_keep_one_frame_each_and_delay_nobody(public, quotes):
    subscribe = {"type": "subscribe", "symbols": ["A"]}
    async with support.serving(public) as url:
        with ExitStack() as stack:
            for _ in range(FROZEN):
                stack.enter_context(await freeze(url, subscribe))
            async with open_socket(url) as reader:
                await reader.send(subscribe)
                await reader.expect("subscribed")
                await support.eventually(lambda: len(outlets("market:A")) == FROZEN + 1)
                for _ in range(500):
                    seq = quotes.publish(filler="x" * 8000)
                    while (await reader.receive())["seq"] != seq:
                        pass
                frozen = [one for one in outlets("market:A") if not one.sink.clear]
                assert len(frozen) == FROZEN
                for outlet in frozen:
                    assert outlet.backlog == 1
                    assert isinstance(outlet.sink, WireProtocol)
                    assert outlet.sink.transport.get_write_buffer_size() < 2 * BACKLOG_BYTES


async def test_a_frozen_client_of_an_ordered_stream_is_cut_off(private, diary):
    async with support.serving(private) as url:
        with await freeze(url, {"type": "auth", "token": "token-1"}):
            async with open_socket(url, token="token-2") as reader:
                await support.eventually(lambda: len(outlets("stream:diary")) == 2)
                sent = 0
                while len(outlets("stream:diary")) == 2 and sent < 5000:
                    sent = diary.publish(filler="x" * 8000)
                    assert (await reader.receive())["seq"] == sent
                assert len(outlets("stream:diary")) == 1


async def test_a_slow_client_learns_why_and_resumes_where_it_stopped(private, diary):
    async with support.serving(private) as url:
        with await freeze(url, {"type": "auth", "token": "token-1"}) as raw:
            await support.eventually(lambda: outlets("stream:diary"))
            (outlet,) = outlets("stream:diary")
            while not outlet.closed:
                diary.publish(filler="x" * 8000)
                await asyncio.sleep(0)
            frames = await thaw(raw)
        assert frames[-1].opcode is Opcode.CLOSE
        assert int.from_bytes(frames[-1].data[:2], "big") == CloseCode.TOO_SLOW
        joined_at = orjson.loads(frames[0].data)["positions"]["user"]["seq"]
        seen = [orjson.loads(frame.data)["seq"] for frame in frames[1:-1]]
        assert seen == list(range(joined_at + 1, joined_at + 1 + len(seen)))
        async with open_socket(url, token="token-1") as again:
            last = joined_at + len(seen)
            await again.send({"type": "resume", "stream": "user", "epoch": "e1", "seq": last})
            await again.expect("subscribed")
            assert (await again.receive())["seq"] == last + 1
