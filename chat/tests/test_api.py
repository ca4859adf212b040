import json
from uuid import uuid4

import pytest
from django.test import Client

from accounts.services import Device, user_log_in, user_sign_up
from chat import answering, services
from chat.models import ChatMessage, ChatRoom
from chat.tests.factories import question_make
from tests.query_budget import query_budget

pytestmark = pytest.mark.django_db(databases="__all__")

PASSWORD = "correct horse battery"
NOBODYS = "0190d0a0-0000-7000-8000-000000000000"


def signed_up(name):
    """Return a new user and a client that is logged in as them."""
    user = user_sign_up(email=f"{name}@example.com", password=PASSWORD, nickname=name.title())
    device = Device(ip="127.0.0.1", user_agent="pytest")
    logged_in = user_log_in(email=user.email, password=PASSWORD, device=device)
    bearer = {"Authorization": f"Bearer {logged_in.tokens.access}"}
    return user, Client(raise_request_exception=False, headers=bearer)


@pytest.fixture
def mina():
    return signed_up("mina")


@pytest.fixture
def joon():
    return signed_up("joon")


def send(client, method, path, body):
    if method == "get":
        return client.get(path)
    return getattr(client, method)(path, data=json.dumps(body), content_type="application/json")


def post_question(client, room_id, content="AAPL price", client_message_id="c-1"):
    body = {"client_message_id": client_message_id, "content": content}
    return send(client, "post", f"/api/chat/rooms/{room_id}/messages", body)


@pytest.fixture
def room_id(mina):
    return send(mina[1], "post", "/api/chat/rooms", {}).json()["id"]


def test_a_room_is_opened_read_renamed_and_deleted(mina):
    _, client = mina
    opened = send(client, "post", "/api/chat/rooms", {"title": "위험", "persona": "RISK_MANAGER"})
    assert opened.status_code == 201
    room = opened.json()
    assert (room["title"], room["persona"]) == ("위험", "RISK_MANAGER")
    path = f"/api/chat/rooms/{room['id']}"
    assert client.get(path).json() == room
    assert [each["id"] for each in client.get("/api/chat/rooms").json()["results"]] == [room["id"]]
    assert send(client, "patch", path, {"title": "Risk"}).json()["title"] == "Risk"
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_a_question_is_accepted_answered_and_listed(mina, room_id, market):
    user, client = mina
    posted = post_question(client, room_id, "What is the RSI of AAPL?")
    assert posted.status_code == 202
    assert posted.json()["status"] == "PENDING"
    answering.message_answer(account_db_key=user.account_db_key, question_id=posted.json()["id"])

    question, answer = client.get(f"/api/chat/rooms/{room_id}/messages").json()["results"]

    assert (question["id"], question["role"]) == (posted.json()["id"], "USER")
    assert question["status"] == answer["status"] == "COMPLETE"
    assert answer["role"] == "ASSISTANT"
    assert answer["in_reply_to"] == question["id"]
    assert "RSI(14)" in answer["content"]
    [call] = answer["tool_calls"]
    assert set(call) == {"tool", "arguments", "result", "source", "as_of", "error"}
    assert (call["tool"], call["source"]) == ("technical_analysis", "SAMPLE")


def test_messages_come_in_pages_in_either_order(mina, room_id):
    _, client = mina
    for number in range(3):
        post_question(client, room_id, client_message_id=f"c-{number}")
    path = f"/api/chat/rooms/{room_id}/messages"

    first = client.get(f"{path}?limit=4").json()
    second = client.get(first["next"]).json()
    newest = client.get(f"{path}?order=newest&limit=6").json()

    ids = [message["id"] for message in first["results"] + second["results"]]
    assert len(set(ids)) == len(ids) == 6
    assert second["next"] is None
    assert [message["id"] for message in newest["results"]] == ids[::-1]


def test_the_same_question_twice_is_one(mina, room_id):
    _, client = mina

    first, again = post_question(client, room_id), post_question(client, room_id)
    other = post_question(client, room_id, "MSFT price")

    assert first.json()["id"] == again.json()["id"]
    assert (other.status_code, other.json()["errorCode"]) == (422, "CHAT_MESSAGE_ID_REUSED")
    assert ChatMessage.objects.for_user(mina[0].account_db_key).count() == 2


@pytest.mark.parametrize(
    ("_case", "body", "field"),
    [
        ("empty", {}, "content"),
        ("blank", {"client_message_id": "c", "content": "  \n"}, "content"),
        ("too long", {"client_message_id": "c", "content": "x" * 4001}, "content"),
        ("no text", {"client_message_id": "c", "content": {"a": 1}}, "content"),
        ("null", {"client_message_id": "c", "content": None}, "content"),
        ("NUL", {"client_message_id": "c", "content": "a\x00b"}, "content"),
        ("no id", {"content": "x"}, "client_message_id"),
        ("id with a space", {"client_message_id": "a b", "content": "x"}, "client_message_id"),
        ("id too long", {"client_message_id": "a" * 65, "content": "x"}, "client_message_id"),
    ],
)
def test_malformed_questions_change_nothing(mina, room_id, _case, body, field):
    user, client = mina

    refused = send(client, "post", f"/api/chat/rooms/{room_id}/messages", body)

    assert refused.status_code == 400
    assert refused.json()["errorCode"] == "INVALID_INPUT"
    assert field in refused.json()["details"]
    assert ChatMessage.objects.for_user(user.account_db_key).count() == 0


@pytest.mark.parametrize(
    "body", [{"persona": "WARREN_BUFFETT"}, {"title": "x" * 121}, {"title": ["a"]}]
)
def test_malformed_rooms_are_refused(mina, body):
    user, client = mina

    assert send(client, "post", "/api/chat/rooms", body).status_code == 400
    assert ChatRoom.objects.for_user(user.account_db_key).count() == 0


def test_too_many_questions_answer_429(mina, room_id, monkeypatch):
    monkeypatch.setattr(services, "QUESTIONS_PER_MINUTE", 1)
    _, client = mina
    post_question(client, room_id)

    refused = post_question(client, room_id, client_message_id="c-2")

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert refused.json()["errorCode"] == "CHAT_RATE_EXCEEDED"


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_a_foreign_room_answers_as_an_unknown_one(joon, room_id, method):
    _, client = joon
    for name in (room_id, uuid4()):
        answer = send(client, method, f"/api/chat/rooms/{name}", {"title": "x"})
        assert (answer.status_code, answer.json()["errorCode"]) == (404, "CHAT_ROOM_NOT_FOUND")


def test_foreign_messages_are_neither_read_nor_written(mina, joon, room_id):
    question_make(ChatRoom.objects.for_user(mina[0].account_db_key).get(), "my secret", "c-9")
    path = f"/api/chat/rooms/{room_id}/messages"

    read, written = joon[1].get(path), post_question(joon[1], room_id)

    assert (read.status_code, written.status_code) == (404, 404)
    assert b"secret" not in read.content + written.content
    assert ChatMessage.objects.for_user(mina[0].account_db_key).count() == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/chat/rooms"),
        ("post", "/api/chat/rooms"),
        ("get", f"/api/chat/rooms/{NOBODYS}"),
        ("patch", f"/api/chat/rooms/{NOBODYS}"),
        ("delete", f"/api/chat/rooms/{NOBODYS}"),
        ("get", f"/api/chat/rooms/{NOBODYS}/messages"),
        ("post", f"/api/chat/rooms/{NOBODYS}/messages"),
        ("get", "/api/chat/tools"),
        ("get", "/api/chat/personas"),
    ],
)
def test_nothing_is_answered_to_strangers(method, path):
    assert send(Client(), method, path, {}).status_code == 401


def test_tools_and_personas_are_listed(mina):
    _, client = mina

    tools = client.get("/api/chat/tools").json()["results"]
    personas = client.get("/api/chat/personas").json()["results"]

    assert [tool["name"] for tool in tools] == [
        "market_data", "technical_analysis", "value_at_risk", "portfolio_summary",
    ]  # fmt: skip
    assert "symbols" in tools[0]["arguments"]["properties"]
    assert [persona["name"] for persona in personas] == ["ANALYST", "RISK_MANAGER", "TEACHER"]


def test_query_budgets(mina, room_id):
    _, client = mina
    path = f"/api/chat/rooms/{room_id}"
    client.get(path)
    post_question(client, room_id)

    with query_budget("chat:rooms"):
        client.get("/api/chat/rooms")
    with query_budget("chat:room"):
        client.get(path)
    with query_budget("chat:messages"):
        client.get(f"{path}/messages")
    with query_budget("chat:messages (POST)"):
        post_question(client, room_id, client_message_id="c-2")
    with query_budget("chat:tools"):
        client.get("/api/chat/tools")
