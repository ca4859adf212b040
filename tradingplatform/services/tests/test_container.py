"""The registry of services and its start-up check."""

import copy
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tradingplatform.services import ServiceContainer, override_services, services
from tradingplatform.services.cache import MemoryCache
from tradingplatform.services.checks import EXPECTED, check_backends


class Probe:
    """A service that counts its life."""

    def __init__(self, *, fails: str = "") -> None:
        self.fails = fails
        self.closed = 0

    def ping(self) -> None:
        if self.fails:
            raise ValueError(self.fails)

    def close(self) -> None:
        self.closed += 1
        if self.fails:
            raise ValueError(self.fails)

    def describe(self) -> str:
        return "probe"


def _services(**changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    from django.conf import settings

    return {**copy.deepcopy(settings.SERVICES), **changes}


def test_service_is_built_on_first_use_and_kept() -> None:
    container = ServiceContainer()
    assert container._built == {}

    assert container.cache is container.cache
    assert set(container._built) == {"cache"}


def test_every_property_has_a_backend_in_the_settings(settings: Any) -> None:
    assert sorted(settings.SERVICES) == EXPECTED


def test_unknown_service_is_a_configuration_error() -> None:
    with pytest.raises(ImproperlyConfigured, match="'telex'"):
        ServiceContainer()["telex"]


def test_override_lasts_for_its_block_only() -> None:
    before, replacement = services.cache, MemoryCache()

    with override_services(cache=replacement):
        assert services.cache is replacement

    assert services.cache is before


def test_service_built_during_an_override_is_kept_to_be_closed() -> None:
    container = ServiceContainer()

    with container.override(cache=MemoryCache()):
        bus = container.websocket

    assert container.websocket is bus
    assert set(container._built) == {"websocket"}
    container.close_all()


def test_override_ends_after_a_failure_too() -> None:
    before = services.cache

    with pytest.raises(ZeroDivisionError), override_services(cache=MemoryCache()):
        1 / 0  # noqa: B018 - for its exception

    assert services.cache is before


def test_ping_reports_time_and_error_without_raising() -> None:
    container = ServiceContainer()
    broken = Probe(fails="no answer from redis://user:pa55@cache:6379")
    with container.override(cache=Probe(), sms=broken):
        good, bad = container.ping("cache"), container.ping("sms")

    assert (good.ok, good.backend, good.error) == (True, "probe", "")
    assert good.ms >= 0
    assert bad.ok is False
    assert bad.error == "ValueError: no answer from redis://[hidden]@cache:6379"


def test_ping_reports_a_backend_that_cannot_be_built(settings: Any) -> None:
    settings.SERVICES = _services(cache={"BACKEND": "nowhere.Cache"})

    ping = ServiceContainer().ping("cache")

    assert ping.ok is False
    assert ping.error.startswith("ModuleNotFoundError")


def test_close_all_closes_each_once_although_one_fails(caplog: pytest.LogCaptureFixture) -> None:
    container = ServiceContainer()
    broken, sound = Probe(fails="stuck"), Probe()
    container._built = {"sms": broken, "cache": sound}

    container.close_all()
    container.close_all()

    assert (broken.closed, sound.closed) == (1, 1)
    assert "A service failed to close" in caplog.text


def test_changed_settings_build_a_new_service(settings: Any) -> None:
    before = services.cache
    small = {
        "BACKEND": "tradingplatform.services.cache.MemoryCache",
        "OPTIONS": {"max_entries": 7},
    }
    settings.SERVICES = _services(cache=small)

    assert services.cache is not before
    assert services.cache.describe() == "in-process, 0 of at most 7 entries"


def test_configured_backends_pass_the_check() -> None:
    assert check_backends() == []


@pytest.mark.parametrize(
    ("_case", "config", "complaint"),
    [
        ("typo in the class", {"BACKEND": "tradingplatform.services.cache.Memory"}, "ImportError"),
        ("typo in the module", {"BACKEND": "tradingplatform.servises.X"}, "ModuleNotFoundError"),
        ("no backend", {}, "KeyError"),
        (
            "wrong option",
            {"BACKEND": "tradingplatform.services.cache.MemoryCache", "OPTIONS": {"size": 1}},
            "TypeError",
        ),
        ("not a service", {"BACKEND": "decimal.Decimal"}, "has no ping, close, describe"),
    ],
)
def test_wrong_backend_fails_the_check(
    settings: Any, _case: str, config: dict[str, Any], complaint: str
) -> None:
    settings.SERVICES = _services(cache=config)

    found = check_backends()

    assert [message.id for message in found] == ["tradingplatform.services.E002"]
    assert complaint in str(found[0].msg)


def test_forgotten_service_fails_the_check(settings: Any) -> None:
    configured = _services()
    del configured["lock"]
    settings.SERVICES = configured

    assert [message.id for message in check_backends()] == ["tradingplatform.services.E001"]
