"""Limits are counted by the right caller and shown on every answer."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from tradingplatform.api import metrics
from tradingplatform.api.client_ip import rate_identity, resolve_client_ip
from tradingplatform.api.principal import ANONYMOUS
from tradingplatform.api.tests.urls import HoldView
from tradingplatform.api.throttling import (
    TooManyConcurrentError,
    rate_count,
    request_admit,
    request_release,
    tries_counted,
)
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


def test_all_users_of_an_address_together_have_a_limit(signed_in: SignIn, settings: Any) -> None:
    clients = [signed_in(name) for name in ("mina", "joon", "hana")]
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (2, 3600))
    settings.RATE_LIMIT_SITE_FACTOR = 2
    with time_machine.travel(now(), tick=False):
        answers = [client.get("/api/probe/who") for client in clients for _ in range(2)]
        elsewhere = clients[2].get("/api/probe/who", REMOTE_ADDR="10.9.9.9")

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429, 429]
    # The tightest of the two windows is the one shown.
    assert [answer["RateLimit-Limit"] for answer in answers[:2]] == ["2", "2"]
    assert (answers[4]["RateLimit-Limit"], answers[4]["RateLimit-Remaining"]) == ("4", "0")
    assert elsewhere.status_code == 429  # hana has used her own two up by asking in vain


def test_an_ipv6_site_shares_its_limit(api: Client, settings: Any) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (2, 3600))
    with time_machine.travel(now(), tick=False):
        statuses = [
            api.get("/api/probe/echo", REMOTE_ADDR=f"2001:db8:1:2::{host}").status_code
            for host in ("1", "2", "ffff:1")
        ]
        neighbour = api.get("/api/probe/echo", REMOTE_ADDR="2001:db8:1:3::1")
    assert (statuses, neighbour.status_code) == ([200, 200, 429], 200)


@pytest.fixture
def held() -> Iterator[Callable[..., Future[HttpResponse]]]:
    """Start a request that waits in its view until ``HoldView.may_go``."""
    HoldView.may_go.clear()
    with ThreadPoolExecutor(8) as pool:

        def start(method: str = "get", **extra: str) -> Future[HttpResponse]:
            client = Client(raise_request_exception=False)
            future = pool.submit(getattr(client, method), "/api/probe/hold", **extra)
            assert HoldView.arrived.acquire(timeout=20)
            return future

        yield start
        HoldView.may_go.set()


def test_only_so_many_requests_of_a_caller_run_at_once(
    api: Client, settings: Any, held: Callable[..., Future[HttpResponse]]
) -> None:
    settings.CONCURRENCY_LIMITS = {"normal": 2, "urgent": 1}
    running = [held(), held()]

    refused = api.get("/api/probe/echo")
    elsewhere = api.get("/api/probe/echo", REMOTE_ADDR="10.9.9.9")

    assert (refused.status_code, refused["Retry-After"]) == (429, "1")
    assert refused.json()["errorCode"] == "TOO_MANY_CONCURRENT"
    assert refused.json()["details"] == {"limit": 2}
    assert "RateLimit-Remaining" in refused
    assert elsewhere.status_code == 200
    HoldView.may_go.set()
    assert [future.result(timeout=20).status_code for future in running] == [200, 200]
    assert api.get("/api/probe/echo").status_code == 200


def test_what_is_urgent_has_places_of_its_own(
    api: Client,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    held: Callable[..., Future[HttpResponse]],
) -> None:
    monkeypatch.setattr("tradingplatform.api.policy.URGENT", {("probe:hold", "DELETE")})
    settings.CONCURRENCY_LIMITS = {"normal": 1, "urgent": 1}
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"write": (0, 3600), "read": (1, 3600)}

    with time_machine.travel(now(), tick=False):
        held()
        assert api.get("/api/probe/echo").status_code == 429
        running = held("delete")
        second = api.delete("/api/probe/hold")

    assert second.json()["errorCode"] == "TOO_MANY_CONCURRENT"
    HoldView.may_go.set()
    assert running.result(timeout=20).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/probe/echo", 200),
        ("/api/probe/fail/bug", 500),
        ("/api/probe/fail/rule", 422),
        ("/api/probe/who", 401),
        ("/api/nowhere", 404),
        ("/page", 500),  # a middleware breaks: this small project has no page to log in
    ],
)
def test_every_exit_gives_its_place_back(
    api: Client, settings: Any, path: str, status: int
) -> None:
    settings.CONCURRENCY_LIMITS = {"normal": 1, "urgent": 1}
    assert [api.get(path).status_code for _ in range(3)] == [status] * 3


def test_a_killed_process_keeps_no_place(api: Client, settings: Any) -> None:
    settings.CONCURRENCY_LIMITS = {"normal": 1, "urgent": 1}
    with time_machine.travel(MINUTE, tick=False) as clock:
        with mock.patch("tradingplatform.api.middleware.request_release"):
            assert api.get("/api/probe/echo").status_code == 200
        statuses = []
        for _ in range(3):
            statuses.append(api.get("/api/probe/echo").status_code)
            clock.shift(60)
    assert statuses == [429, 429, 200]


def test_a_request_that_ends_in_the_next_span_frees_its_own(api: Client, settings: Any) -> None:
    settings.CONCURRENCY_LIMITS = {"normal": 1, "urgent": 1}
    request = RequestFactory().get("/api/probe/echo", REMOTE_ADDR="127.0.0.1")
    with time_machine.travel(MINUTE, tick=False) as clock:
        request_admit(request, ANONYMOUS, rate_class="read")
        clock.shift(60)
        assert api.get("/api/probe/echo").status_code == 429
        request_release(request)
        request_release(request)
        assert [api.get("/api/probe/echo").status_code for _ in range(2)] == [200, 200]


def test_eight_at_once_get_no_more_places_than_there_are(settings: Any) -> None:
    settings.CONCURRENCY_LIMITS = {"normal": 3, "urgent": 1}
    requests = [RequestFactory().get("/", REMOTE_ADDR="127.0.0.1") for _ in range(8)]
    start = Barrier(8)

    def admit(request: HttpRequest) -> bool:
        start.wait(timeout=20)
        try:
            request_admit(request, ANONYMOUS, rate_class="read")
        except TooManyConcurrentError:
            request_release(request)
            return False
        return True

    for _ in range(20):
        with ThreadPoolExecutor(8) as pool:
            admitted = sum(pool.map(admit, requests))
        # Those that are just being refused count too, so it may be fewer, never more.
        assert 1 <= admitted <= 3
        for request in requests:
            request_release(request)


def test_refusals_are_counted_and_logged_once_a_window(
    api: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (1, 3600))
    counter = metrics.LIMITED.labels("read", "rate")
    before = counter._value.get()
    with time_machine.travel(now(), tick=False):
        for _ in range(4):
            api.get("/api/probe/echo")
    assert counter._value.get() - before == 3
    assert caplog.messages.count("A caller is over a limit") == 1


class WrongError(Exception):
    pass


@pytest.mark.parametrize(
    ("end", "left"),
    [(WrongError(), 2), (ValueError(), 3), (UnavailableError("Away."), 3), (None, 3)],
)
def test_only_a_wrong_try_stays_counted(settings: Any, end: Exception | None, left: int) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"login_failures": (3, 60)}
    place = ("login_failures", "somebody")
    with time_machine.travel(MINUTE, tick=False):
        with (
            contextlib.suppress(WrongError, ValueError, UnavailableError),
            tries_counted([place], wrong=WrongError),
        ):
            if end is not None:
                raise end
        window = rate_count(rate_class="login_failures", identity="somebody", calls=0)
    assert window is not None
    assert window.remaining == left


def test_a_right_try_is_taken_back_from_the_window_that_it_was_counted_in(settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"login_failures": (3, 60)}
    place = ("login_failures", "somebody")
    with time_machine.travel(MINUTE, tick=False) as clock:
        with tries_counted([place], wrong=WrongError):
            clock.shift(60)
        window = rate_count(rate_class="login_failures", identity="somebody", calls=0)
    assert window is not None
    assert window.remaining == 3


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
        (
            "a chain forged in front",
            "10.0.0.1",
            "9.9.9.9, 1.1.1.1, 10.0.0.3, 10.0.0.2",
            ["10.0.0.0/8"],
            "1.1.1.1",
        ),
        ("all of them proxies", "10.0.0.1", "10.0.0.3, 10.0.0.2", ["10.0.0.0/8"], "10.0.0.3"),
        ("garbage behind a forgery", "10.0.0.1", "1.1.1.1, x", ["10.0.0.0/8"], "unknown"),
        ("empty hops", "10.0.0.1", " , ,1.1.1.1, ,", ["10.0.0.0/8"], "1.1.1.1"),
        ("with a port", "10.0.0.1", "1.1.1.1:4711", ["10.0.0.0/8"], "1.1.1.1"),
        ("IPv6 with a port", "10.0.0.1", "[2001:db8::5]:4711", ["10.0.0.0/8"], "2001:db8::5"),
        ("IPv6 in brackets", "10.0.0.1", "[2001:db8::5]", ["10.0.0.0/8"], "2001:db8::5"),
        ("mapped proxy", "::ffff:10.0.0.1", "1.1.1.1", ["10.0.0.0/8"], "1.1.1.1"),
        ("mapped client", "10.0.0.1", "::ffff:1.1.1.1", ["10.0.0.0/8"], "1.1.1.1"),
        ("octal digits", "10.0.0.1", "010.0.0.1", ["10.0.0.0/8"], "unknown"),
        ("no peer", "", "1.1.1.1", ["10.0.0.0/8"], "unknown"),
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
