"""Who is told what about the health of the platform."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from rest_framework.test import APIRequestFactory, force_authenticate

from tradingplatform.api.principal import Principal
from tradingplatform.errors import UnavailableError
from tradingplatform.health import reports
from tradingplatform.ids import uuid7
from tradingplatform.services import override_services, services
from tradingplatform.services.cache import MemoryCache
from tradingplatform.services.database import DjangoDatabase
from tradingplatform.services.runners import runners
from tradingplatform.services.sms import SnsSms
from tradingplatform.services.startup import start

pytestmark = pytest.mark.django_db(databases="__all__")
PUBLIC = ("/health", "/health/live", "/health/ready")
INTERNAL = ("/debug/services", "/test/quick", "/test/full", "/metrics")
OUTSIDE = "203.0.113.9"
SECRET = "pa55word"


class DeadCache(MemoryCache):
    """A cache that is away and says so with its password."""

    def ping(self) -> None:
        message = f"cannot reach redis://app:{SECRET}@cache:6379"
        raise UnavailableError(message)


class OldDatabase(DjangoDatabase):
    """Databases with migrations to apply."""

    def pending_migrations(self) -> dict[str, int]:
        return {"default": 2, "shard_1": 1}


@pytest.fixture(autouse=True)
def _fresh(settings: Any) -> Iterator[None]:
    # Only these addresses: what the apps serve has its own tests.
    settings.ROOT_URLCONF = "tradingplatform.health.urls"
    reports.needed_checks.forget()
    reports.ready_checks.forget()
    yield
    reports.needed_checks.forget()
    reports.ready_checks.forget()


@pytest.fixture
def inside() -> Client:
    return Client(REMOTE_ADDR="127.0.0.1")


@pytest.fixture
def outside() -> Client:
    return Client(REMOTE_ADDR=OUTSIDE)


@pytest.mark.parametrize("path", PUBLIC)
def test_probes_are_answered_to_everybody(outside: Client, path: str) -> None:
    answer = outside.get(path)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert outside.head(path).status_code == 200


def test_health_sums_up_what_is_needed(outside: Client, settings: Any) -> None:
    needed = {name for name, config in settings.SERVICES.items() if config["REQUIRED"]}

    assert outside.get("/health").json() == {
        "status": "ok",
        "version": settings.SPECTACULAR_SETTINGS["VERSION"],
        "checks": dict.fromkeys(sorted(needed, key=list(settings.SERVICES).index), "ok"),
    }


def test_health_says_which_part_failed_and_no_more(outside: Client) -> None:
    with override_services(cache=DeadCache()):
        answer = outside.get("/health")

    assert answer.status_code == 503
    assert answer.json()["status"] == "failed"
    assert answer.json()["checks"]["cache"] == "failed"
    assert SECRET not in answer.content.decode()


def test_optional_service_does_not_make_the_platform_ill(outside: Client) -> None:
    with override_services(sms=SnsSms()):
        assert outside.get("/health").status_code == 200


def test_live_does_not_depend_on_anything(outside: Client) -> None:
    with override_services(cache=DeadCache()):
        assert outside.get("/health/live").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("service", "replacement", "check", "state"),
    [
        ("cache", DeadCache(), "cache", "failed"),
        ("database", OldDatabase(), "migrations", "3 to apply"),
    ],
)
def test_unready_process_gets_no_requests(
    outside: Client, service: str, replacement: object, check: str, state: str
) -> None:
    assert outside.get("/health/ready").json()["status"] == "ready"
    reports.ready_checks.forget()

    with override_services(**{service: replacement}):
        answer = outside.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"][check] == state


def test_probes_ask_at_most_once_a_second(outside: Client) -> None:
    outside.get("/health")

    with override_services(cache=DeadCache()):
        assert outside.get("/health").status_code == 200
        reports.needed_checks.forget()
        assert outside.get("/health").status_code == 503


@pytest.mark.parametrize("path", INTERNAL)
def test_strangers_are_refused(outside: Client, path: str) -> None:
    answer = outside.get(path)

    assert answer.status_code == 401
    assert answer.json()["errorCode"] == "AUTHENTICATION_REQUIRED"


@pytest.mark.parametrize("path", INTERNAL)
@pytest.mark.parametrize(("is_operator", "status"), [(True, 200), (False, 403)])
def test_operators_are_let_in_from_anywhere_and_users_from_nowhere(
    path: str, is_operator: bool, status: int
) -> None:
    request = APIRequestFactory().get(path, REMOTE_ADDR=OUTSIDE)
    request.resolver_match = resolve(path)
    who = Principal(account_db_key=1, uid=uuid7(), session_id=uuid7(), is_operator=is_operator)
    force_authenticate(request, user=who)  # type: ignore[arg-type] # a Principal is no model

    assert request.resolver_match.func(request).status_code == status


@pytest.mark.parametrize("path", INTERNAL)
def test_forged_forwarding_does_not_help(outside: Client, path: str) -> None:
    answer = outside.get(path, headers={"X-Forwarded-For": "127.0.0.1"})

    assert answer.status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
def test_unknown_proxy_on_this_machine_does_not_make_the_world_internal(
    inside: Client, header: str
) -> None:
    assert inside.get("/debug/services", headers={header: OUTSIDE}).status_code == 401


def test_trusted_proxy_can_stand_for_an_internal_visitor(inside: Client, settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    settings.INTERNAL_NETWORKS = ["10.0.0.0/8"]

    answer = inside.get("/metrics", headers={"X-Forwarded-For": "10.1.2.3"})

    assert answer.status_code == 200


@pytest.mark.parametrize("path", INTERNAL)
def test_visitor_behind_a_trusted_proxy_is_not_internal(
    inside: Client, path: str, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1"]

    answer = inside.get(path, headers={"X-Forwarded-For": f"127.0.0.1, {OUTSIDE}"})

    assert answer.status_code == 401


@pytest.mark.parametrize("path", INTERNAL)
def test_internal_network_is_let_in(inside: Client, path: str) -> None:
    assert inside.get(path).status_code == 200


def test_internal_network_can_be_closed(inside: Client, settings: Any) -> None:
    settings.INTERNAL_NETWORKS = []

    assert inside.get("/debug/services").status_code == 401


def test_quick_test_lists_every_service_with_its_time(inside: Client, settings: Any) -> None:
    body = inside.get("/test/quick").json()

    assert body["status"] == "ok"
    assert [service["name"] for service in body["services"]] == list(settings.SERVICES)
    assert all(service["ok"] and service["ms"] >= 0 for service in body["services"])


def test_quick_test_fails_with_a_needed_service_and_hides_its_password(inside: Client) -> None:
    with override_services(cache=DeadCache()):
        answer = inside.get("/test/quick")

    assert answer.status_code == 503
    broken = [service for service in answer.json()["services"] if not service["ok"]]
    assert [service["name"] for service in broken] == ["cache"]
    assert SECRET not in answer.content.decode()


def test_full_test_makes_a_round_trip_through_every_service(inside: Client, settings: Any) -> None:
    body = inside.get("/test/full").json()

    assert body["status"] == "ok"
    assert [trip["service"] for trip in body["services"]] == list(settings.SERVICES)
    assert {trip["status"] for trip in body["services"]} == {"ok"}


def test_debug_shows_start_loops_and_queues(inside: Client) -> None:
    start()
    runners.started("relay")
    body = inside.get("/debug/services").json()
    runners.clear()

    assert body["start"]["steps"][0]["name"] == "logging"
    assert body["start"]["started_at"].endswith("+09:00")
    assert [runner["name"] for runner in body["runners"]] == ["relay"]
    assert set(body["queues"]) == {"orders", "user", "ai", "bulk"}
    assert body["late_jobs"] == []
    assert set(body["databases"]) == set(services.database.aliases())


def test_nothing_shown_holds_a_secret(inside: Client, settings: Any) -> None:
    start()
    text = "".join(inside.get(path).content.decode() for path in (*PUBLIC, *INTERNAL))

    passwords = [str(database.get("PASSWORD", "")) for database in settings.DATABASES.values()]
    for secret in (settings.SECRET_KEY, *filter(None, passwords)):
        assert secret not in text


def test_metrics_are_prometheus_text(inside: Client) -> None:
    inside.get("/test/quick")
    answer = inside.get("/metrics", headers={"Accept": "text/plain;version=0.0.4"})

    assert answer["Content-Type"].startswith("text/plain")
    assert 'platform_service_up{service="cache"} 1.0' in answer.content.decode()
