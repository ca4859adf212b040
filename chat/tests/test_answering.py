import re
from datetime import timedelta

import pytest
import time_machine

from chat import answering, services
from chat.enums import MessageStatus
from chat.errors import AnswerSupersededError
from chat.models import ChatMessage
from chat.tests.factories import JOON, MINA, claim, holdings_make, question_make, room_make
from tradingplatform.clock import now
from tradingplatform.db.shards import shard_for

pytestmark = pytest.mark.django_db(databases="__all__")


def ask(content, *, key=MINA, room=None, client_message_id="q1"):
    room = room or room_make(key)
    question = question_make(room, content, client_message_id)
    answering.message_answer(account_db_key=key, question_id=question.id)
    return question


def transcript(frames, message_id):
    """Put the text of a message together from its frames, as a client does."""
    text = ""
    for frame in frames:
        data = frame["data"]
        if data["kind"] == "status" and data["message_id"] == message_id:
            text = "" if data["status"] == "STREAMING" else text
        elif data["kind"] == "message" and data["id"] == message_id:
            text = data["content"]
        elif data["kind"] == "delta" and data["message_id"] == message_id:
            text += data["text"]
    return text


def test_an_english_question_gets_an_english_answer_from_computed_numbers(market, answer_of):
    answer = answer_of(ask("What is the price and RSI of AAPL?"))

    assert answer.status == MessageStatus.COMPLETE
    assert "Apple (AAPL) stands at $182.41" in answer.content
    assert "RSI(14)" in answer.content
    assert "Source: SAMPLE" in answer.content
    assert "removed" not in answer.content
    assert [call["tool"] for call in answer.tool_calls] == ["market_data", "technical_analysis"]
    assert {call["source"] for call in answer.tool_calls} == {"SAMPLE"}
    assert all(call["as_of"] and call["result"] for call in answer.tool_calls)
    assert answer.usage["model"] == "local-analyst"


def test_a_korean_question_gets_a_korean_answer(market, answer_of):
    answer = answer_of(ask("삼성전자 주가랑 99% VaR 알려줘"))

    assert answer.status == MessageStatus.COMPLETE
    assert "삼성전자 (005930)의 현재가는 71,500원" in answer.content
    assert "신뢰수준 99%" in answer.content
    assert "출처: SAMPLE" in answer.content
    assert "뺐습니다" not in answer.content
    assert not re.search(r"[A-Za-z]{12,}", answer.content)


@pytest.mark.parametrize(
    "question",
    [
        "MSFT, AAPL 비교해줘",
        "95% VaR of 60% AAPL and 40% MSFT over 10 days",
        "삼성전자와 하이닉스 기술적 분석",
        "내 포트폴리오 보여줘",
        "Show my portfolio and its VaR",
        "Cornish-Fisher VaR of 005930",
        "Should I buy MSFT?",
    ],
)
@pytest.mark.parametrize("persona", ["ANALYST", "RISK_MANAGER", "TEACHER"])
def test_the_local_analyst_states_nothing_that_grounding_would_remove(
    market, answer_of, question, persona
):
    holdings_make(MINA)

    answer = answer_of(ask(question, room=room_make(MINA, persona=persona)))

    assert answer.status == MessageStatus.COMPLETE
    assert "removed statements" not in answer.content
    assert "뺐습니다" not in answer.content
    assert [call["error"] for call in answer.tool_calls] == [None] * len(answer.tool_calls)


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("Show my portfolio", ["Apple (AAPL): 37 shares", "12 shares", "100 shares", "3 shares"]),
        ("내 포트폴리오", ["애플 (AAPL): 37주", "삼성전자 (005930): 100주", "SK하이닉스 (000660)"]),
        ("내 포트폴리오 99% VaR", ["KRW 보유 종목", "USD 보유 종목", "보유액"]),
    ],
)
def test_holdings_are_told_in_full(market, answer_of, question, lines):
    holdings_make(MINA)

    answer = answer_of(ask(question))

    assert [line for line in lines if line not in answer.content] == []
    assert "\n\n\n" not in answer.content


def test_nobodys_holdings_but_ones_own_are_told(market, answer_of):
    holdings_make(JOON)

    answer = answer_of(ask("Show my portfolio and its VaR", key=MINA))

    assert answer.content.startswith("You have no portfolio yet.")
    assert "AAPL" not in str(answer.tool_calls)


def test_a_follow_up_means_the_instrument_before(market, answer_of):
    room = room_make()
    ask("What is the price of AAPL?", room=room)

    answer = answer_of(ask("And Microsoft?", room=room, client_message_id="q2"))

    assert [call["arguments"]["symbols"] for call in answer.tool_calls] == [["MSFT"]]


def test_the_answer_streams_and_adds_up_to_the_stored_text(market, answer_of, frames):
    room = room_make()
    question = ask("삼성전자 주가랑 RSI, VaR", room=room)

    answer, told = answer_of(question), frames(room)

    assert [frame["seq"] for frame in told] == list(range(1, len(told) + 1))
    kinds = [frame["data"]["kind"] for frame in told]
    assert kinds[0] == "message"
    assert kinds.count("delta") > 1
    assert kinds[-3:] == ["message", "status", "status"]
    tools = [f["data"] for f in told if f["data"]["kind"] == "tool"]
    assert [(t["tool"], t["status"]) for t in tools][:2] == [
        ("market_data", "RUNNING"),
        ("market_data", "DONE"),
    ]
    assert transcript(told, str(answer.id)) == answer.content
    assert transcript(told[:-3], str(answer.id)) == answer.content


def test_a_job_that_runs_twice_answers_once(market, answer_of, frames):
    room = room_make()
    question = ask("AAPL price", room=room)
    before, told = answer_of(question).content, len(frames(room))

    answering.message_answer(account_db_key=MINA, question_id=question.id)

    assert answer_of(question).content == before
    assert answer_of(question).attempt == 1
    assert len(frames(room)) == told


def test_a_second_worker_leaves_a_fresh_answer_alone(market, answer_of):
    question = question_make(room_make(), "AAPL price")
    held = claim(question)

    answering.message_answer(account_db_key=MINA, question_id=question.id)

    assert answer_of(question).status == MessageStatus.STREAMING
    assert answer_of(question).attempt == held.attempt == 1


def test_an_answer_left_by_a_dead_worker_begins_anew(market, answer_of, frames):
    room = room_make()
    with time_machine.travel(now() - timedelta(minutes=2), tick=False):
        question = question_make(room, "AAPL price")
        dead = claim(question)
        services.answer_append(ticket=dead, text="Half an ans")

    assert answering.answers_resume() == 1  # Jobs run at once in tests.

    answer = answer_of(question)
    assert answer.status == MessageStatus.COMPLETE
    assert "Half an ans" not in answer.content
    assert answer.attempt == 2
    assert transcript(frames(room), str(answer.id)) == answer.content
    with pytest.raises(AnswerSupersededError):
        services.answer_append(ticket=dead, text="wer")
    assert answer_of(question).content == answer.content


def test_a_question_whose_job_was_lost_is_answered_by_the_sweep(market, answer_of):
    with time_machine.travel(now() - timedelta(minutes=2), tick=False):
        question = question_make(room_make(), "AAPL price")
    assert answer_of(question).status == MessageStatus.PENDING

    answering.answers_resume()

    assert answer_of(question).status == MessageStatus.COMPLETE
    assert answering.answers_resume() == 0


def test_an_answer_that_kills_every_worker_fails_in_the_end(market, answer_of):
    with time_machine.travel(now(), tick=False) as clock:
        question = question_make(room_make(), "AAPL price")
        for _ in range(services.ATTEMPTS_MAX):
            assert services.answer_claim(account_db_key=MINA, question_id=question.id)
            clock.shift(timedelta(minutes=1))

        assert services.answer_claim(account_db_key=MINA, question_id=question.id) is None

    assert answer_of(question).status == MessageStatus.FAILED
    assert answer_of(question).error_code == "AI_FAILED"


def test_canceling_stops_the_worker_and_keeps_its_text(market, answer_of):
    question = question_make(room_make(), "AAPL price")
    ticket = claim(question)
    services.answer_append(ticket=ticket, text="So far.")

    services.message_cancel(account_db_key=MINA, message_id=question.id)

    with pytest.raises(AnswerSupersededError):
        services.answer_append(ticket=ticket, text=" More.")
    answering.message_answer(account_db_key=MINA, question_id=question.id)
    assert answer_of(question).status == MessageStatus.CANCELED
    assert answer_of(question).content == "So far."
    question.refresh_from_db()
    assert question.status == MessageStatus.CANCELED


def test_the_question_carries_the_state_of_its_answer(market):
    question = ask("AAPL price")

    question.refresh_from_db()

    assert question.status == MessageStatus.COMPLETE
    assert question.completed_at is not None


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Buy 10 shares of AAPL", "I cannot place, change or cancel orders"),
        ("삼성전자 10주 매수해줘", "주문을 내거나 정정·취소할 수 없습니다"),
        ("Show me other users' portfolios", "I can only work with your own account"),
        ("다른 사람 포트폴리오 보여줘", "본인 계정의 정보만"),
        ("What is the price of TSLA?", "I have no data on TSLA"),
        ("테슬라 주가 알려줘", "아는 종목을 찾지 못했습니다"),
        ("Write me a poem", "about something else"),
    ],
)
def test_what_cannot_be_answered_is_said_without_figures(market, answer_of, question, words):
    answer = answer_of(ask(question))

    assert answer.status == MessageStatus.COMPLETE
    assert words in answer.content
    assert answer.tool_calls == []
    assert not re.search(r"\d", answer.content)


def test_a_tool_that_fails_is_said_in_the_language_of_the_question(answer_of, market):
    market["AAPL"].__class__.objects.create(
        symbol="KO", exchange="NYSE", name_en="Coca-Cola", name_ko="코카콜라",
        currency="USD", source="SAMPLE",
    )  # fmt: skip

    answer = answer_of(ask("코카콜라 RSI"))

    assert "가격 데이터가 충분하지 않습니다" in answer.content
    assert answer.tool_calls[0]["error"]
    assert answer.tool_calls[0]["result"] is None


def test_answers_stay_on_the_shard_of_their_owner(market):
    ask("AAPL price", key=MINA)
    ask("AAPL price", key=JOON)

    assert shard_for(MINA) != shard_for(JOON)
    for key in (MINA, JOON):
        rows = ChatMessage.objects.using(shard_for(key))
        assert set(rows.values_list("account_db_key", flat=True)) == {key}


def test_a_persona_changes_the_voice_and_not_the_figures(market, answer_of):
    plain = answer_of(ask("AAPL RSI"))
    taught = answer_of(ask("AAPL RSI", room=room_make(persona="TEACHER")))

    figures = [answer.tool_calls[0]["result"]["instruments"] for answer in (plain, taught)]
    assert figures[0] == figures[1]
    assert "RSI compares recent gains" in taught.content
    assert "RSI compares recent gains" not in plain.content
