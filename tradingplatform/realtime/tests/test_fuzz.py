"""No bytes that a client sends crash a socket or the server."""

import asyncio

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tradingplatform.realtime.client import open_socket
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.tests import support


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
