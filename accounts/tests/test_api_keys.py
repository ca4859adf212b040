"""Keys for programs: what lets them in, and everything that keeps them out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.db import connections
from django.test import Client

from accounts.authentication import authenticate_socket
from accounts.models import ApiKey, AuditEntry, MailToken, User, UserApiKey
from accounts.services import LoggedIn
from accounts.services.api_keys import KeyTerms, NewApiKey, api_key_create
from accounts.services.mail_tokens import token_text
from accounts.services.verification import email_confirm
from accounts.tests.conftest import HOME, PASSWORD
from accounts.tests.factories import address_confirm
from tests.query_budget import query_budget
from tradingplatform.api.principal import Scope
from tradingplatform.errors import AuthenticationError

pytestmark = pytest.mark.django_db(databases="__all__")
JSON = "application/json"
KEYS = "/api/account/api-keys"
ROOMS = "/api/chat/rooms"
INSTRUMENTS = "/api/market/instruments"
PORTFOLIOS = "/api/portfolio/portfolios"
ALL = [scope.value for scope in Scope]


@pytest.fixture(autouse=True)
def account_routes(settings: Any) -> None:
    """Use the routes of the whole platform, since keys open most of them."""
    settings.ROOT_URLCONF = "tradingplatform.urls"


@pytest.fixture
def session(mina: User, log_in: Callable[[User], LoggedIn]) -> LoggedIn:
    address_confirm(mina)
    return log_in(mina)


def key_of(user: User, *scopes: str, **terms: Any) -> NewApiKey:
    return api_key_create(owner=user, name="bot", terms=KeyTerms(scopes=scopes or ALL, **terms))


def program(secret: str, **more: Any) -> Client:
    headers = {"Authorization": f"Api-Key {secret}"}
    return Client(raise_request_exception=False, headers=headers, **more)


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("errorCode", "")


def test_a_key_is_shown_once_and_opens_what_its_scope_says(browser: Client) -> None:
    wish = {"name": "My bot", "scopes": ["chat", "chat"], "allowed_ips": ["127.0.0.1"]}
    made = browser.post(KEYS, wish | {"password": PASSWORD}, content_type=JSON)
    assert made.status_code == 201
    secret = made.json()["key"]
    assert secret.startswith("tp_")
    assert len(secret) >= 46
    assert made.json()["scopes"] == ["chat"]
    assert made.json()["allowed_ips"] == ["127.0.0.1/32"]

    assert program(secret).get(ROOMS).status_code == 200
    assert program(secret).post(ROOMS, {"title": "t"}, content_type=JSON).status_code == 201

    listed = browser.get(KEYS)
    (row,) = listed.json()["results"]
    assert secret not in listed.content.decode()
    assert secret.startswith(row["prefix"])
    assert row["last_used_at"] is not None
    assert row["last_used_ip"] == "127.0.0.1"


def test_an_account_without_a_confirmed_address_gets_no_key(
    mina: User, log_in: Callable[[User], LoggedIn], bearer: Callable[[str], Client]
) -> None:
    client = bearer(log_in(mina).tokens.access)
    body = {"name": "bot", "scopes": ["chat"]}
    broker = {"provider": "FMP", "api_key": "x" * 20}

    refused = [
        client.post(KEYS, body, content_type=JSON),
        client.post("/api/account/broker-keys", broker, content_type=JSON),
    ]

    assert [code(answer) for answer in refused] == [(403, "EMAIL_UNVERIFIED")] * 2
    assert (ApiKey.objects.count(), UserApiKey.objects.count()) == (0, 0)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_who_confirms_the_address_gets_a_key_at_once(
    mina: User, log_in: Callable[[User], LoggedIn], bearer: Callable[[str], Client]
) -> None:
    client = bearer(log_in(mina).tokens.access)
    body = {"name": "bot", "scopes": ["chat"], "password": PASSWORD}
    assert client.post(KEYS, body, content_type=JSON).status_code == 403

    row = MailToken.objects.get(user=mina)
    email_confirm(token=token_text(row), device=HOME)

    assert client.post(KEYS, body, content_type=JSON).status_code == 201


def test_the_secret_is_not_in_the_database(mina: User) -> None:
    made = key_of(mina)
    row = ApiKey.objects.values().get()
    assert made.secret not in repr(row)
    assert made.secret[len(row["prefix"]) :] not in repr(row)


@pytest.mark.parametrize(
    ("scope", "opened"),
    [
        ("market:read", {"market"}),
        ("portfolio:read", {"portfolio"}),
        ("trade", set()),
        ("chat", {"chat"}),
    ],
)
def test_a_scope_opens_its_reads_only(mina: User, scope: str, opened: set[str]) -> None:
    client = program(key_of(mina, scope).secret)
    answers = {"market": INSTRUMENTS, "portfolio": PORTFOLIOS, "chat": ROOMS}
    for name, path in answers.items():
        response = client.get(path)
        if name in opened:
            assert response.status_code == 200
        else:
            assert code(response) == (403, "SCOPE_MISSING")


def test_orders_need_the_trade_scope(mina: User) -> None:
    path = f"{PORTFOLIOS}/{uuid4()}/orders"
    reader = program(key_of(mina, "portfolio:read").secret)
    refused = reader.post(path, {}, content_type=JSON)
    assert code(refused) == (403, "SCOPE_MISSING")
    assert refused.json()["details"] == {"required": "trade"}
    assert reader.get(path).status_code == 404

    trader = program(key_of(mina, "trade").secret)
    assert code(trader.post(path, {}, content_type=JSON))[0] == 400
    assert code(trader.get(path)) == (403, "SCOPE_MISSING")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/account/me"),
        ("post", "/api/account/logout"),
        ("post", "/api/account/ws-ticket"),
        ("get", KEYS),
        ("post", KEYS),
        ("delete", f"{KEYS}/{uuid4()}"),
        ("post", PORTFOLIOS),
        ("post", f"{PORTFOLIOS}/{uuid4()}/cash"),
        ("get", "/debug/services"),
    ],
)
def test_no_key_manages_an_account(mina: User, method: str, path: str) -> None:
    client = program(key_of(mina).secret)
    response = getattr(client, method)(path, {"name": "x", "scopes": ALL}, content_type=JSON)
    assert code(response) == (403, "PERMISSION_DENIED")
    assert ApiKey.objects.count() == 1


def test_the_key_of_an_operator_is_none(mina: User) -> None:
    User.objects.filter(pk=mina.pk).update(is_staff=True)
    client = program(key_of(mina).secret, REMOTE_ADDR="203.0.113.9")
    assert code(client.get("/debug/services")) == (403, "PERMISSION_DENIED")


def test_a_key_is_no_page_log_in_and_no_socket_token(mina: User) -> None:
    secret = key_of(mina).secret
    assert program(secret).get("/trade").status_code == 302
    for shown in ({"token": secret}, {"ticket": secret}, {"session_key": secret}):
        with pytest.raises(AuthenticationError):
            authenticate_socket(**shown)


def test_a_revoked_key_is_refused_by_the_next_request(mina: User, browser: Client) -> None:
    made = key_of(mina)
    client = program(made.secret)
    assert client.get(ROOMS).status_code == 200

    assert browser.delete(f"{KEYS}/{made.row.pk}").status_code == 204

    assert code(client.get(ROOMS)) == (401, "INVALID_API_KEY")
    assert browser.get(KEYS).json() == {"results": []}
    assert code(browser.delete(f"{KEYS}/{made.row.pk}")) == (404, "NOT_FOUND")


def test_nobody_sees_or_revokes_the_key_of_another(joon: User, browser: Client) -> None:
    made = key_of(joon)
    assert browser.get(KEYS).json() == {"results": []}
    assert code(browser.delete(f"{KEYS}/{made.row.pk}")) == (404, "NOT_FOUND")
    assert program(made.secret).get(ROOMS).status_code == 200


def test_the_life_of_a_key_is_in_the_audit_log(mina: User, browser: Client) -> None:
    made = key_of(mina, allowed_ips=["192.0.2.0/24"])
    for address in ("192.0.2.1", "192.0.2.2", "203.0.113.9", "203.0.113.9"):
        program(made.secret, REMOTE_ADDR=address).get(ROOMS)
    browser.delete(f"{KEYS}/{made.row.pk}")
    entries = AuditEntry.objects.filter(action__startswith="API_KEY").order_by("seq")
    assert [(entry.action, entry.ip) for entry in entries] == [
        ("API_KEY_MADE", ""),
        ("API_KEY_USED", "192.0.2.1"),
        ("API_KEY_REFUSED", "203.0.113.9"),
        ("API_KEY_REVOKED", "127.0.0.1"),
    ]
    assert all(entry.account_uid == mina.uid for entry in entries)
    assert made.secret not in repr(list(entries.values()))


def test_a_key_ends_in_time(mina: User) -> None:
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as clock:
        client = program(key_of(mina, expires_in_days=1).secret)
        clock.shift(86_399)
        assert client.get(ROOMS).status_code == 200
        clock.shift(1)
        assert code(client.get(ROOMS)) == (401, "INVALID_API_KEY")


def test_a_key_ends_with_its_account(mina: User) -> None:
    client = program(key_of(mina).secret)
    User.objects.filter(pk=mina.pk).update(is_active=False)
    assert code(client.get(ROOMS)) == (401, "INVALID_API_KEY")


@pytest.mark.parametrize(
    ("allowed", "address", "status"),
    [
        (["10.0.0.0/8"], "10.200.3.4", 200),
        (["10.0.0.0/8"], "11.0.0.1", 401),
        (["2001:db8::/32", "192.0.2.7"], "2001:db8::5", 200),
        (["2001:db8::/32", "192.0.2.7"], "192.0.2.8", 401),
        (["192.0.2.7"], "::ffff:192.0.2.7", 200),
        ([], "203.0.113.50", 200),
    ],
)
def test_addresses_outside_the_list_are_refused(
    mina: User, allowed: list[str], address: str, status: int
) -> None:
    made = key_of(mina, allowed_ips=allowed)
    response = program(made.secret, REMOTE_ADDR=address).get(ROOMS)
    assert response.status_code == status
    made.row.refresh_from_db()
    assert (made.row.last_used_at is not None) == (status == 200)


def test_a_forwarded_address_counts_only_from_a_trusted_proxy(mina: User) -> None:
    secret = key_of(mina, allowed_ips=["10.0.0.1"]).secret
    client = program(secret, REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="10.0.0.1")
    assert client.get(ROOMS).status_code == 401


@pytest.mark.parametrize("secret", ["", "tp_", "tp_" + "x" * 43, "x" * 5000, "tp_\udcff", "a b"])
def test_what_is_no_key_is_refused(mina: User, secret: str) -> None:
    key_of(mina)
    assert code(program(secret).get(ROOMS)) == (401, "INVALID_API_KEY")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"scopes": "trade"}, "scopes"),
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"allowed_ips": ["everywhere"]}, "allowed_ips"),
        ({"allowed_ips": ["10.0.0.1/8"]}, "allowed_ips"),
        ({"allowed_ips": ["10.0.0.1"] * 21}, "allowed_ips"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 366}, "expires_in_days"),
    ],
)
def test_bad_wishes_make_no_key(browser: Client, changes: dict[str, Any], field: str) -> None:
    wish = {"name": "bot", "scopes": ["chat"], "password": PASSWORD} | changes
    response = browser.post(KEYS, wish, content_type=JSON)
    assert code(response) == (400, "INVALID_INPUT")
    assert list(response.json()["details"]) == [field]
    assert ApiKey.objects.count() == 0


def test_a_key_has_a_rate_limit_of_its_own(mina: User, browser: Client) -> None:
    first, second = program(key_of(mina).secret), program(key_of(mina).secret)
    left = [int(client.get(ROOMS)["RateLimit-Remaining"]) for client in (first, first, second)]
    assert left == [left[0], left[0] - 1, left[0]]
    assert int(browser.get(ROOMS)["RateLimit-Remaining"]) == left[0]


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_eight_at_once_do_not_pass_the_limit(mina: User) -> None:
    for _ in range(settings.API_KEYS_MAX - 1):
        key_of(mina)
    start = Barrier(8)

    def race(_: int) -> bool:
        try:
            start.wait(timeout=20)
            key_of(mina)
        except Exception as error:  # noqa: BLE001 - every failure counts, the wrong one too
            return type(error).__name__ != "ApiKeyLimitError"
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(race, range(8))) == 1
    assert ApiKey.objects.count() == settings.API_KEYS_MAX


def test_the_document_names_the_scope(api: Client) -> None:
    paths = api.get("/api/schema").json()["paths"]
    assert paths["/api/chat/rooms"]["get"]["security"][-1] == {"api_key": ["chat"]}
    market = paths["/api/market/quotes"]["get"]["security"]
    assert market == [{}, {"api_key": ["market:read"]}]
    assert not any("api_key" in need for need in paths[KEYS]["post"]["security"])


def test_what_a_key_costs(mina: User, browser: Client) -> None:
    client = program(key_of(mina).secret)
    client.get(ROOMS)
    with query_budget("chat:rooms (API key)"):
        client.get(ROOMS)
    browser.get(KEYS)
    with query_budget("accounts:api-keys"):
        browser.get(KEYS)
