"""Whatever dies under the feed: clients see old prices as old, and recover by themselves.

The production roles on MariaDB and a Redis of their own; one `MarketClient` that is never
started again follows quotes through every fault.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import httpx2
import pytest

from market.client import MarketClient
from market.types import Quote
from tests.own_redis import OwnRedis, own_redis
from tests.roles import REDIS_VARIABLES, Platform
from tradingplatform.clock import now
from tradingplatform.realtime.tests.support import eventually

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

SYMBOLS = ("005930", "AAPL", "000660")
SEED = """
from datetime import timedelta
from market.services import sample_market_load
from tradingplatform.clock import now
sample_market_load(since=now().date() - timedelta(days=7))
"""
STALE_MS = 5_000
RECOVERED_S = 45
STEP_MAX = Decimal("0.02")


class Witness:
    """Follows quotes and notes what no client should ever see."""

    def __init__(self, client: MarketClient) -> None:
        self.client = client
        self.wrong: list[str] = []
        self._last: dict[str, Quote] = {}

    async def watch(self) -> None:
        async for quote in self.client.updates():
            last = self._last.get(quote.symbol)
            if last is not None:
                self._judge(last, quote)
            self._last[quote.symbol] = quote

    def _judge(self, last: Quote, quote: Quote) -> None:
        if (int(quote.epoch), quote.seq) <= (int(last.epoch), last.seq):
            self.wrong.append(f"{quote.symbol} went back to {quote.epoch}/{quote.seq}")
        if quote.received_at < last.received_at:
            self.wrong.append(f"{quote.symbol} grew older")
        if abs(quote.price / last.price - 1) > STEP_MAX:
            self.wrong.append(f"{quote.symbol} jumped from {last.price} to {quote.price}")

    def is_live(self) -> bool:
        """Whether every symbol has a price that was confirmed just now."""
        quotes = [self.client.quotes.get(symbol) for symbol in SYMBOLS]
        return all(quote is not None and quote.age_ms(now()) < STALE_MS for quote in quotes)

    def is_stale(self) -> bool:
        """Whether every symbol shows its age."""
        return all(self.client.quotes[symbol].age_ms(now()) >= STALE_MS for symbol in SYMBOLS)


@pytest.fixture
def redis(tmp_path):
    if not os.environ.get("DATABASE_GLOBAL_URL", "").startswith("mysql"):
        pytest.skip("needs MariaDB and Redis; `make test` starts them (TEST_TIER=real)")
    with own_redis(tmp_path) as running:
        yield running


@pytest.fixture
def platform(redis, tmp_path):
    urls = dict.fromkeys(REDIS_VARIABLES, redis.url)
    with Platform(tmp_path, **urls) as platform:
        platform.manage("migrate_all", "--verbosity=0")
        platform.manage("shell", "--verbosity=0", "--command", SEED)
        for name in ("web", "ws", "feed"):
            platform.start(name)
        platform.wait_until(lambda: is_ready(platform, "web") and is_ready(platform, "ws"))
        yield platform


def is_ready(platform: Platform, name: str) -> bool:
    try:
        url = f"http://127.0.0.1:{platform.ports[name]}/health/ready"
        return httpx2.get(url, timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


@asynccontextmanager
async def witness_of(platform: Platform) -> AsyncIterator[Witness]:
    async with MarketClient(f"{platform.socket_url}/ws/market") as client:
        witness = Witness(client)
        watching = asyncio.create_task(witness.watch())
        await client.subscribe(*SYMBOLS)
        await eventually(witness.is_live, timeout_s=RECOVERED_S)
        yield witness
        watching.cancel()


async def feed_dies(platform: Platform, witness: Witness) -> None:
    platform.roles["feed"].kill()
    await eventually(witness.is_stale, timeout_s=STALE_MS / 1000 + 2)
    platform.start("feed")
    await eventually(witness.is_live, timeout_s=RECOVERED_S)


async def redis_is_wiped(redis: OwnRedis, witness: Witness) -> None:
    redis.wipe()
    await eventually(witness.is_live, timeout_s=RECOVERED_S)


async def redis_dies(redis: OwnRedis, witness: Witness) -> None:
    redis.kill()
    await eventually(witness.is_stale, timeout_s=STALE_MS / 1000 + 2)
    redis.start()
    await eventually(witness.is_live, timeout_s=RECOVERED_S)


async def sockets_die(platform: Platform, witness: Witness) -> None:
    n_before = witness.client.n_connections
    platform.roles["ws"].kill()
    platform.start("ws")
    await eventually(lambda: witness.client.n_connections > n_before, timeout_s=RECOVERED_S)
    await eventually(witness.is_live, timeout_s=RECOVERED_S)


def test_clients_see_staleness_and_recover_without_a_restart(platform, redis) -> None:
    async def live_through_it() -> Witness:
        async with witness_of(platform) as witness:
            await feed_dies(platform, witness)
            await redis_is_wiped(redis, witness)
            await redis_dies(redis, witness)
            await sockets_die(platform, witness)
            return witness

    try:
        witness = asyncio.run(live_through_it())
    except TimeoutError:
        pytest.fail(platform.output())

    assert witness.wrong == [], platform.output()
    alive = {name: role.is_running for name, role in platform.roles.items()}
    assert alive == {"web": True, "ws": True, "feed": True}
    quotes = httpx2.get(
        f"{platform.url}/api/market/quotes", params={"symbols": ",".join(SYMBOLS)}, timeout=20
    ).json()["results"]
    assert all(row["age_ms"] < STALE_MS for row in quotes)
    assert {row["symbol"]: row["source"] for row in quotes} == dict.fromkeys(SYMBOLS, "SAMPLE")
