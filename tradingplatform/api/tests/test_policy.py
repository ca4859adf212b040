"""Nothing is open by accident: views, pages and the table itself."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.http import HttpRequest
from django.test import Client

from tradingplatform.api.policy import POLICY, Access, access_for, permits
from tradingplatform.api.principal import ANONYMOUS, Anonymous, Principal
from tradingplatform.clock import now

pytestmark = pytest.mark.django_db(databases="__all__")
SignIn = Callable[[str], Client]
USER = Principal(account_db_key=1, uid=uuid4(), session_id=uuid4())
OPERATOR = Principal(account_db_key=2, uid=uuid4(), session_id=uuid4(), is_operator=True)
INSIDE, OUTSIDE = "127.0.0.1", "203.0.113.9"


@pytest.mark.parametrize(
    ("access", "allowed"),
    [
        (Access.PUBLIC, {"anonymous", "inside", "user", "operator"}),
        (Access.USER, {"user", "operator"}),
        (Access.OPERATOR, {"operator"}),
        (Access.INTERNAL, {"inside", "operator"}),
        (None, set()),
    ],
)
def test_who_is_let_in(access: Access | None, allowed: set[str]) -> None:
    callers: dict[str, tuple[Principal | Anonymous, str]] = {
        "anonymous": (ANONYMOUS, OUTSIDE),
        "inside": (ANONYMOUS, INSIDE),
        "user": (USER, OUTSIDE),
        "operator": (OPERATOR, OUTSIDE),
    }
    let_in = {
        name for name, (who, address) in callers.items() if permits(access, who, address=address)
    }
    assert let_in == allowed


def test_an_unknown_address_is_not_inside() -> None:
    assert not permits(Access.INTERNAL, ANONYMOUS, address="unknown")


def test_head_follows_get_and_the_rest_is_denied() -> None:
    assert access_for("accounts:me", "HEAD") is Access.USER
    assert access_for("accounts:me", "POST") is None
    assert access_for("accounts:nothing", "GET") is None
    assert access_for("admin:index", "GET") is Access.OPERATOR


def test_a_view_without_an_entry_is_closed_to_everyone(signed_in: SignIn, api: Client) -> None:
    for client in (api, signed_in("mina")):
        response = client.get("/api/probe/nobody")
        assert (response.status_code, response.json()["errorCode"]) == (403, "PERMISSION_DENIED")


def test_anonymous_callers_get_401_where_signing_in_helps(api: Client) -> None:
    response = api.get("/api/probe/who")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert response.json()["errorCode"] == "AUTHENTICATION_REQUIRED"


def test_pages_are_held_to_the_table(api: Client, settings: Any) -> None:
    settings.LOGIN_URL = "/log-in"
    settings.INTERNAL_NETWORKS = ["10.0.0.0/8"]
    answers = {name: api.get(f"/page{name}") for name in ("", "/operator", "/internal", "/nobody")}
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "": 302,
        "/operator": 302,
        "/internal": 302,
        "/nobody": 403,
    }
    assert answers[""]["Location"] == "/log-in?next=/page"


def test_an_internal_page_is_open_inside(api: Client, settings: Any) -> None:
    settings.INTERNAL_NETWORKS = ["127.0.0.0/8"]
    assert api.get("/page/internal").content == b"page"


def as_user(request: HttpRequest) -> Principal:
    return USER


def test_a_user_sees_pages_of_users_only(api: Client, settings: Any) -> None:
    settings.PAGE_AUTHENTICATOR = "tradingplatform.api.tests.test_policy.as_user"
    settings.INTERNAL_NETWORKS = []
    statuses = {
        name: api.get(f"/page{name}").status_code
        for name in ("", "/operator", "/internal", "/nobody")
    }
    assert statuses == {"": 200, "/operator": 403, "/internal": 403, "/nobody": 403}


def test_strangers_cannot_flood_the_forms(
    api: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(POLICY, "probe-page", {"GET": Access.PUBLIC, "POST": Access.PUBLIC})
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (9, 3600)) | {"login": (2, 3600)}
    with time_machine.travel(now(), tick=False):
        posts = [api.post("/page") for _ in range(3)]
        reads = [api.get("/page") for _ in range(10)]
    assert [answer.status_code for answer in posts] == [200, 200, 429]
    assert [answer.status_code for answer in reads] == [200] * 9 + [429]
    assert [answer["RateLimit-Remaining"] for answer in (posts[0], reads[0])] == ["1", "8"]


def test_probes_are_never_refused(api: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = "tradingplatform.urls"
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (0, 3600))
    assert [api.get("/health/live").status_code for _ in range(3)] == [200] * 3
