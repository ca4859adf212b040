"""Whatever dies under the feed: clients see old prices as old, and recover by themselves.

The production roles on MariaDB and a Redis of their own; one `MarketClient` that is never
started again follows quotes through every fault.
"""

import asyncio
from decimal import Decimal

import httpx2
import pytest

from market.types import Quote
from tests.feed_faults import (
    RECOVERED_S,
    STALE_MS,
    Witness,
    feed_dies,
    platform_on,
    redis_dies,
    redis_of_its_own,
    sockets_die,
    witness_of,
)
from tradingplatform.realtime.tests.support import eventually

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

SYMBOLS = ("005930", "AAPL", "000660")
SEED = """
from datetime import timedelta
from market.services import sample_market_load
from tradingplatform.clock import now
sample_market_load(since=now().date() - timedelta(days=7))
"""
STEP_MAX = Decimal("0.02")


@pytest.fixture
def redis(tmp_path):
    with redis_of_its_own(tmp_path) as running:
        yield running


@pytest.fixture
def platform(redis, tmp_path):
    with platform_on(redis, tmp_path, SEED) as running:
        yield running


def jumps(heard: list[Quote]) -> list[str]:
    """Return where a price moved further than the sample market walks."""
    found, last = [], dict[str, Quote]()
    for quote in heard:
        before = last.get(quote.symbol, quote)
        if abs(quote.price / before.price - 1) > STEP_MAX:
            found.append(f"{quote.symbol} jumped from {before.price} to {quote.price}")
        last[quote.symbol] = quote
    return found


def test_clients_see_staleness_and_recover_without_a_restart(platform, redis) -> None:
    async def live_through_it() -> Witness:
        async with witness_of(platform, SYMBOLS) as witness:
            await feed_dies(platform, witness)
            await eventually(witness.is_live, timeout_s=RECOVERED_S)
            redis.wipe()
            await eventually(witness.is_live, timeout_s=RECOVERED_S)
            await redis_dies(redis, witness)
            await eventually(witness.is_live, timeout_s=RECOVERED_S)
            await sockets_die(platform, witness)
            await eventually(witness.is_live, timeout_s=RECOVERED_S)
            return witness

    try:
        witness = asyncio.run(live_through_it())
    except TimeoutError:
        pytest.fail(platform.output())

    assert witness.went_back() + jumps(witness.heard) == [], platform.output()
    alive = {name: role.is_running for name, role in platform.roles.items()}
    assert alive == {"web": True, "ws": True, "feed": True}
    quotes = httpx2.get(
        f"{platform.url}/api/market/quotes", params={"symbols": ",".join(SYMBOLS)}, timeout=20
    ).json()["results"]
    assert all(row["age_ms"] < STALE_MS for row in quotes)
    assert {row["symbol"]: row["source"] for row in quotes} == dict.fromkeys(SYMBOLS, "SAMPLE")
