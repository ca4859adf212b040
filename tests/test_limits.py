"""Without a limiter what guards money and log-ins is shut, and all the rest is open."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.services import Device, user_log_in, user_sign_up
from tradingplatform.api.policy import POLICY, URGENT, Access, Route, routes
from tradingplatform.errors import UnavailableError
from tradingplatform.services import override_services
from tradingplatform.services.cache import MemoryCache

pytestmark = pytest.mark.django_db(databases="__all__")
PASSWORD = "correct horse battery"
HOME = Device(ip="127.0.0.1", user_agent="pytest")
ID = "01a21487-0f9a-7002-8df4-886814d6fb31"
# Written down beside the code on purpose: whoever moves a path out of here must say so.
SHUT = {
    ("account-pages:log-in", "POST"),
    ("account-pages:new-password", "POST"),
    ("account-pages:reset-password", "POST"),
    ("account-pages:sign-up", "POST"),
    ("account-pages:verify-email", "POST"),
    ("accounts:broker-key-test", "POST"),
    ("accounts:close", "POST"),
    ("accounts:email-confirm", "POST"),
    ("accounts:export", "POST"),
    ("accounts:export-download", "GET"),
    ("accounts:login", "POST"),
    ("accounts:login-otp", "POST"),
    ("accounts:otp", "DELETE"),
    ("accounts:otp", "POST"),
    ("accounts:otp-backup-codes", "POST"),
    ("accounts:otp-confirm", "POST"),
    ("accounts:otp-verify", "POST"),
    ("accounts:password-change", "POST"),
    ("accounts:password-reset", "POST"),
    ("accounts:password-reset-confirm", "POST"),
    ("accounts:signup", "POST"),
    ("accounts:token-refresh", "POST"),
    ("pages:portfolio-create", "POST"),
    ("portfolio:cash", "POST"),
    ("portfolio:order", "PATCH"),
    ("portfolio:orders", "POST"),
    ("portfolio:portfolios", "POST"),
}


class DownCache(MemoryCache):
    """A cache that remembers nothing new and counts nothing, as RedisCache without Redis."""

    def get_many(self, keys: Any) -> dict[str, Any]:
        return {}

    def set_many(self, values: Any, ttl_s: float) -> None:
        return

    def incr(self, key: str, ttl_s: float, amount: int = 1) -> int:
        raise UnavailableError("The cache is out of reach.", retry_after_s=2)

    def add(self, key: str, value: object, ttl_s: float) -> bool:
        raise UnavailableError("The cache is out of reach.", retry_after_s=2)


def path_of(route: Route) -> str:
    path = re.sub(r"<uuid:[a-z_]+>", ID, route.path)
    return re.sub(r"<[a-z]+:[a-z_]+>", "AAPL", path).partition("(?")[0]


CALLS = [
    (route.name, method, path_of(route))
    for route in routes()
    for method, access in POLICY.get(route.name, {}).items()
    if access is not Access.INTERNAL and not route.name.startswith("health")
]


@pytest.fixture
def client() -> Client:
    """Return a browser that is logged in on the pages and on the API."""
    user_sign_up(email="mina@example.com", password=PASSWORD, nickname="Mina")
    tokens = user_log_in(email="mina@example.com", password=PASSWORD, device=HOME).tokens
    client = Client(
        raise_request_exception=False, headers={"Authorization": f"Bearer {tokens.access}"}
    )
    client.post("/log-in", {"email": "mina@example.com", "password": PASSWORD})
    return client


def ask(client: Client, method: str, path: str) -> Any:
    kind = "application/json" if path.startswith("/api") else "multipart/form-data; boundary=x"
    return client.generic(
        method, path, b"{}" if path.startswith("/api") else b"--x--\r\n", content_type=kind
    )


@pytest.mark.parametrize(("name", "method", "path"), CALLS)
def test_without_a_limiter_money_and_log_in_are_shut_and_reads_open(
    client: Client, name: str, method: str, path: str
) -> None:
    with override_services(cache=DownCache()):
        answer = ask(client, method, path)

    if (name, method) in SHUT:
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    elif method == "GET" or (name, method) in URGENT:
        # A page may still lack what it needs beside the limiter, but is not shut by it.
        assert answer.status_code < 500


def test_what_is_shut_and_what_is_urgent_exist() -> None:
    entries = {(name, method) for name, methods in POLICY.items() for method in methods}
    assert entries >= SHUT | URGENT
    assert not SHUT & URGENT


@pytest.mark.parametrize(("name", "method", "path"), CALLS)
def test_every_answer_shows_what_is_left_of_its_limit(
    client: Client, name: str, method: str, path: str
) -> None:
    answer = ask(client, method, path)
    limit, left, reset_s = (
        int(answer[f"RateLimit-{part}"]) for part in ("Limit", "Remaining", "Reset")
    )
    assert 0 <= left < limit
    assert 1 <= reset_s <= 60
