"""What clients and streams say to each other over a real server."""

import pytest

from tradingplatform.realtime.client import open_socket
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.errors import CloseCode, StreamUnknownError
from tradingplatform.realtime.hub import current_hub
from tradingplatform.realtime.limits import FRAMES_PER_S, STRIKES
from tradingplatform.realtime.messages import MAX_FRAME_BYTES, MAX_STREAMS
from tradingplatform.realtime.sinks import AsgiSink
from tradingplatform.realtime.tests import support

pytestmark = pytest.mark.asyncio


class ManyBooks(support.Quotes):
    """Streams that are asked about together; nothing is known of A yet."""

    prefix = "book"
    conflate = True

    def __init__(self):
        super().__init__()
        self.asked = []

    def refusals(self, principal, streams):
        self.asked.append(list(streams))
        unknown = StreamUnknownError("No such symbol.")
        return {stream: unknown for stream in streams if stream.endswith("NONE")}

    def snapshots(self, principal, streams):
        self.asked.append(list(streams))
        return {name: [support.body(name, 1)] for name in streams if not name.endswith("A")}


async def test_subscribe_answers_then_snapshot_then_news(public, quotes):
    async with support.serving(public) as url, open_socket(url) as socket:
        await socket.send({"type": "subscribe", "symbols": ["A"], "sequence": 7})
        subscribed = await socket.receive()
        assert subscribed["type"] == "subscribed"
        assert subscribed["sequence"] == 7
        assert subscribed["positions"] == {"market:A": {"epoch": "e1", "seq": 0}}
        assert (await socket.receive())["data"] == {"snapshot": True}
        quotes.publish(price="1")
        assert (await socket.receive())["data"] == {"price": "1"}
        await socket.send({"type": "unsubscribe", "symbols": ["A"], "sequence": 8})
        left = await socket.receive()
        assert (left["type"], left["sequence"], left["streams"]) == (
            "unsubscribed",
            8,
            ["market:A"],
        )
        quotes.publish(price="2")
        await socket.send({"type": "ping"})
        assert (await socket.receive())["type"] == "pong"


async def test_a_quote_during_the_snapshot_is_not_lost(public, quotes):
    quotes.before_snapshot = lambda: quotes.publish(price="new")
    async with support.serving(public) as url, open_socket(url) as socket:
        await socket.send({"type": "subscribe", "symbols": ["A"]})
        assert (await socket.receive())["type"] == "subscribed"
        assert (await socket.receive())["data"] == {"snapshot": True}
        assert (await socket.receive())["data"] == {"price": "new"}


async def test_an_unknown_symbol_is_an_error_of_its_own(public):
    async with support.serving(public) as url, open_socket(url) as socket:
        await socket.send({"type": "subscribe", "symbols": ["NONE", "A"], "sequence": 2})
        assert (await socket.receive())["streams"] == ["market:A"]
        assert (await socket.receive())["stream"] == "market:A"
        error = await socket.receive()
    assert error["errorCode"] == "STREAM_UNKNOWN"
    assert error["sequence"] == 2
    assert error["details"] == {"stream": "market:NONE"}


async def test_a_socket_joins_a_limited_number_of_streams_all_or_none(public):
    async with support.serving(public) as url, open_socket(url) as socket:
        names = [f"S{number}" for number in range(MAX_STREAMS + 1)]
        await socket.send({"type": "subscribe", "symbols": names})
        assert (await socket.receive())["errorCode"] == "SUBSCRIPTION_LIMIT_EXCEEDED"
        await socket.send({"type": "subscribe", "symbols": names[:-1]})
        assert len((await socket.receive())["streams"]) == MAX_STREAMS


async def test_a_source_that_can_is_asked_for_all_its_streams_at_once_in_any_order(quotes):
    books = ManyBooks()
    application = StreamConsumer(quotes, books, anonymous=lambda: True)
    wanted = ["market:A", "book:A", "market:B", "book:NONE", "book:B"]
    async with support.serving(application) as url, open_socket(url) as socket:
        await socket.send({"type": "subscribe", "streams": wanted})
        joined = (await socket.receive())["streams"]
        shown = [(await socket.receive())["stream"] for _ in range(3)]
        error = await socket.receive()
    assert joined == ["market:A", "book:A", "market:B", "book:B"]
    assert shown == ["market:A", "market:B", "book:B"]
    assert (error["errorCode"], error["details"]) == ("STREAM_UNKNOWN", {"stream": "book:NONE"})
    assert books.asked == [["book:A", "book:NONE", "book:B"], ["book:A", "book:B"]]


async def test_resume_replays_what_was_missed_then_goes_on(private, diary):
    for number in range(5):
        diary.write(number=number)
    async with support.serving(private) as url, open_socket(url, token="token-1") as socket:
        await socket.send(
            {"type": "resume", "stream": "user", "epoch": "e1", "seq": 2, "sequence": 4}
        )
        subscribed = await socket.receive()
        assert (subscribed["type"], subscribed["sequence"]) == ("subscribed", 4)
        assert [(await socket.receive())["seq"] for _ in range(3)] == [3, 4, 5]
        diary.publish()
        assert (await socket.receive())["seq"] == 6


@pytest.mark.parametrize(("epoch", "seq"), [("e0", 5), ("e1", 1)])
async def test_resume_from_too_far_back_asks_for_a_new_start(private, diary, epoch, seq):
    diary.kept = 2
    for _ in range(5):
        diary.write()
    async with support.serving(private) as url, open_socket(url, token="token-1") as socket:
        await socket.send({"type": "resume", "stream": "user", "epoch": epoch, "seq": seq})
        assert (await socket.receive())["type"] == "subscribed"
        resync = await socket.receive()
        assert resync["type"] == "resync_required"
        assert (resync["stream"], resync["epoch"], resync["seq"]) == ("user", "e1", 5)
        diary.publish()
        assert (await socket.receive())["seq"] == 6


async def test_an_event_that_the_bus_lost_is_repaired_by_the_next(private, diary):
    async with support.serving(private) as url, open_socket(url, token="token-1") as socket:
        diary.publish()
        diary.write()
        diary.publish()
        assert [(await socket.receive())["seq"] for _ in range(3)] == [1, 2, 3]


async def test_an_event_that_the_bus_lost_is_repaired_in_silence(private, diary, settings):
    settings.REALTIME_RECHECK_S = 0.05
    async with support.serving(private) as url, open_socket(url, token="token-1") as socket:
        diary.write()
        assert (await socket.receive())["seq"] == 1


async def test_a_gap_of_the_bus_starts_a_repair(private, diary, monkeypatch):
    monkeypatch.setattr("tradingplatform.realtime.session.GAP_SPREAD_S", 0.0)
    async with support.serving(private) as url, open_socket(url, token="token-1") as socket:
        diary.write()
        current_hub().receive_gap()
        assert (await socket.receive())["seq"] == 1


async def test_the_heartbeat_names_the_last_position_of_each_stream(private, quotes, settings):
    settings.REALTIME_HEARTBEAT_S = 0.05
    async with support.serving(private) as url, open_socket(url, token="token-1") as socket:
        await socket.send({"type": "subscribe", "symbols": ["A"]})
        await socket.expect("subscribed")
        quotes.publish()
        quotes.publish()
        await socket.expect("x")
        beat = await socket.expect("heartbeat")
        while beat["streams"]["market:A"]["seq"] < 2:
            beat = await socket.expect("heartbeat")
    assert beat["streams"]["user"] == {"epoch": "e1", "seq": 0}


async def test_an_app_frame_is_joined_handled_and_answered(quotes, diary):
    async with (
        support.serving(StreamConsumer(diary)) as url,
        open_socket(url, token="token-1") as socket,
    ):
        chat = {"type": "chat", "room_id": "r", "client_message_id": "m1", "content": "hello"}
        await socket.send({**chat, "sequence": 3})
        frames = [await socket.receive() for _ in range(3)]
    assert {frame["type"] for frame in frames} == {"subscribed", "accepted", "x"}
    accepted = next(frame for frame in frames if frame["type"] == "accepted")
    assert (accepted["message_id"], accepted["sequence"]) == ("m1", 3)


async def test_a_frame_that_nobody_serves_here_is_an_error(public):
    async with support.serving(public) as url, open_socket(url, token="token-1") as socket:
        await socket.send({"type": "cancel", "message_id": "m", "sequence": 6})
        error = await socket.receive()
    assert (error["errorCode"], error["sequence"]) == ("STREAM_UNKNOWN", 6)


async def test_a_handler_that_fails_is_an_error_and_the_socket_lives(private, caplog):
    async with support.serving(private) as url, open_socket(url, token="token-1") as socket:
        await socket.send({"type": "cancel", "message_id": "boom", "sequence": 6})
        error = await socket.receive()
        assert (error["errorCode"], error["sequence"]) == ("INTERNAL_ERROR", 6)
        assert "boom" not in error["message"]
        await socket.send({"type": "ping"})
        assert (await socket.receive())["type"] == "pong"


async def test_too_many_frames_a_second_are_refused_then_the_socket_closes(public):
    async with support.serving(public) as url, open_socket(url) as socket:
        for _ in range(2 * FRAMES_PER_S):
            await socket.send({"type": "ping"})
        kinds = [(await socket.receive()).get("errorCode", "pong") for _ in range(2 * FRAMES_PER_S)]
        assert kinds[:FRAMES_PER_S] == ["pong"] * FRAMES_PER_S
        assert "FRAME_RATE_EXCEEDED" in kinds
        for _ in range(3 * STRIKES):
            await socket.send({"type": "ping"})
        assert await socket.closed() == CloseCode.ABUSE


@pytest.mark.parametrize("data", ["nonsense", "[]", '{"type":"nope"}', b"binary", "1" * 500])
async def test_a_malformed_frame_is_an_error_and_repeated_ones_close(public, data):
    async with support.serving(public) as url, open_socket(url) as socket:
        await socket.send_raw(data)
        assert (await socket.receive())["errorCode"] == "FRAME_INVALID"
        await socket.send({"type": "ping", "sequence": 4})
        assert (await socket.receive())["sequence"] == 4


async def test_repeated_nonsense_closes(public, monkeypatch):
    monkeypatch.setattr("tradingplatform.realtime.session.FRAMES_PER_S", 10_000)
    async with support.serving(public) as url, open_socket(url) as socket:
        for _ in range(2 * STRIKES):
            await socket.send_raw("nonsense")
        assert await socket.closed() == CloseCode.ABUSE


async def test_a_frame_over_the_limit_is_named_and_closes(public):
    async with support.serving(public) as url, open_socket(url) as socket:
        await socket.send_raw("x" * (MAX_FRAME_BYTES + 1))
        assert (await socket.receive())["errorCode"] == "FRAME_TOO_LARGE"
        assert await socket.closed() == CloseCode.FRAME_TOO_LARGE


async def test_a_frame_at_the_limit_is_read(public):
    async with support.serving(public) as url, open_socket(url) as socket:
        frame = '{"type":"ping","filler":"'
        await socket.send_raw(frame + "x" * (MAX_FRAME_BYTES - len(frame) - 2) + '"}')
        assert (await socket.receive())["type"] == "pong"


async def test_the_portable_way_serves_too(quotes, monkeypatch):
    monkeypatch.setattr(
        "tradingplatform.realtime.consumer.sink_for", lambda _scope, send: AsgiSink(send)
    )
    application = StreamConsumer(quotes, anonymous=lambda: True)
    async with support.serving(application) as url, open_socket(url) as socket:
        await socket.send({"type": "subscribe", "symbols": ["A"]})
        assert (await socket.receive())["type"] == "subscribed"
        assert (await socket.receive())["type"] == "x"
        for _ in range(3):
            quotes.publish()
        while (await socket.receive())["seq"] != 3:
            pass
        await socket.send_raw("nonsense")
        assert (await socket.receive())["errorCode"] == "FRAME_INVALID"
