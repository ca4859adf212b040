"""Each process says how many of its sockets follow what."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tradingplatform.realtime import hub as hub_module
from tradingplatform.realtime.hub import Hub
from tradingplatform.realtime.outlet import Outlet
from tradingplatform.realtime.subscriptions import NewestSubscription
from tradingplatform.realtime.tests.support import Quotes
from tradingplatform.realtime.tests.test_outlet import Pipe
from tradingplatform.services import services
from tradingplatform.services.audience import audience_counts


def follower(symbol: str) -> NewestSubscription:
    return NewestSubscription(
        stream=f"market:{symbol}",
        channel=f"market:{symbol}",
        source=Quotes(),
        outlet=Outlet(Pipe(room=9)),
    )


async def counted(wanted: dict[str, int], wait_until: Callable[..., None]) -> None:
    await asyncio.to_thread(wait_until, lambda: audience_counts() == wanted)


@pytest.mark.asyncio
async def test_sockets_that_come_and_go_are_counted(
    settings: Any, monkeypatch: Any, wait_until: Callable[..., None]
) -> None:
    settings.AUDIENCE_PREFIXES = ("market:",)
    monkeypatch.setattr(hub_module, "AUDIENCE_EVERY_S", 0.01)
    hub = Hub(asyncio.get_running_loop(), services.websocket)
    mina, joon = follower("AAPL"), follower("AAPL")
    other = NewestSubscription(
        stream="book:AAPL", channel="book:AAPL", source=Quotes(), outlet=Outlet(Pipe(room=9))
    )
    for subscription in (mina, joon, follower("MSFT"), other):
        hub.join(subscription)

    await hub.ready()
    await counted({"market:AAPL": 2, "market:MSFT": 1}, wait_until)
    hub.leave(mina)
    await counted({"market:AAPL": 1, "market:MSFT": 1}, wait_until)
    hub.close()


@pytest.mark.asyncio
async def test_nothing_is_counted_for_a_source_that_tells_everything() -> None:
    hub = Hub(asyncio.get_running_loop(), services.websocket)
    hub.join(follower("AAPL"))

    await hub.ready()
    await asyncio.sleep(0)

    assert hub._counting is None
    hub.close()
