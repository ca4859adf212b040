"""The same thing at the same time from several threads; each thread has connections of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from chat import services
from chat.enums import Role
from chat.errors import AnswerSupersededError, MessageRateError, RoomLimitError
from chat.models import ChatMessage, ChatRoom
from chat.tests.factories import MINA, question_make, room_make
from tradingplatform.db.models import OutboxEvent

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

THREADS = 8


def at_once(act: Callable[[int], Any]) -> list[Any]:
    """Run ``act(number)`` in several threads that start together; return what each gave."""
    ready = Barrier(THREADS)

    def run(number: int) -> Any:
        try:
            ready.wait(10)
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_one_message_however_often_it_is_sent_at_once():
    room = room_make()

    posted = at_once(lambda _: question_make(room, "AAPL price", "c-1").id)

    assert len(set(posted)) == 1
    assert ChatMessage.objects.for_user(MINA).count() == 2
    assert OutboxEvent.objects.for_user(MINA).count() == 1


def at_once_or_refused(act: Callable[[], Any], refusal: type[Exception]) -> list[bool]:
    """Do the same in several threads; return which of them were not refused."""

    def one(_: int) -> bool:
        try:
            act()
        except refusal:
            return False
        return True

    return at_once(one)


def test_the_last_room_that_is_allowed_is_opened_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "ROOMS_MAX", 3)
    room_make()
    room_make()

    opened = at_once_or_refused(room_make, RoomLimitError)

    assert (sum(opened), ChatRoom.objects.for_user(MINA).count()) == (1, 3)


def test_the_last_question_of_a_minute_is_asked_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "QUESTIONS_PER_MINUTE", 1)
    rooms = iter([room_make() for _ in range(THREADS)])

    asked = at_once_or_refused(lambda: question_make(next(rooms), "AAPL price"), MessageRateError)

    assert sum(asked) == 1
    assert ChatMessage.objects.for_user(MINA).filter(role=Role.USER).count() == 1


def test_questions_at_once_are_all_kept_and_numbered_without_a_gap():
    room = room_make()

    at_once(lambda number: question_make(room, "AAPL price", f"c-{number}"))

    assert ChatMessage.objects.for_user(MINA).count() == 2 * THREADS
    events = OutboxEvent.objects.for_user(MINA).order_by("stream_seq")
    assert [event.stream_seq for event in events] == list(range(1, THREADS + 1))


def test_one_worker_gets_an_answer_that_all_of_them_claim():
    question = question_make(room_make(), "AAPL price")

    tickets = at_once(lambda _: services.answer_claim(account_db_key=MINA, question_id=question.id))

    assert len([ticket for ticket in tickets if ticket is not None]) == 1


def test_text_of_one_attempt_is_never_lost_beside_a_cancel():
    question = question_make(room_make(), "AAPL price")
    ticket = services.answer_claim(account_db_key=MINA, question_id=question.id)
    assert ticket is not None

    def act(number: int) -> str:
        if number == 0:
            services.message_cancel(account_db_key=MINA, message_id=question.id)
            return ""
        try:
            services.answer_append(ticket=ticket, text=f"[{number}]")
        except AnswerSupersededError:
            return ""
        return f"[{number}]"

    written = at_once(act)

    answer = ChatMessage.objects.for_user(MINA).get(in_reply_to=question.id)
    assert answer.status == "CANCELED"
    assert sorted(answer.content) == sorted("".join(written))
