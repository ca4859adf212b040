"""Socket processes tell a load balancer how they are."""

import asyncio
from collections.abc import Iterator

import httpx2
import pytest

from tradingplatform.errors import UnavailableError
from tradingplatform.health import reports
from tradingplatform.realtime.bridge import close_pool
from tradingplatform.realtime.tests.support import serving
from tradingplatform.routing import sockets_only
from tradingplatform.services import override_services
from tradingplatform.services.websocket.memory import MemoryBus

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.django_db(transaction=True, databases="__all__"),
]
READY = {"database": "ok", "cache": "ok", "websocket": "ok", "migrations": "ok"}


class DeadBus(MemoryBus):
    """A bus that is away, and counts who asks."""

    asked = 0

    def ping(self) -> None:
        self.asked += 1
        raise UnavailableError("The bus is away.")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(reports, "FRESH_S", 60.0)
    reports.socket_ready_checks.forget()
    yield
    reports.socket_ready_checks.forget()
    close_pool()


async def ask(path: str, times: int = 1) -> list[httpx2.Response]:
    async with serving(sockets_only) as url:
        base = url.replace("ws://", "http://")
        async with httpx2.AsyncClient(base_url=base, timeout=20) as client:
            return list(await asyncio.gather(*(client.get(path) for _ in range(times))))


async def test_a_socket_process_says_that_it_is_ready() -> None:
    (answer,) = await ask("/health/ready")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {"status": "ready", "checks": READY}


async def test_a_socket_process_without_its_bus_gets_no_sockets() -> None:
    bus = DeadBus()
    with override_services(websocket=bus):
        answers = await ask("/health/ready", times=12)
        (alive,) = await ask("/health/live")

    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].json() == {"status": "not ready", "checks": {**READY, "websocket": "failed"}}
    assert bus.asked == 1
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})


async def test_a_socket_process_has_no_pages() -> None:
    (answer,) = await ask("/health")

    assert answer.status_code == 404
    assert answer.json()["errorCode"] == "NOT_FOUND"
