"""Whatever is sent to any operation: no 5xx, the error object, a documented status."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts.services import Device, user_log_in, user_sign_up
from tradingplatform.ids import uuid7

pytestmark = pytest.mark.django_db(databases="__all__")
DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
OPERATIONS = [
    (verb.upper(), path) for path, verbs in sorted(DOCUMENT["paths"].items()) for verb in verbs
]
PASSWORD = "correct horse battery"
PORTFOLIO = {
    "name": "Mine",
    "base_currency": "USD",
    "broker": "PAPER",
    "initial_cash": "10000",
}
JUNK = ["", "x", "0", "-1", "1e400", "NaN", "null", "\x00", "é" * 3, "가나다", "9" * 40, "a" * 3000]
BODIES: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("an empty object", b"{}"),
    ("a list", b"[]"),
    ("broken", b'{"a"'),
    ("not a number", b'{"quantity": NaN}'),
    ("deep", b'{"a":' * 500 + b"1" + b"}" * 500),
    ("100 kB", b'{"a": "' + b"x" * 100_000 + b'"}'),
]


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10**9, 60))


@pytest.fixture
def clients() -> dict[str, Client]:
    return {
        "anonymous": Client(raise_request_exception=False),
        "user": signed_in("mina"),
    }


def signed_in(name: str) -> Client:
    email = f"{name}@example.com"
    user_sign_up(email=email, password=PASSWORD, nickname=name)
    access = user_log_in(email=email, password=PASSWORD, device=Device()).tokens.access
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {access}"})


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


def check(response: Any, method: str, path: str) -> None:
    said = f"{method} {path} -> {response.status_code} {response.content[:300]!r}"
    assert response.status_code < 500, said
    assert str(response.status_code) in operation(method, path)["responses"], said
    if response.status_code >= 400:
        body = response.json()
        assert {"errorCode", "message", "sequence", "request_id"} <= set(body), said
        assert body["request_id"] == response["X-Request-ID"], said
    assert "X-Sequence" in response, said
    assert "RateLimit-Limit" in response, said


def filled(path: str, value: str) -> str:
    return re.sub(r"\{[^}]+\}", value, path)


@pytest.fixture
def owned(clients: dict[str, Client]) -> Callable[[str], str]:
    """Fill a path with things that the user has, so that checks behind them are reached too."""
    made = {
        "{portfolio_id}": ("/api/portfolio/portfolios", PORTFOLIO),
        "{room_id}": ("/api/chat/rooms", {"title": "Questions"}),
        "{watchlist_id}": ("/api/market/watchlists", {"name": "Mine"}),
    }
    ids = {"{symbol}": "AAPL"}
    for name, (url, body) in made.items():
        response = clients["user"].post(url, body, content_type="application/json")
        assert response.status_code == 201, response.content
        ids[name] = response.json()["id"]

    def fill(path: str) -> str:
        for name, value in ids.items():
            path = path.replace(name, value)
        return filled(path, str(uuid7()))

    return fill


def wrong_values(method: str, path: str) -> Iterator[dict[str, Any]]:
    """Return bodies in which each documented field has each kind of wrong value."""
    content = operation(method, path).get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    schema = DOCUMENT["components"]["schemas"].get(reference.rpartition("/")[2], {})
    names = list(schema.get("properties", {}))
    wrong: Any
    for wrong in (*JUNK, -1, 0, 1e308, 2**63, True, None, [], {}, [[]], {"a": {}}):
        if names:
            yield dict.fromkeys(names, wrong)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_odd_bodies(
    clients: dict[str, Client], owned: Callable[[str], str], method: str, path: str
) -> None:
    url = owned(path)
    for client in clients.values():
        for _, raw in BODIES:
            send = getattr(client, method.lower())
            if method == "GET":
                check(send(url), method, path)
            else:
                check(send(url, raw, content_type="application/json"), method, path)


@pytest.mark.parametrize(
    ("method", "path"), [entry for entry in OPERATIONS if any(wrong_values(*entry))]
)
def test_wrong_values_in_every_field(
    clients: dict[str, Client], owned: Callable[[str], str], method: str, path: str
) -> None:
    url = owned(path)
    for body in wrong_values(method, path):
        send = getattr(clients["user"], method.lower())
        check(send(url, body, content_type="application/json"), method, path)


@pytest.mark.parametrize(("method", "path"), [entry for entry in OPERATIONS if entry[0] == "GET"])
def test_odd_queries(
    clients: dict[str, Client], owned: Callable[[str], str], method: str, path: str
) -> None:
    url = owned(path)
    parameters = [
        entry["name"]
        for entry in operation(method, path).get("parameters", [])
        if entry["in"] == "query"
    ]
    for value in JUNK:
        for name in {*parameters, "limit", "cursor", "format", "unknown"}:
            check(clients["user"].get(url, {name: value}), method, path)


@pytest.mark.parametrize(("method", "path"), [entry for entry in OPERATIONS if "{" in entry[1]])
def test_odd_names_in_the_path(clients: dict[str, Client], method: str, path: str) -> None:
    for value in ("0", "x", "-", "%00", "%2e%2e", "%ff", "%EA%B0%80", "a" * 500):
        send = getattr(clients["user"], method.lower())
        response = send(filled(path, value))
        assert response.status_code < 500
        if response.status_code >= 400:
            assert response.json()["errorCode"]


@pytest.mark.parametrize(("method", "path"), [entry for entry in OPERATIONS if "_id}" in entry[1]])
def test_things_of_others_look_like_nothing(
    owned: Callable[[str], str], method: str, path: str
) -> None:
    stranger = signed_in("joon")
    answers = []
    for url in (owned(path), filled(path, str(uuid7()))):
        response = getattr(stranger, method.lower())(url, {}, content_type="application/json")
        # The answer may repeat what was asked for, and names the request.
        body = re.sub(r"[0-9a-f-]{36}", "(id)", response.content.decode())
        answers.append((response.status_code, body))
    theirs, nobodys = answers
    assert theirs == nobodys
    assert theirs[0] in ({404} if method in {"GET", "DELETE"} else {400, 404})
