"""Limits are counted by the right caller and shown on every answer."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from tradingplatform.api.client_ip import rate_identity, resolve_client_ip
from tradingplatform.clock import now
from tradingplatform.errors import UnavailableError
from tradingplatform.services import override_services
from tradingplatform.services.cache import MemoryCache

pytestmark = pytest.mark.django_db(databases="__all__")
SignIn = Callable[[str], Client]
MINUTE = "2026-03-02T09:00:10Z"


class DownCache(MemoryCache):
    """A cache that nobody can reach."""

    def incr(self, key: str, ttl_s: float, amount: int = 1) -> int:
        raise UnavailableError("The cache is out of reach.", retry_after_s=2)

    def add(self, key: str, value: object, ttl_s: float) -> bool:
        raise UnavailableError("The cache is out of reach.", retry_after_s=2)


@pytest.fixture
def three_a_minute(settings: Any) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (3, 60))


@pytest.mark.usefixtures("three_a_minute")
def test_headers_count_down_and_the_fourth_is_refused(api: Client) -> None:
    with time_machine.travel(MINUTE, tick=False):
        answers = [api.get("/api/probe/echo") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer["RateLimit-Limit"] for answer in answers} == {"3"}
    assert {answer["RateLimit-Reset"] for answer in answers} == {"50"}
    assert answers[3]["Retry-After"] == "50"
    assert answers[3].json()["errorCode"] == "RATE_LIMITED"


@pytest.mark.usefixtures("three_a_minute")
def test_a_new_window_starts_afresh(api: Client) -> None:
    with time_machine.travel(MINUTE, tick=False) as clock:
        for _ in range(4):
            api.get("/api/probe/echo")
        clock.shift(50)
        assert api.get("/api/probe/echo").status_code == 200


@pytest.mark.usefixtures("three_a_minute")
def test_reads_and_writes_are_counted_apart(api: Client) -> None:
    with time_machine.travel(MINUTE, tick=False):
        for _ in range(3):
            api.get("/api/probe/echo")
        response = api.post("/api/probe/echo", {"amount": "1"}, content_type="application/json")
    assert (response.status_code, response["RateLimit-Remaining"]) == (200, "2")


def test_users_behind_one_address_are_counted_apart(signed_in: SignIn, settings: Any) -> None:
    mina, joon = signed_in("mina"), signed_in("joon")
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (1, 3600))
    with time_machine.travel(now(), tick=False):
        statuses = [client.get("/api/probe/who").status_code for client in (mina, joon, mina)]
    assert statuses == [200, 200, 429]


@pytest.mark.usefixtures("three_a_minute")
def test_a_forged_forwarded_address_changes_nothing(api: Client) -> None:
    with time_machine.travel(MINUTE, tick=False):
        answers = [
            api.get("/api/probe/echo", headers={"X-Forwarded-For": f"10.0.0.{number}"})
            for number in range(4)
        ]
    assert answers[-1].status_code == 429


@pytest.mark.usefixtures("three_a_minute")
def test_bad_tokens_are_counted(api: Client) -> None:
    with time_machine.travel(MINUTE, tick=False):
        statuses = [
            api.get("/api/probe/who", headers={"Authorization": "Bearer x"}).status_code
            for _ in range(4)
        ]
    assert statuses == [401, 401, 401, 429]


def test_without_a_counter_reads_stay_open_and_money_is_shut(signed_in: SignIn) -> None:
    client = signed_in("mina")
    with override_services(cache=DownCache()):
        read = client.get("/api/probe/money")
        write = client.post("/api/probe/echo", {"amount": "1"}, content_type="application/json")
        money = client.post("/api/probe/money", {"name": "a"}, content_type="application/json")
        login = client.post(
            "/api/account/login",
            {"email": "mina@example.com", "password": "correct horse battery"},
            content_type="application/json",
        )

    assert (read.status_code, write.status_code) == (200, 200)
    assert (money.status_code, login.status_code) == (503, 503)
    assert money["Retry-After"] == "2"
    assert client.get("/api/probe/money").json()["results"] == []


@pytest.mark.parametrize(
    ("_case", "peer", "forwarded_for", "trusted", "expected"),
    [
        ("no proxy", "8.8.8.8", "1.1.1.1", [], "8.8.8.8"),
        ("one proxy", "10.0.0.1", "1.1.1.1", ["10.0.0.0/8"], "1.1.1.1"),
        ("forged left part", "10.0.0.1", "127.0.0.1, 1.1.1.1", ["10.0.0.0/8"], "1.1.1.1"),
        ("two proxies", "10.0.0.1", "1.1.1.1, 10.0.0.2", ["10.0.0.0/8"], "1.1.1.1"),
        ("nobody forwarded", "10.0.0.1", "", ["10.0.0.0/8"], "10.0.0.1"),
        ("garbage", "10.0.0.1", "<x>", ["10.0.0.0/8"], "unknown"),
        ("untrusted peer", "9.9.9.9", "127.0.0.1", ["10.0.0.0/8"], "9.9.9.9"),
        ("mapped IPv4", "::ffff:8.8.8.8", "", [], "8.8.8.8"),
        ("IPv6 proxy", "fd00::1", "2001:db8::5", ["fd00::/8"], "2001:db8::5"),
    ],
)
def test_the_client_is_the_first_address_no_proxy_vouches_for(
    _case: str, peer: str, forwarded_for: str, trusted: list[str], expected: str
) -> None:
    address = resolve_client_ip(peer=peer, forwarded_for=forwarded_for, trusted=trusted)
    assert address == expected


def test_an_ipv6_site_is_one_caller() -> None:
    assert rate_identity("2001:db8:1:2:3::4") == rate_identity("2001:db8:1:2:ffff::1")
    assert rate_identity("2001:db8:1:2::1") != rate_identity("2001:db8:1:3::1")
    assert rate_identity("8.8.8.8") != rate_identity("8.8.8.9")
    assert rate_identity("nonsense") == "unknown"
