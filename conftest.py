"""Fixtures and guards that hold for every test of the project."""

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings as property_settings

LOCAL_HOSTS = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "", None}  # noqa: S104 - compared only
ID_CHARACTERS = 40
COUNTED = "counted: "
# How long one example takes says more about the machine than about the code.
property_settings.register_profile("project", deadline=None)
property_settings.load_profile("project")
REDIS_VARIABLES = ("CACHE_URL", "LOCK_URL", "WEBSOCKET_URL", "QUEUE_URL")


class NetworkReachedError(Exception):
    """A test tried to leave this machine."""


_connect = socket.socket.connect
_getaddrinfo = socket.getaddrinfo


def _guarded_connect(self: socket.socket, address: Any) -> None:
    if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in LOCAL_HOSTS:
        message = f"tests stay on this machine; refused {address[0]}:{address[1]}"
        raise NetworkReachedError(message)
    _connect(self, address)


def _guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if name not in LOCAL_HOSTS:
        message = f"tests stay on this machine; refused to look up {name}"
        raise NetworkReachedError(message)
    return _getaddrinfo(host, *args, **kwargs)


def pytest_configure(config: pytest.Config) -> None:
    # Nothing restores these: there is no moment at which a test may leave the machine.
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign,assignment]
    socket.getaddrinfo = _guarded_getaddrinfo


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    # Long texts are often made at random, and parallel workers must agree on every name.
    return argname if isinstance(val, str | bytes) and len(val) > ID_CHARACTERS else None


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Count what a test went through; sums stand at the end of the run."""
    return lambda what, number: record_property(f"{COUNTED}{what}", number)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    sums: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, number in report.user_properties if report.when == "call" else ():
            if name.startswith(COUNTED):
                sums[name.removeprefix(COUNTED)] += number
    for what, number in sorted(sums.items()):
        terminalreporter.write_line(f"{what}: {number:,}")


@pytest.fixture(autouse=True)
def shard_map_seeded(request: pytest.FixtureRequest) -> None:
    """Give each test that uses databases a full table_shard_config, read afresh."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        return
    request.getfixturevalue("_django_db_helper")
    databases = marker.kwargs.get("databases") or ["default"]
    if databases == "__all__" or "default" in databases:
        from tradingplatform.db.shards import shard_config_fill

        shard_config_fill()


@pytest.fixture(autouse=True)
def services_forgotten() -> Iterator[None]:
    """Close every service after a test, so that none sees what another one cached."""
    yield
    from django.core.cache import caches
    from django.core.cache.backends.locmem import LocMemCache

    from tradingplatform.services import services

    used = bool(services._built)
    services.close_all()
    for cache in caches.all(initialized_only=True):
        # On Redis clear() is FLUSHDB, which would empty the other workers' caches too.
        if isinstance(cache, LocMemCache):
            cache.clear()
    if used:
        _forget_redis()


def _forget_redis() -> None:
    """Delete the keys of this worker, which all begin with its own APP_ID."""
    from django.conf import settings

    from tradingplatform.services.redis_client import redis_client

    values = {os.environ.get(name, "") for name in REDIS_VARIABLES}
    urls = {value for value in values if value.startswith("redis")}
    for url in urls:
        with redis_client(url) as client:
            keys = list(client.scan_iter(match=f"{settings.APP_ID}:*", count=1000))
            if keys:
                client.delete(*keys)


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Wait for a condition that another thread or process brings about."""

    def wait(condition: Callable[[], object], timeout_s: float = 10) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                message = f"not within {timeout_s} s"
                raise AssertionError(message)
            threading.Event().wait(0.01)

    return wait
