"""The account endpoints, and the doors beside them: page cookies and sockets."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connections
from django.test import Client

from accounts.authentication import authenticate_socket, session_is_live
from accounts.errors import InvalidTokenError, SessionEndedError
from accounts.models import RefreshToken, Session, User
from accounts.services import LoggedIn, ws_ticket_issue
from accounts.tests.conftest import PASSWORD
from tests.query_budget import query_budget
from tradingplatform.errors import AuthenticationError

pytestmark = pytest.mark.django_db(databases="__all__")
JSON = "application/json"
NEW = {"email": "New@Example.com", "password": PASSWORD, "nickname": "새 사람"}
Bearer = Callable[[str], Client]
LogIn = Callable[[User], LoggedIn]


def post(client: Client, name: str, body: Any = None, **more: Any) -> Any:
    return client.post(f"/api/account/{name}", body or {}, content_type=JSON, **more)


def test_the_way_in_and_out(api: Client, bearer: Bearer) -> None:
    signed_up = post(api, "signup", NEW)
    assert signed_up.status_code == 201
    uid = str(User.objects.get().uid)
    assert signed_up.json() == {"uid": uid, "email": "new@example.com", "nickname": "새 사람"}

    tokens = post(api, "login", {"email": "new@example.com", "password": PASSWORD})
    assert tokens.status_code == 200
    assert set(tokens.json()) == {"access", "refresh", "expires_in"}
    assert tokens.json()["expires_in"] == 300

    client = bearer(tokens.json()["access"])
    me = client.get("/api/account/me")
    assert me.status_code == 200
    assert {
        "uid": uid,
        "email": "new@example.com",
        "nickname": "새 사람",
    }.items() <= me.json().items()

    refreshed = post(api, "token/refresh", {"refresh": tokens.json()["refresh"]})
    assert refreshed.status_code == 200
    assert bearer(refreshed.json()["access"]).get("/api/account/me").status_code == 200


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_log_out_ends_every_token_of_the_session(
    mina: User, log_in: LogIn, bearer: Bearer, api: Client
) -> None:
    tokens = log_in(mina).tokens
    client = bearer(tokens.access)
    assert client.get("/api/account/me").status_code == 200

    answer = post(client, "logout")

    assert (answer.status_code, answer.content) == (204, b"")
    for response in (
        client.get("/api/account/me"),
        post(client, "ws-ticket"),
        post(client, "logout"),
        post(api, "token/refresh", {"refresh": tokens.refresh}),
    ):
        assert (response.status_code, response.json()["errorCode"]) == (401, "SESSION_ENDED")


def test_the_answer_never_names_the_shard_key(api: Client, bearer: Bearer) -> None:
    User.objects.bulk_create([User(email="filler@example.com", nickname="Filler", pk=918273)])
    answers = [post(api, "signup", NEW)]
    answers.append(post(api, "login", {"email": NEW["email"], "password": PASSWORD}))
    access = answers[-1].json()["access"]
    answers.append(bearer(access).get("/api/account/me"))
    assert User.objects.get(email="new@example.com").pk == 918274
    assert all("918274" not in answer.content.decode() for answer in answers)


@pytest.mark.parametrize(
    ("_case", "changes", "fields"),
    [
        (
            "missing",
            {"email": None, "password": None, "nickname": None},
            ["email", "nickname", "password"],
        ),
        ("numbers", {"email": 5, "nickname": 12}, ["email"]),
        (
            "objects",
            {"email": {}, "password": [], "nickname": {}},
            ["email", "nickname", "password"],
        ),
        ("nul", {"nickname": "a\x00b"}, ["nickname"]),
        ("huge", {"email": "x" * 5000, "password": "y" * 5000}, ["email", "password"]),
        ("weak", {"password": "12345678"}, ["password"]),
        ("language", {"language": "fr"}, ["language"]),
        ("spaces kept", {"password": " " * 7}, ["password"]),
    ],
)
def test_bad_sign_ups_are_refused_by_field(
    api: Client, _case: str, changes: dict[str, Any], fields: list[str]
) -> None:
    body = {name: value for name, value in (NEW | changes).items() if value is not None}
    response = post(api, "signup", body)
    assert (response.status_code, response.json()["errorCode"]) == (400, "INVALID_INPUT")
    assert sorted(response.json()["details"]) == fields
    assert User.objects.count() == 0


def test_an_address_can_have_one_account(api: Client, mina: User) -> None:
    response = post(api, "signup", NEW | {"email": "MINA@example.com"})
    assert (response.status_code, response.json()["errorCode"]) == (409, "EMAIL_TAKEN")
    assert User.objects.count() == 1


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_eight_sign_ups_at_once_make_one_account() -> None:
    start = Barrier(8)

    def race(number: int) -> int:
        try:
            start.wait(timeout=20)
            client = Client(raise_request_exception=False, REMOTE_ADDR=f"10.0.0.{number}")
            return int(post(client, "signup", NEW).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(race, range(8))) == [201] + [409] * 7
    assert User.objects.count() == 1


def test_nobody_signs_up_as_an_operator(api: Client) -> None:
    more = {"is_staff": True, "is_superuser": True, "is_operator": True, "account_db_key": 7}
    assert post(api, "signup", NEW | more).status_code == 201
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.pk == 7) == (False, False, False)


def test_unknown_address_and_wrong_password_answer_alike(api: Client, mina: User) -> None:
    answers = [
        post(api, "login", {"email": email, "password": "wrong one"}).json()
        for email in (mina.email, "nobody@example.com")
    ]
    for answer in answers:
        assert answer.pop("request_id")
    assert answers[0] == answers[1]
    assert answers[0]["errorCode"] == "INVALID_CREDENTIALS"
    assert Session.objects.count() == 0


def test_the_sixth_guess_is_429(api: Client, mina: User) -> None:
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False):
        statuses = [
            post(api, "login", {"email": mina.email, "password": "wrong one"}).status_code
            for _ in range(5)
        ]
        response = post(api, "login", {"email": mina.email, "password": PASSWORD})
    assert statuses == [401] * 5
    assert (response.status_code, response["Retry-After"]) == (429, "300")


def test_a_stale_token_does_not_keep_anyone_from_logging_in(mina: User, bearer: Bearer) -> None:
    response = post(bearer("stale"), "login", {"email": mina.email, "password": PASSWORD})
    assert response.status_code == 200


@pytest.mark.parametrize("refresh", ["x", "", None, 5, {}, "x" * 900, "x" * 5000])
def test_bad_refresh_tokens_are_refused(
    api: Client, mina: User, log_in: LogIn, refresh: Any
) -> None:
    log_in(mina)
    response = post(api, "token/refresh", {"refresh": refresh})
    assert response.status_code in {400, 401}
    assert response.json()["errorCode"] in {"INVALID_INPUT", "INVALID_TOKEN"}
    assert RefreshToken.objects.filter(used_at__isnull=True).count() == 1


def test_an_access_token_is_no_refresh_token_and_the_reverse(
    api: Client, mina: User, log_in: LogIn, bearer: Bearer
) -> None:
    tokens = log_in(mina).tokens
    assert post(api, "token/refresh", {"refresh": tokens.access}).status_code == 401
    assert bearer(tokens.refresh).get("/api/account/me").status_code == 401


def test_an_expired_access_token_says_so(mina: User, log_in: LogIn, bearer: Bearer) -> None:
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as clock:
        client = bearer(log_in(mina).tokens.access)
        clock.shift(300)
        response = client.get("/api/account/me")
    assert (response.status_code, response.json()["errorCode"]) == (401, "TOKEN_EXPIRED")


# Pages


def page_client(*, csrf: bool = False) -> Client:
    client = Client(raise_request_exception=False, enforce_csrf_checks=False)
    answer = client.post("/page/log-in", {"email": "mina@example.com", "password": PASSWORD})
    assert answer.status_code == 200
    client.handler.enforce_csrf_checks = csrf
    return client


@pytest.fixture
def open_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    from tradingplatform.api.policy import POLICY, Access

    for name in ("log-in", "log-out", "django-log-out", "home"):
        monkeypatch.setitem(
            POLICY, f"test-page-{name}", {"GET": Access.PUBLIC, "POST": Access.PUBLIC}
        )


@pytest.mark.usefixtures("open_pages")
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_page_log_in_also_opens_the_api_until_log_out(mina: User) -> None:
    client = page_client()
    assert client.get("/api/account/me").json()["email"] == mina.email
    assert client.get("/page/home").content == str(mina).encode()
    old_cookie = client.cookies[settings.SESSION_COOKIE_NAME].value

    client.post("/page/log-out")

    assert client.get("/api/account/me").status_code == 401
    replayed = Client(raise_request_exception=False)
    replayed.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: old_cookie})
    assert replayed.get("/api/account/me").status_code == 401
    assert replayed.get("/page/home").content == b"AnonymousUser"


@pytest.mark.usefixtures("open_pages")
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_logging_out_by_django_alone_ends_the_session_too(mina: User) -> None:
    client = page_client()
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post("/page/django-log-out")
    assert Session.objects.get().revoked_at is not None
    with pytest.raises(SessionEndedError):
        authenticate_socket(session_key=cookie)


@pytest.mark.usefixtures("open_pages")
def test_a_cookie_write_needs_the_csrf_token(mina: User) -> None:
    client = page_client(csrf=True)
    assert client.get("/api/account/me").status_code == 200

    refused = post(client, "ws-ticket")
    assert (refused.status_code, refused.json()["errorCode"]) == (403, "CSRF_FAILED")

    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    assert post(client, "ws-ticket", headers={"X-CSRFToken": token}).status_code == 201


@pytest.mark.usefixtures("open_pages")
def test_a_bad_bearer_token_is_not_saved_by_a_cookie(mina: User) -> None:
    client = page_client()
    response = client.get("/api/account/me", headers={"Authorization": "Bearer x"})
    assert response.status_code == 401


@pytest.mark.usefixtures("open_pages")
def test_the_cookie_shows_nothing_and_cannot_be_changed(mina: User) -> None:
    from base64 import urlsafe_b64decode

    client = page_client()
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert b"platform_sid" not in urlsafe_b64decode(cookie.value)
    for changed in (cookie.value[:-2] + "AA", "x", "", "é", "A" * 9000):
        other = Client(raise_request_exception=False)
        other.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: changed})
        assert other.get("/api/account/me").status_code == 401


# Sockets


def test_sockets_take_a_token_a_ticket_or_a_cookie(mina: User, log_in: LogIn) -> None:
    logged_in = log_in(mina)
    ticket = ws_ticket_issue(sid=logged_in.session.sid)
    for principal in (
        authenticate_socket(token=logged_in.tokens.access),
        authenticate_socket(ticket=ticket),
    ):
        assert principal.session_id == logged_in.session.sid
        assert session_is_live(principal)


@pytest.mark.usefixtures("open_pages")
def test_a_socket_takes_the_page_cookie(mina: User) -> None:
    cookie = page_client().cookies[settings.SESSION_COOKIE_NAME].value
    assert authenticate_socket(session_key=cookie).pk == mina.pk


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"token": "x"},
        {"token": ""},
        {"ticket": "x"},
        {"session_key": "x"},
        {"session_key": "가"},
        {"token": "\ud800"},
    ],
)
def test_a_socket_without_good_credentials_is_refused(shown: dict[str, str]) -> None:
    with pytest.raises(AuthenticationError):
        authenticate_socket(**shown)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_socket_ends_with_its_session(mina: User, log_in: LogIn, bearer: Bearer) -> None:
    tokens = log_in(mina).tokens
    ticket = post(bearer(tokens.access), "ws-ticket").json()
    assert ticket["expires_in"] == 30
    principal = authenticate_socket(ticket=ticket["ticket"])

    post(bearer(tokens.access), "logout")

    assert not session_is_live(principal)
    with pytest.raises(SessionEndedError):
        authenticate_socket(token=tokens.access)
    with pytest.raises(InvalidTokenError):
        authenticate_socket(ticket=ticket["ticket"])


def test_endpoints_ask_the_database_as_often_as_written_down(
    api: Client, mina: User, log_in: LogIn, bearer: Bearer
) -> None:
    tokens = log_in(mina).tokens
    client = bearer(tokens.access)
    with query_budget("accounts:me (first call of a session)"):
        client.get("/api/account/me")
    with query_budget("accounts:me"):
        client.get("/api/account/me")
    with query_budget("accounts:ws-ticket"):
        post(client, "ws-ticket")
    with query_budget("accounts:login"):
        post(api, "login", {"email": mina.email, "password": PASSWORD})
    with query_budget("accounts:token-refresh"):
        post(api, "token/refresh", {"refresh": tokens.refresh})
    with query_budget("accounts:logout"):
        post(client, "logout")
