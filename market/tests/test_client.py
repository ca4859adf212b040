"""The client over the real server, with a source of quotes that the test speaks through."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
import pytest

from market import client as subject
from market.client import MarketClient, MarketRefusedError, backoff_s
from market.endings import stream_end
from market.models import Instrument
from market.quotes import quote_channel, quote_frame
from market.tests.factories import quote_make
from tradingplatform.clock import now
from tradingplatform.errors import NotFoundError
from tradingplatform.realtime.bridge import close_pool
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.sources import FrameHandler, Json, SocketPrincipal
from tradingplatform.realtime.tests.support import serving
from tradingplatform.services import services

pytestmark = pytest.mark.asyncio


class Market:
    """Quotes of any symbol but NOPE."""

    prefix = "market"
    conflate = True
    frames: Mapping[str, FrameHandler] = {}

    def __init__(self) -> None:
        self.epoch = "1"
        self.newest: dict[str, Json] = {}

    def tell(self, symbol: str, price: str, seq: int) -> None:
        instrument = Instrument(symbol=symbol, exchange="NASDAQ", currency="USD", source="SAMPLE")
        quote = quote_make(instrument, price, epoch=self.epoch, seq=seq)
        frame: Any = quote_frame(quote, now())
        self.newest[symbol] = frame
        services.websocket.publish(quote_channel(symbol), orjson.dumps(frame))

    def authorise(self, principal: SocketPrincipal | None, stream: str) -> None:
        if stream == "market:NOPE":
            raise NotFoundError("Unknown symbol.", stream=stream)

    def snapshot(self, principal: SocketPrincipal | None, stream: str) -> Sequence[Json]:
        frame = self.newest.get(stream.removeprefix("market:"))
        return [] if frame is None else [frame]

    def since(
        self, principal: SocketPrincipal | None, stream: str, epoch: str, seq: int
    ) -> Sequence[Json] | None:
        return self.snapshot(principal, stream)

    def channel(self, principal: SocketPrincipal | None, stream: str) -> str:
        return stream


@pytest.fixture
def market(settings, monkeypatch):
    settings.REALTIME_THREAD_SENSITIVE = False
    settings.REALTIME_POLICY = "market.tests.test_client.everybody"
    monkeypatch.setattr(subject, "BACKOFF_FIRST_S", 0.05)
    yield Market()
    close_pool()


def everybody(*_args: object, **_names: object) -> None:
    """Let everybody do everything."""


@pytest.fixture
def application(market):
    return StreamConsumer(market, anonymous=lambda: True)


def price_is(client, symbol, price):
    return lambda: symbol in client.quotes and client.quotes[symbol].price == Decimal(price)


async def test_snapshot_then_news(market, application):
    market.tell("AAPL", "100", 1)

    async with serving(application) as url, asyncio.timeout(10), MarketClient(url) as client:
        await client.subscribe("AAPL")
        await client.wait_for(price_is(client, "AAPL", "100"))
        market.tell("AAPL", "101", 2)
        await client.wait_for(price_is(client, "AAPL", "101"))

    assert client.quotes["AAPL"].seq == 2


async def test_updates_come_newest_first_for_a_slow_reader(market, application):
    async with serving(application) as url, asyncio.timeout(10), MarketClient(url) as client:
        await client.subscribe("AAPL", "MSFT")
        market.tell("AAPL", "100", 1)
        market.tell("AAPL", "102", 2)
        market.tell("MSFT", "50", 1)
        await client.wait_for(price_is(client, "MSFT", "50"))
        updates = client.updates()
        first, second = await anext(updates), await anext(updates)
        await updates.aclose()

    assert [(q.symbol, q.price) for q in (first, second)] == [("AAPL", 102), ("MSFT", 50)]


async def test_quotes_older_than_what_is_known_are_dropped(market, application):
    async with serving(application) as url, asyncio.timeout(10), MarketClient(url) as client:
        await client.subscribe("AAPL", "MSFT")
        market.tell("AAPL", "100", 5)
        await client.wait_for(price_is(client, "AAPL", "100"))
        market.tell("AAPL", "99", 4)
        market.tell("MSFT", "50", 1)
        await client.wait_for(price_is(client, "MSFT", "50"))
        assert client.quotes["AAPL"].price == 100
        market.epoch = "2"
        market.tell("AAPL", "98", 1)
        await client.wait_for(price_is(client, "AAPL", "98"))
        market.epoch = "0"
        market.tell("AAPL", "97", 9)
        market.tell("MSFT", "49", 9)
        market.epoch = "2"
        market.tell("MSFT", "51", 2)
        await client.wait_for(price_is(client, "MSFT", "51"))
        assert client.quotes["AAPL"].price == 98


async def test_after_a_loss_everything_wanted_is_joined_again(market, application):
    async with asyncio.timeout(20):
        async with serving(application) as url:
            client = MarketClient(url)
            await client.__aenter__()
            await client.subscribe("AAPL", "MSFT")
            market.tell("AAPL", "100", 1)
            await client.wait_for(price_is(client, "AAPL", "100"))
        await client.wait_for(lambda: not client.is_connected)
        await client.subscribe("KO")
        market.tell("AAPL", "105", 2)
        market.tell("KO", "60", 1)

        async with serving(application, int(url.rpartition(":")[2])):
            await client.wait_for(price_is(client, "AAPL", "105"))
            await client.wait_for(price_is(client, "KO", "60"))
            assert client.n_connections == 2
            await client.__aexit__(None, None, None)


async def test_symbols_that_are_refused_are_named(market, application):
    async with serving(application) as url, asyncio.timeout(10), MarketClient(url) as client:
        await client.subscribe("NOPE", "AAPL")
        market.tell("AAPL", "100", 1)
        await client.wait_for(lambda: "NOPE" in client.refused and "AAPL" in client.quotes)

    assert client.refused == {"NOPE": "NOT_FOUND"}


async def test_a_symbol_that_has_changed_is_given_up_and_named(market, application):
    market.tell("FB", "190", 1)
    async with serving(application) as url, MarketClient(url) as client:
        await client.subscribe("FB")
        await asyncio.wait_for(client.wait_for(lambda: "FB" in client.quotes), 10)
        stream_end("market:FB", "FB", "META")
        await asyncio.wait_for(client.wait_for(lambda: "FB" in client.refused), 10)

        assert client.refused == {"FB": "SYMBOL_CHANGED"}
        assert client.quotes == {}


async def test_left_symbols_are_forgotten(market, application):
    async with serving(application) as url, asyncio.timeout(10), MarketClient(url) as client:
        await client.subscribe("AAPL", "MSFT")
        market.tell("AAPL", "100", 1)
        await client.wait_for(price_is(client, "AAPL", "100"))
        await client.unsubscribe("AAPL")
        market.tell("AAPL", "101", 2)
        market.tell("MSFT", "50", 1)
        await client.wait_for(price_is(client, "MSFT", "50"))

    assert "AAPL" not in client.quotes


async def test_a_server_that_wants_no_such_client_is_left_alone(market):
    members_only = StreamConsumer(market)

    async with serving(members_only) as url, asyncio.timeout(10), MarketClient(url) as client:
        await client.subscribe("AAPL")
        with pytest.raises(MarketRefusedError) as caught:
            await anext(client.updates())

    assert (caught.value.code, client.n_connections) == (4401, 1)


async def test_a_silent_server_is_given_up(market, application, settings):
    settings.REALTIME_HEARTBEAT_S = 3600
    async with (
        serving(application) as url,
        asyncio.timeout(10),
        MarketClient(url, silence_max_s=0.3) as client,
    ):
        await client.wait_for(lambda: client.n_connections == 3)


async def test_the_wait_doubles_up_to_a_bound_with_full_jitter(monkeypatch):
    monkeypatch.setattr(subject, "BACKOFF_FIRST_S", 0.5)

    assert [backoff_s(attempt, 0.0) for attempt in (0, 5)] == [0.25, 0.25]
    assert [backoff_s(attempt, 1.0) for attempt in (0, 1, 2, 9, 99)] == [
        0.75,
        1.25,
        2.25,
        15.25,
        15.25,
    ]
