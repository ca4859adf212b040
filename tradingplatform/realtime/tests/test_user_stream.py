"""From a commit on the shard to the user's sockets and nobody else's (reliability M7)."""

import pytest
import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import LogCapture

from tradingplatform.clock import now
from tradingplatform.db.models import OutboxEvent
from tradingplatform.db.outbox import emit
from tradingplatform.db.shards import shard_for
from tradingplatform.db.transactions import tx
from tradingplatform.logs import current_request_id
from tradingplatform.realtime.bridge import run_db
from tradingplatform.realtime.client import SocketClient, open_socket
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.hub import close_hub
from tradingplatform.realtime.sinks import Message
from tradingplatform.realtime.sources import Json, SocketPrincipal
from tradingplatform.realtime.tests import support
from tradingplatform.realtime.user_stream import UserStream
from tradingplatform.relay import publish_pending

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.django_db(transaction=True, databases="__all__"),
]

MINE, OTHER = 1, 2


def write(account_db_key: int, *values: int) -> None:
    def work() -> None:
        for value in values:
            emit(
                account_db_key=account_db_key,
                topic="test.happened",
                aggregate_id="a",
                payload={"value": value},
                stream="user",
                message_type="portfolio",
            )

    tx(account_db_key, work)


def publish(account_db_key: int) -> None:
    publish_pending(shard_for(account_db_key))


async def values(socket: SocketClient, count: int) -> list[int]:
    frames = [await socket.expect("portfolio") for _ in range(count)]
    seqs = [frame["seq"] for frame in frames]
    assert seqs == list(range(seqs[0], seqs[0] + count))
    return [frame["data"]["value"] for frame in frames]


@pytest.fixture
def application() -> StreamConsumer:
    return StreamConsumer(UserStream(), joined=("user",))


async def test_events_arrive_in_order_at_their_owner_alone(application):
    async with (
        support.serving(application) as url,
        open_socket(url, token=f"token-{MINE}") as mine,
        open_socket(url, token=f"token-{OTHER}") as other,
    ):
        await run_db(write, MINE, 1, 2, 3)
        await run_db(write, OTHER, 9)
        await run_db(publish, MINE)
        await run_db(publish, OTHER)
        assert await values(mine, 3) == [1, 2, 3]
        assert await values(other, 1) == [9]


async def test_what_happened_between_two_sockets_is_resumed_without_a_gap(application):
    await run_db(write, MINE, 1, 2)
    async with support.serving(application) as url:
        async with open_socket(url) as socket:
            await socket.send({"type": "auth", "token": f"token-{MINE}"})
            place = (await socket.expect("subscribed"))["positions"]["user"]
        assert place["seq"] == 2
        await run_db(write, MINE, 3, 4)
        await run_db(publish, MINE)
        async with open_socket(url, token=f"token-{MINE}") as socket:
            await socket.send({"type": "resume", "stream": "user", **place})
            assert await values(socket, 2) == [3, 4]
            await run_db(write, MINE, 5)
            await run_db(publish, MINE)
            assert await values(socket, 1) == [5]


async def test_an_event_whose_hint_was_lost_comes_with_the_next_one(application):
    async with (
        support.serving(application) as url,
        open_socket(url, token=f"token-{MINE}") as socket,
    ):
        await run_db(write, MINE, 1)
        await run_db(publish, MINE)
        assert await values(socket, 1) == [1]
        await run_db(lose, MINE, 2)
        await run_db(write, MINE, 3)
        await run_db(publish, MINE)
        assert await values(socket, 2) == [2, 3]


def lose(account_db_key: int, value: int) -> None:
    """Write an event and mark it as published without telling anybody."""
    write(account_db_key, value)
    OutboxEvent.objects.for_user(account_db_key).filter(published_at=None).update(
        published_at=now()
    )


class Writer(UserStream):
    """Writes news for a frame, says so in the log, and breaks off when asked to."""

    def __init__(self) -> None:
        self.frames = {"chat": self.answer}

    def answer(self, principal: SocketPrincipal, frame: Json) -> Json:
        write(principal.account_db_key, 1, 2)
        if frame["content"] == "break":
            raise RuntimeError(frame["content"])
        return {"type": "accepted"}


@pytest.fixture
def lines(monkeypatch) -> LogCapture:
    capture = LogCapture()
    logger = structlog.wrap_logger(None, processors=[merge_contextvars, capture])
    monkeypatch.setattr("tradingplatform.realtime.session.log", logger)
    return capture


def request_ids() -> list[str]:
    rows = OutboxEvent.objects.for_user(MINE).order_by("stream_seq")
    return list(rows.values_list("request_id", flat=True))


async def test_each_frame_has_an_id_that_its_rows_and_lines_carry(lines):
    chat = {"type": "chat", "room_id": "r", "client_message_id": "m"}
    async with (
        support.serving(StreamConsumer(Writer())) as url,
        open_socket(url, token=f"token-{MINE}") as socket,
    ):
        await socket.send({**chat, "content": "go on"})
        await socket.expect("accepted")
        await socket.send({**chat, "content": "break"})
        await socket.expect("error")

    first, also_first, second, also_second = await run_db(request_ids)
    assert first == also_first != ""
    assert second == also_second not in {"", first}
    (line,) = lines.entries
    assert (line["event"], line["request_id"]) == ("socket_frame_failed", second)


async def test_no_id_outlives_its_frame():
    said = ['{"type": "auth", "token": "token-1"}', '{"type": "ping"}', "nonsense"]
    messages = iter(
        [
            {"type": "websocket.connect"},
            *({"type": "websocket.receive", "text": text} for text in said),
            {"type": "websocket.disconnect"},
        ]
    )
    within: list[str] = []
    between: list[str] = []

    class Listener(UserStream):
        def snapshot(self, principal: SocketPrincipal | None, stream: str) -> tuple[Json, ...]:
            within.append(current_request_id())
            return ()

    async def receive() -> Message:
        between.append(current_request_id())
        return next(messages)

    async def send(_event: Message) -> None:
        pass

    await StreamConsumer(Listener(), joined=("user",))({"headers": []}, receive, send)
    close_hub()

    assert len(within) == 1
    assert within != [""]
    assert between == [""] * 5
