from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from chat import selectors, services
from chat.enums import MessageStatus, Persona, Role
from chat.errors import (
    AnswerSupersededError,
    MessageClosedError,
    MessageIdReusedError,
    MessageNotFoundError,
    MessageRateError,
    RoomLimitError,
    RoomNotFoundError,
)
from chat.models import ChatMessage, ChatRoom
from chat.tests.factories import JOON, MINA, claim, question_make, room_make
from tradingplatform.clock import now
from tradingplatform.db.models import OutboxEvent

pytestmark = pytest.mark.django_db(databases="__all__")


def test_posting_commits_the_question_its_answer_and_the_news():
    room = room_make()

    question = question_make(room, "AAPL price", "c-1")

    rows = list(ChatMessage.objects.for_user(MINA).in_order())
    assert [(row.role, row.status) for row in rows] == [
        (Role.USER, MessageStatus.PENDING),
        (Role.ASSISTANT, MessageStatus.PENDING),
    ]
    assert rows[1].in_reply_to == question.id
    [event] = OutboxEvent.objects.for_user(MINA)
    assert (event.topic, event.aggregate_id) == ("chat.message_posted", str(question.id))
    assert (event.stream, event.stream_seq) == (f"chat:{room.id}", 1)
    assert event.payload["content"] == "AAPL price"


def test_the_same_client_message_id_is_the_same_message():
    room = room_make()

    first, again = question_make(room, "AAPL", "c-1"), question_make(room, "AAPL", "c-1")

    assert again.id == first.id
    assert ChatMessage.objects.for_user(MINA).count() == 2
    assert OutboxEvent.objects.for_user(MINA).count() == 1


def test_a_client_message_id_belongs_to_its_room():
    first = question_make(room_make(), "AAPL", "c-1")

    assert question_make(room_make(), "AAPL", "c-1").id != first.id


def test_another_content_under_a_used_id_is_refused():
    room = room_make()
    question_make(room, "AAPL", "c-1")

    with pytest.raises(MessageIdReusedError):
        question_make(room, "MSFT", "c-1")

    assert ChatMessage.objects.for_user(MINA).count() == 2


def test_too_many_questions_a_minute_are_refused_but_repeats_are_not():
    room = room_make()
    with time_machine.travel(now(), tick=False) as clock:
        for number in range(services.QUESTIONS_PER_MINUTE):
            question_make(room, "AAPL", f"c-{number}")

        with pytest.raises(MessageRateError) as refused:
            question_make(room, "AAPL", "one more")
        assert question_make(room, "AAPL", "c-0").client_message_id == "c-0"
        assert refused.value.retry_after_s == 60
        clock.shift(timedelta(seconds=61))
        assert question_make(room, "AAPL", "one more").status == MessageStatus.PENDING


def test_the_first_question_names_a_nameless_room():
    nameless, named = room_make(), room_make(title="Risk")
    question_make(nameless, "  What   is the price of AAPL and of many other things today?")
    question_make(named, "AAPL")

    titles = {room.id: room.title for room in selectors.rooms_get(account_db_key=MINA)}
    assert titles == {nameless.id: "What is the price of AAPL and of many ot", named.id: "Risk"}


def test_rooms_come_with_the_last_used_first():
    old, new = room_make(title="old"), room_make(title="new")
    question_make(old, "AAPL")

    rooms = selectors.rooms_get(account_db_key=MINA)

    assert [room.id for room in rooms] == [old.id, new.id]


def test_a_room_is_renamed_and_gets_another_persona():
    room = room_make(title="a")

    services.room_update(account_db_key=MINA, room_id=room.id, title=" b ")
    services.room_update(account_db_key=MINA, room_id=room.id, persona="TEACHER")

    room.refresh_from_db()
    assert (room.title, room.persona) == ("b", Persona.TEACHER)


def test_a_deleted_room_takes_its_messages_along():
    kept, gone = room_make(), room_make()
    question_make(kept, "AAPL")
    question = question_make(gone, "AAPL")
    ticket = claim(question)

    services.room_delete(account_db_key=MINA, room_id=gone.id)

    assert set(ChatMessage.objects.for_user(MINA).values_list("room_id", flat=True)) == {kept.id}
    with pytest.raises(AnswerSupersededError):
        services.answer_append(ticket=ticket, text="x")
    assert services.answer_claim(account_db_key=MINA, question_id=question.id) is None


def test_rooms_are_limited(monkeypatch):
    monkeypatch.setattr(services, "ROOMS_MAX", 1)
    room_make()

    with pytest.raises(RoomLimitError):
        room_make()


@pytest.mark.parametrize(
    "act",
    [
        lambda room: selectors.room_get(account_db_key=JOON, room_id=room.id),
        lambda room: selectors.messages_get(account_db_key=JOON, room_id=room.id),
        lambda room: services.room_update(account_db_key=JOON, room_id=room.id, title="x"),
        lambda room: services.room_delete(account_db_key=JOON, room_id=room.id),
        lambda room: services.message_post(
            account_db_key=JOON, room_id=room.id, client_message_id="c", content="x"
        ),
    ],
)
def test_somebody_elses_room_does_not_exist(act):
    room = room_make(MINA, title="mine")

    with pytest.raises(RoomNotFoundError):
        act(room)

    assert ChatRoom.objects.for_user(MINA).get().title == "mine"
    assert ChatMessage.objects.using("shard_1").count() == 0
    assert ChatMessage.objects.using("shard_2").count() == 0


def test_somebody_elses_answer_cannot_be_canceled():
    question = question_make(room_make(MINA), "AAPL")

    with pytest.raises(MessageNotFoundError):
        services.message_cancel(account_db_key=JOON, message_id=question.id)
    with pytest.raises(MessageNotFoundError):
        services.message_cancel(account_db_key=MINA, message_id=uuid4())

    question.refresh_from_db()
    assert question.status == MessageStatus.PENDING


def test_canceling_twice_is_once_and_a_final_answer_stays():
    room = room_make()
    question = question_make(room, "AAPL")
    first = services.message_cancel(account_db_key=MINA, message_id=question.id)
    again = services.message_cancel(account_db_key=MINA, message_id=first.id)

    done = question_make(room, "MSFT", "c-2")
    ticket = claim(done)
    services.answer_finish(ticket=ticket, tool_calls=[], usage={})

    assert first.id == again.id
    with pytest.raises(MessageClosedError):
        services.message_cancel(account_db_key=MINA, message_id=done.id)
    done.refresh_from_db()
    assert done.status == MessageStatus.COMPLETE


def test_a_snapshot_belongs_to_its_position():
    room = room_make()
    question = question_make(room, "AAPL")
    ticket = claim(question)
    services.answer_append(ticket=ticket, text="Some")

    frames = selectors.room_snapshot(account_db_key=MINA, room_id=room.id)

    assert [frame["data"]["content"] for frame in frames] == ["AAPL", "Some"]
    assert {frame["seq"] for frame in frames} == {3}
    assert {frame["data"]["kind"] for frame in frames} == {"message"}
