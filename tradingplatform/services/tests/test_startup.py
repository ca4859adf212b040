"""The ordered start and the full round trips."""

import copy
import logging
from typing import Any

import pytest

from tradingplatform.db.models import JobRun, ReplicaHeartbeat
from tradingplatform.errors import UnavailableError
from tradingplatform.services import override_services, services
from tradingplatform.services.cache import MemoryCache
from tradingplatform.services.models import StoredMessage
from tradingplatform.services.roundtrips import TRIPS, RoundTrip, round_trips
from tradingplatform.services.sms import SnsSms
from tradingplatform.services.startup import StepState, last_report, require, start
from tradingplatform.services.websocket import Callback, GapCallback
from tradingplatform.services.websocket.memory import MemoryBus
from tradingplatform.services.websocket.subscribers import Subscriber

pytestmark = pytest.mark.django_db(databases="__all__")


class DeadCache(MemoryCache):
    """A cache that is away and says so with its password."""

    def ping(self) -> None:
        message = "cannot reach redis://app:pa55word@cache:6379"
        raise UnavailableError(message)


class ForgetfulCache(MemoryCache):
    """A cache that answers pings and keeps nothing."""

    def set_many(self, values: Any, ttl_s: float) -> None:
        return


class DeafBus(MemoryBus):
    """A bus that takes messages and delivers none."""

    def subscribe(
        self, prefix: str, callback: Callback, *, on_gap: GapCallback | None = None
    ) -> Subscriber:
        return super().subscribe("never:", callback, on_gap=on_gap)


def _configure(settings: Any, **changes: dict[str, Any]) -> None:
    configured = copy.deepcopy(settings.SERVICES)
    for name, change in changes.items():
        configured[name].update(change)
    settings.SERVICES = configured


def test_start_goes_through_the_services_in_order(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    report = start()

    assert [step.name for step in report.steps] == [
        "logging",
        "configuration",
        "cache",
        "databases: database",
        "databases: migrations",
        "databases: server settings",
        "ai: ai_chat",
        "ai: external",
        "aws: storage",
        "aws: search",
        "aws: vector_db",
        "aws: email",
        "aws: sms",
        "coordination: lock",
        "coordination: scheduler",
        "coordination: queue",
        "coordination: websocket",
        "consumers: notification",
        "consumers: jobs",
    ]
    assert {step.state for step in report.steps} <= {StepState.OK, StepState.WARNING}
    assert report.failed == []
    assert last_report() is report
    lines = [vars(record) for record in caplog.records if record.message == "Start step"]
    assert [line["step"] for line in lines] == [step.name for step in report.steps]


def test_needed_service_that_is_down_stops_the_start_with_one_line() -> None:
    with override_services(cache=DeadCache()), pytest.raises(SystemExit) as stopped:
        start()

    line = str(stopped.value)
    assert line.startswith("Start stopped: cache (CACHE_URL) does not work: ")
    assert "\n" not in line
    assert "pa55word" not in line
    report = last_report()
    assert report is not None
    assert [step.name for step in report.failed] == ["cache"]
    assert report.steps[-1].name == "cache"


def test_required_service_can_be_asked_for_before_the_start() -> None:
    require("database")

    with override_services(cache=DeadCache()), pytest.raises(SystemExit, match="CACHE_URL"):
        require("cache")


def test_optional_service_that_is_down_only_degrades() -> None:
    with override_services(sms=SnsSms()):
        report = start()

    degraded = [step.name for step in report.steps if step.state is StepState.DEGRADED]
    assert degraded == ["aws: sms"]


def test_aws_backends_are_skipped_when_asked(settings: Any) -> None:
    settings.SKIP_AWS = True
    _configure(settings, storage={"AWS": True}, sms={"AWS": True})

    report = start()

    skipped = [step.name for step in report.steps if step.state is StepState.SKIPPED]
    assert skipped == ["aws: storage", "aws: sms"]


def test_mistyped_backend_stops_the_start(settings: Any) -> None:
    _configure(settings, sms={"BACKEND": "tradingplatform.services.sms.Pigeon"})

    with pytest.raises(SystemExit, match=r"configuration does not work.*Pigeon"):
        start()


@pytest.mark.parametrize(
    ("proxies", "state"), [([], StepState.WARNING), (["192.0.2.7/32"], StepState.OK)]
)
def test_https_without_a_trusted_proxy_is_one_warning(
    settings: Any, proxies: list[str], state: StepState
) -> None:
    settings.SECURE_SSL_REDIRECT, settings.TRUSTED_PROXIES = True, proxies

    (step,) = [step for step in start().steps if step.name == "configuration"]

    assert step.state is state
    assert ("TRUSTED_PROXIES" in step.text) is (state is StepState.WARNING)


def test_event_without_a_job_stops_the_start(settings: Any) -> None:
    settings.EVENT_JOBS = {**settings.EVENT_JOBS, "tests.happened": ("tests.no_such_job",)}

    with pytest.raises(SystemExit, match=r"no such job: tests\.no_such_job"):
        start()


def test_every_service_has_a_round_trip(settings: Any) -> None:
    assert set(TRIPS) == set(settings.SERVICES)


def test_round_trips_work_and_leave_nothing() -> None:
    trips = {trip.service: trip for trip in round_trips()}

    failed = {name: trip.detail for name, trip in trips.items() if trip.status != "ok"}
    assert failed == {}
    assert all(trip.ms >= 0 for trip in trips.values())
    done = {name: trips[name].detail for name in ("ai_chat", "email", "sms", "notification")}
    assert done == {
        "ai_chat": "planned, written",
        "email": "stored, read, deleted",
        "sms": "stored, read, deleted",
        "notification": "stored, read, deleted",
    }
    assert StoredMessage.objects.using("default").count() == 0
    assert JobRun.objects.using("default").count() == 0
    for alias in services.database.aliases():
        assert ReplicaHeartbeat.objects.using(alias).count() == 0


def _trip(name: str) -> RoundTrip:
    return next(trip for trip in round_trips() if trip.service == name)


def test_cache_that_keeps_nothing_is_found_out() -> None:
    with override_services(cache=ForgetfulCache()):
        trip = _trip("cache")

    assert trip.status == "failed"


def test_bus_that_delivers_nothing_is_found_out() -> None:
    with override_services(websocket=DeafBus()):
        trip = _trip("websocket")

    assert (trip.status, trip.detail) == ("failed", "The message did not come back in time.")


def test_backend_without_its_issue_says_so() -> None:
    with override_services(sms=SnsSms()):
        trip = _trip("sms")

    assert trip.status == "not_configured"


def test_aws_round_trips_are_skipped_when_asked(settings: Any) -> None:
    settings.SKIP_AWS = True
    _configure(settings, storage={"AWS": True})

    assert _trip("storage").status == "skipped"
