"""No bytes that a client sends crash a socket or the server."""

import asyncio
import socket

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tradingplatform.realtime.client import open_socket
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.errors import CloseCode
from tradingplatform.realtime.tests import support
from tradingplatform.realtime.tests.test_frozen_readers import freeze, thaw


@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(frames=st.lists(st.text(max_size=300) | st.binary(max_size=300), min_size=1, max_size=15))
def test_no_sequence_of_frames_crashes_a_socket(frames):
    async def talk() -> None:
        application = StreamConsumer(support.Quotes(), anonymous=lambda: True)
        async with support.serving(application) as url, open_socket(url) as socket:
            for data in frames:
                await socket.send_raw(data)
            await socket.send({"type": "ping", "sequence": 99})
            answers = [await socket.receive() for _ in range(len(frames) + 1)]
            assert answers[-1]["sequence"] == 99
            assert {answer["type"] for answer in answers[:-1]} == {"error"}

    asyncio.run(talk())


def masked(first: int, payload: bytes) -> bytes:
    return bytes((first, 0x80 | len(payload))) + bytes(4) + payload


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (masked(0x81, b"\xff\xfe"), CloseCode.NOT_UTF8),
        (masked(0x83, b"x"), CloseCode.PROTOCOL_ERROR),
        (masked(0xC1, b"x"), CloseCode.PROTOCOL_ERROR),
        (masked(0x80, b"x"), CloseCode.PROTOCOL_ERROR),
        (masked(0x09, b"x"), CloseCode.PROTOCOL_ERROR),
        (bytes((0x81, 1)) + b"x", CloseCode.PROTOCOL_ERROR),
    ],
    ids=["not UTF-8", "unknown opcode", "reserved bit", "continuation", "long ping", "unmasked"],
)
@pytest.mark.asyncio
async def test_bytes_that_break_the_protocol_close_with_a_code(public, caplog, data, code):
    async with support.serving(public) as url:
        with await freeze(url) as raw:
            await asyncio.get_running_loop().sock_sendall(raw, data)
            frames = await thaw(raw)
    assert int.from_bytes(frames[-1].data[:2], "big") == code
    assert caplog.records == []


@hypothesis_settings(max_examples=20, deadline=None)
@given(garbage=st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5))
def test_garbage_instead_of_frames_leaves_the_server_standing(garbage):
    async def talk() -> None:
        application = StreamConsumer(support.Quotes(), anonymous=lambda: True)
        async with support.serving(application) as url:
            for data in garbage:
                with await freeze(url) as raw:
                    await asyncio.get_running_loop().sock_sendall(raw, data)
                    raw.shutdown(socket.SHUT_WR)
            async with open_socket(url) as client:
                await client.send({"type": "ping"})
                assert (await client.receive())["type"] == "pong"

    asyncio.run(talk())
