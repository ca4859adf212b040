"""The list of sessions, and ending them on all devices."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from accounts.agents import device_name
from accounts.authentication import authenticate_socket, session_is_live
from accounts.errors import InvalidCredentialsError
from accounts.models import AuditEntry, Session, User
from accounts.services import (
    Device,
    LoggedIn,
    session_open,
    session_revoke,
    sessions_end,
    user_log_in,
)
from accounts.tests.conftest import HOME, PASSWORD
from tests.query_budget import query_budget
from tradingplatform.ids import uuid7
from tradingplatform.services import services

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
Bearer = Callable[[str], Client]
LogIn = Callable[[User], LoggedIn]
URL = "/api/account/sessions"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0"


def status(client: Client) -> int:
    return int(client.get("/api/account/me").status_code)


def test_an_owner_sees_own_live_sessions(
    mina: User, joon: User, log_in: LogIn, bearer: Bearer
) -> None:
    ended = log_in(mina)
    session_revoke(sid=ended.session.sid)
    phone = user_log_in(
        email=mina.email, password=PASSWORD, device=Device(ip="10.0.0.9", user_agent=FIREFOX)
    )
    here = log_in(mina)
    log_in(joon)
    client = bearer(here.tokens.access)
    status(client)

    with query_budget("accounts:sessions"):
        answer = client.get(URL).json()

    assert [row["id"] for row in answer["results"]] == [
        str(here.session.sid),
        str(phone.session.sid),
    ]
    assert [row["is_current"] for row in answer["results"]] == [True, False]
    assert answer["results"][1]["device"] == "Firefox on Windows"
    assert (answer["results"][1]["ip"], answer["results"][1]["user_agent"]) == ("10.0.0.9", FIREFOX)
    assert answer["next"] is None
    assert (
        client.get(client.get(f"{URL}?limit=1").json()["next"]).json()["results"]
        == (answer["results"][1:])
    )


def test_ending_one_session_closes_its_rest_and_its_sockets(
    mina: User, log_in: LogIn, bearer: Bearer, wait_until: Callable[..., None]
) -> None:
    heard: list[str] = []
    here, there = log_in(mina), log_in(mina)
    socket = authenticate_socket(token=there.tokens.access)
    subscription = services.websocket.subscribe(
        "session:", lambda channel, payload: heard.append(channel + orjson.loads(payload)["type"])
    )

    answer = bearer(here.tokens.access).delete(f"{URL}/{there.session.sid}")

    wait_until(lambda: heard)
    subscription.close()
    assert answer.status_code == 204
    assert status(bearer(there.tokens.access)) == 401
    assert not session_is_live(socket)
    assert heard == [f"session:{there.session.sid}session_ended"]
    assert status(bearer(here.tokens.access)) == 200


def test_only_own_live_sessions_can_be_ended(
    mina: User, joon: User, log_in: LogIn, bearer: Bearer
) -> None:
    foreign, ended = log_in(joon).session.sid, log_in(mina).session.sid
    session_revoke(sid=ended)
    client = bearer(log_in(mina).tokens.access)
    before = AuditEntry.objects.count()

    for sid in (foreign, ended, uuid7()):
        assert client.delete(f"{URL}/{sid}").status_code == 404

    assert Session.objects.get(sid=foreign).revoked_at is None
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(("query", "left"), [("", 401), ("?keep_current=true", 200)])
def test_logging_out_everywhere(
    mina: User, joon: User, log_in: LogIn, bearer: Bearer, query: str, left: int
) -> None:
    others, ended = [log_in(mina), log_in(mina)], 3 if left == 401 else 2
    here, stranger = log_in(mina), log_in(joon)

    answer = bearer(here.tokens.access).delete(f"{URL}{query}")

    assert (answer.status_code, answer.json()) == (200, {"ended": ended})
    assert [status(bearer(other.tokens.access)) for other in others] == [401, 401]
    assert status(bearer(here.tokens.access)) == left
    assert status(bearer(stranger.tokens.access)) == 200
    entry = AuditEntry.objects.filter(account_db_key=mina.pk).order_by("-seq").first()
    assert entry is not None
    assert (entry.action, entry.details) == ("SESSIONS_ENDED", f'{{"count":{ended}}}')


def test_an_unclear_wish_ends_nothing(mina: User, log_in: LogIn, bearer: Bearer) -> None:
    client = bearer(log_in(mina).tokens.access)
    assert client.delete(f"{URL}?keep_current=maybe").status_code == 400
    assert status(client) == 200


@pytest.mark.parametrize("change", [{"password": "another"}, {"is_active": False}])
def test_a_log_in_that_began_before_the_door_was_closed_fails(
    mina: User, change: dict[str, Any]
) -> None:
    User.objects.filter(pk=mina.pk).update(**change)
    with pytest.raises(InvalidCredentialsError):
        session_open(user=mina, device=HOME)
    assert Session.objects.count() == 0


def test_ending_nothing_is_fine(mina: User) -> None:
    assert sessions_end(owner=mina, keep=UUID(int=0)) == 0


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Windows"),
        (SAFARI, "Safari on macOS"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/140.0 Safari/604.1",
            "Chrome on iPhone",
        ),
        ("curl/8.9.1", "curl"),
        ("", ""),
        ("something else", ""),
    ],
)
def test_programs_are_named_as_people_know_them(agent: str, name: str) -> None:
    assert device_name(agent) == name
