from uuid import uuid4

import pytest

from chat import answering
from chat.enums import MessageStatus
from chat.errors import RoomNotFoundError
from chat.streams import ChatStreams
from chat.tests.factories import JOON, MINA, question_make, room_make
from tradingplatform.api.principal import Principal
from tradingplatform.errors import AuthenticationError, InvalidInputError, NotFoundError

pytestmark = pytest.mark.django_db(databases="__all__")

streams = ChatStreams()


def signed_in(key):
    return Principal(account_db_key=key, uid=uuid4(), session_id=uuid4())


def post(room, content, key=MINA, **frame):
    body = {"room_id": str(room.id), "client_message_id": "c-1", "content": content} | frame
    return streams.frames["chat"](signed_in(key), body)


def test_a_room_is_open_to_its_owner_only():
    room = room_make(MINA)

    streams.authorise(signed_in(MINA), f"chat:{room.id}")

    with pytest.raises(RoomNotFoundError):
        streams.authorise(signed_in(JOON), f"chat:{room.id}")
    with pytest.raises(AuthenticationError):
        streams.authorise(None, f"chat:{room.id}")


@pytest.mark.parametrize(
    "stream", ["chat:", "chat:1", "chat:0190d0a0-0000-7000-8000-000000000000", "chat:../x"]
)
def test_unknown_rooms_are_not_found(stream):
    with pytest.raises(NotFoundError):
        streams.authorise(signed_in(MINA), stream)


def test_a_question_on_the_socket_is_acknowledged_and_answered(market, answer_of):
    room = room_make(MINA)

    reply = post(room, "AAPL price")

    assert reply["data"]["kind"] == "status"
    assert reply["data"]["status"] == MessageStatus.PENDING
    assert reply["data"]["client_message_id"] == "c-1"
    assert "seq" not in reply
    assert streams.stream_for({"room_id": str(room.id)}) == f"chat:{room.id}"


def test_a_client_that_resumes_reads_the_stored_text(market, answer_of):
    room, who = room_make(MINA), signed_in(MINA)
    stream = f"chat:{room.id}"
    question = question_make(room, "AAPL price and RSI and VaR")
    answering.message_answer(account_db_key=MINA, question_id=question.id)
    answer = answer_of(question)
    epoch, last = streams.head(who, stream) or ("", 0)
    assert last > 3

    def since(seq):
        return streams.since(who, stream, epoch, seq) or []

    for seq in range(last + 1):
        text = ""
        for frame in [*since(0)[:seq], *since(seq)]:
            data = frame["data"]
            if data["kind"] == "message" and data["id"] == str(answer.id):
                text = data["content"]
            if data["kind"] == "delta":
                text += data["text"]
        assert text == answer.content

    assert streams.since(who, stream, "another epoch", 0) is None
    assert streams.since(who, stream, epoch, last) == []


def test_a_stream_without_events_has_no_head():
    room = room_make(MINA)

    assert streams.head(signed_in(MINA), f"chat:{room.id}") is None
    assert streams.snapshot(signed_in(MINA), f"chat:{room.id}") == []


@pytest.mark.parametrize("content", ["   ", "x" * 4001])
def test_content_is_limited_on_the_socket_too(content):
    with pytest.raises(InvalidInputError):
        post(room_make(MINA), content)


def test_cancel_on_the_socket():
    room = room_make(MINA)
    message_id = post(room, "AAPL")["data"]["message_id"]

    reply = streams.frames["cancel"](signed_in(MINA), {"message_id": message_id})

    assert reply["data"]["status"] == MessageStatus.CANCELED
    for wrong in ("nonsense", str(uuid4())):
        with pytest.raises(NotFoundError):
            streams.frames["cancel"](signed_in(MINA), {"message_id": wrong})
