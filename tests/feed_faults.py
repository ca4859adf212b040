"""What can die under a feed, and a witness of what clients see of it meanwhile."""

import asyncio
import os
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx2
import pytest

from market.client import MarketClient
from market.types import Quote
from tests.own_redis import OwnRedis, own_redis
from tests.roles import REDIS_VARIABLES, Platform
from tradingplatform.clock import now
from tradingplatform.realtime.tests.support import eventually

STALE_MS = 5_000
RECOVERED_S = 45
SEEN_STALE_S = STALE_MS / 1000 + 2


class Witness:
    """Follows quotes over one client that is never started again."""

    def __init__(self, client: MarketClient, symbols: Collection[str]) -> None:
        self.client = client
        self.symbols = tuple(symbols)
        self.heard: list[Quote] = []

    async def watch(self) -> None:
        async for quote in self.client.updates():
            self.heard.append(quote)

    def is_live(self) -> bool:
        """Whether every symbol has a price that was confirmed just now."""
        quotes = [self.client.quotes.get(symbol) for symbol in self.symbols]
        return all(quote is not None and quote.age_ms(now()) < STALE_MS for quote in quotes)

    def is_stale(self) -> bool:
        """Whether every symbol shows its age."""
        quotes = [self.client.quotes[symbol] for symbol in self.symbols]
        return all(quote.age_ms(now()) >= STALE_MS for quote in quotes)

    def went_back(self) -> list[str]:
        """Return where a symbol was told something older than what it had been told before."""
        found, last = [], dict[str, Quote]()
        for quote in self.heard:
            before = last.get(quote.symbol, quote)
            last[quote.symbol] = quote
            if before is quote:
                continue
            if (int(quote.epoch), quote.seq) <= (int(before.epoch), before.seq):
                found.append(f"{quote.symbol} went back to {quote.epoch}/{quote.seq}")
            if quote.received_at < before.received_at:
                found.append(f"{quote.symbol} grew older")
        return found


@asynccontextmanager
async def witness_of(platform: Platform, symbols: Collection[str]) -> AsyncIterator[Witness]:
    """Follow symbols, from the moment at which each has a live price."""
    async with MarketClient(f"{platform.socket_url}/ws/market") as client:
        witness = Witness(client, symbols)
        watching = asyncio.create_task(witness.watch())
        await client.subscribe(*symbols)
        await eventually(witness.is_live, timeout_s=RECOVERED_S)
        yield witness
        watching.cancel()


@contextmanager
def redis_of_its_own(folder: Path) -> Iterator[OwnRedis]:
    """Run a Redis that may be killed; skips the test without MariaDB."""
    if not os.environ.get("DATABASE_GLOBAL_URL", "").startswith("mysql"):
        pytest.skip("needs MariaDB and Redis; `make test` starts them (TEST_TIER=real)")
    with own_redis(folder) as running:
        yield running


@contextmanager
def platform_on(redis: OwnRedis, folder: Path, seed: str, **environment: str) -> Iterator[Platform]:
    """Run web, sockets and feed on MariaDB and this Redis; `seed` is run before."""
    urls = dict.fromkeys(REDIS_VARIABLES, redis.url)
    with Platform(folder, **urls, **environment) as platform:
        platform.manage("migrate_all", "--verbosity=0")
        platform.manage("shell", "--verbosity=0", "--command", seed)
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


async def feed_dies(platform: Platform, witness: Witness) -> None:
    """Kill every process of the feed at once, see it, and start another."""
    platform.roles["feed"].kill()
    await eventually(witness.is_stale, timeout_s=SEEN_STALE_S)
    platform.start("feed")


async def redis_dies(redis: OwnRedis, witness: Witness) -> None:
    """Kill Redis with all it held, see it, and start it again."""
    redis.kill()
    await eventually(witness.is_stale, timeout_s=SEEN_STALE_S)
    redis.start()


async def sockets_die(platform: Platform, witness: Witness) -> None:
    """Kill the process that holds the sockets, and wait until the client has another."""
    n_before = witness.client.n_connections
    platform.roles["ws"].kill()
    platform.start("ws")
    await eventually(lambda: witness.client.n_connections > n_before, timeout_s=RECOVERED_S)
