"""The live feed on KIS, against an emulator that misbehaves in every way it knows."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson
import pytest
import time_machine
from django.db import connections

from market import demand
from market.books import books_cached
from market.demand import demand_note
from market.models import Instrument as Stored
from market.runners import feed_run
from market.tests.factories import instrument_make
from market.types import Quote
from tests.emulators.faults import BAD_TICKS
from tests.emulators.kis.emulator import KisEmulator, running_kis_emulator
from tests.emulators.kis.instruments import Instrument
from tests.emulators.kis.pointing import point
from tradingplatform.clock import now
from tradingplatform.db.models import Lease
from tradingplatform.services import override_services, services
from tradingplatform.services.audience import audience_tell
from tradingplatform.services.external.kis.multiplexer import FEED_STATE_KEY
from tradingplatform.services.external.live import LiveExternal

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.flow,
]

WITHIN_S = 2.0
MANY = 46
TRADING_HOURS = "2026-11-24T01:30:00+00:00"


@dataclass
class Client:
    """What somebody on a socket knows: the newest frame of each symbol, and all prices heard."""

    quotes: dict[str, Quote] = field(default_factory=dict)
    prices: set[tuple[str, Decimal]] = field(default_factory=set)
    backwards: list[str] = field(default_factory=list)

    def hear(self, _channel: str, payload: bytes) -> None:
        quote = Quote.from_payload(orjson.loads(payload)["data"])
        before = self.quotes.get(quote.symbol)
        if before is not None and before.epoch == quote.epoch and before.seq >= quote.seq:
            self.backwards.append(quote.symbol)
        self.quotes[quote.symbol] = quote
        self.prices.add((quote.symbol, quote.price))

    def equals(self, emulator: KisEmulator, *symbols: str) -> bool:
        for symbol in symbols:
            quote, line = self.quotes.get(symbol), emulator.line(symbol)
            if quote is None or (quote.price, quote.volume) != (line.last, line.volume):
                return False
        return True


@dataclass
class World:
    emulator: KisEmulator
    client: Client

    def settle(self, *symbols: str, within_s: float = WITHIN_S) -> float:
        """Wait until the client knows the truth; return how long it took."""
        started = time.monotonic()
        while not self.client.equals(self.emulator, *symbols):
            took = time.monotonic() - started
            if took > within_s:
                quote = self.client.quotes.get(symbols[0])
                line = self.emulator.line(symbols[0])
                known = quote and (quote.price, quote.volume)
                pytest.fail(f"after {took:.1f} s known {known}, true {line.last, line.volume}")
            demand_note(symbols)
            threading.Event().wait(0.02)
        return time.monotonic() - started


@pytest.fixture
def emulator() -> Iterator[KisEmulator]:
    with (
        time_machine.travel(TRADING_HOURS, tick=True),
        running_kis_emulator(ping_interval=1) as running,
    ):
        yield running


@pytest.fixture
def world(emulator: KisEmulator, settings: Any) -> Iterator[World]:
    point(settings, emulator)
    settings.MARKET_FEED = "kis"
    for symbol in ("005930", "000660", "AAPL"):
        instrument_make(symbol)
    with living(emulator) as one:
        yield one


@contextmanager
def living(emulator: KisEmulator) -> Iterator[World]:
    """Run the feed and somebody who listens."""
    demand.demand_forget()
    client, stop = Client(), threading.Event()
    with override_services(external=LiveExternal()):
        ear = services.websocket.subscribe("market:", client.hear)
        feed = threading.Thread(target=_feed, args=(stop,))
        feed.start()
        try:
            yield World(emulator, client)
        finally:
            stop.set()
            feed.join(20)
            ear.close()
            services.external.close()
    assert not feed.is_alive()


def _feed(stop: threading.Event) -> None:
    try:
        feed_run(stop)
    finally:
        connections.close_all()


def test_trades_of_both_markets_reach_the_client(world: World) -> None:
    world.settle("005930", "AAPL", within_s=15)
    world.emulator.truth.wait_for("subscribe", count=2)
    base = world.emulator.line("005930").base

    world.emulator.trade("005930", base + 100, 7)
    world.emulator.trade("AAPL", world.emulator.line("AAPL").base + 1, 3)
    world.settle("005930", "AAPL")

    quote = world.client.quotes["005930"]
    assert (quote.source, quote.base_price, quote.volume) == ("KIS", base, 7)
    assert (quote.change, quote.bid) == (Decimal(100), base + 100)
    assert world.client.backwards == []


def test_levels_of_indices_reach_the_client(world: World) -> None:
    world.settle("005930", within_s=15)
    index = world.emulator.market.indices["0001"]
    deadline = time.monotonic() + 15
    while "KOSPI" not in world.client.quotes and time.monotonic() < deadline:
        demand_note(["KOSPI"])
        threading.Event().wait(0.05)
    first = world.client.quotes["KOSPI"]
    assert (first.price, first.source, first.currency) == (index.last, "KIS", "KRW")
    world.emulator.truth.wait_for("subscribe", count=2)

    world.emulator.index("0001", "2662.75")
    while world.client.quotes["KOSPI"].price == first.price and time.monotonic() < deadline:
        demand_note(["KOSPI"])
        threading.Event().wait(0.05)

    quote = world.client.quotes["KOSPI"]
    assert (quote.price, quote.base_price) == (Decimal("2662.75"), index.base)
    assert (quote.bid, quote.ask) == (None, None)
    entries = world.emulator.truth.find("subscribe")
    assert ["H0UPCNT0", "0001"] in [one.data["tr"] for one in entries]
    assert not Stored.objects.filter(symbol="KR30", is_active=True).exists()


def test_more_symbols_than_registrations_are_polled_and_true(
    emulator: KisEmulator, settings: Any
) -> None:
    symbols = [f"9{number:05}" for number in range(MANY)]
    for symbol in symbols:
        emulator.market.list_instrument(
            Instrument(symbol, "EMU", "EMU", "KRX", Decimal(10_000), "EMU", 1_000)
        )
        instrument_make(symbol, exchange="KRX", currency="KRW")
    point(settings, emulator)
    settings.MARKET_FEED = "kis"
    with living(emulator) as world:
        world.settle(*symbols, within_s=40)
        emulator.truth.wait_for("subscribe", count=41, timeout=10)
        for symbol in symbols:
            emulator.trade(symbol, 10_100, 2)
        world.settle(*symbols, within_s=10)

        state = services.cache.get(FEED_STATE_KEY)
        (connection,) = state["connections"]
        assert (state["wanted"], state["polled"]) == (MANY, MANY - 41)
        assert (connection["registered"], connection["is_open"]) == (41, True)
        assert f"{MANY} wanted, {MANY - 41} polled" in services.external.describe()
    assert emulator.truth.find("refused") == []


BOOK_FAULTS = ("ws_gap", "ws_duplicate", "ws_reorder", "ws_malformed", "ws_bad_tick", "ws_cut")


def book_is_true(world: World, symbol: str) -> bool:
    """Whether the book that clients are told of is that of the emulator."""
    frame = books_cached([symbol]).get(symbol)
    with world.emulator.state.lock:
        asks, bids = world.emulator.market.book(symbol)
    # Of a US book the stream tells the best level, an answer over HTTP more.
    most = 1 if symbol == "AAPL" else 10
    told = frame and [
        [(Decimal(price), size) for price, size in frame["data"][side][:most]]
        for side in ("asks", "bids")
    ]
    return told == [[(one.price, one.quantity) for one in side[:most]] for side in (asks, bids)]


def test_order_books_that_somebody_follows_are_streamed_and_true(world: World) -> None:
    emulator = world.emulator
    followed = {"market:000660": 1, "book:005930": 1, "book:AAPL": 1}

    fault: str | None = None

    def until(check: Callable[[], bool], within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not check():
            assert time.monotonic() < deadline, (fault, books_cached(["005930", "AAPL"]))
            audience_tell("sockets", followed, for_s=10)
            threading.Event().wait(0.02)

    def registered() -> set[tuple[str, str]]:
        return {tuple(entry.data["tr"]) for entry in emulator.truth.find("subscribe")}

    until(lambda: {("H0STASP0", "005930"), ("HDFSASP0", "DNASAAPL")} <= registered(), 20)
    for fault in (None, *BOOK_FAULTS):
        if fault is not None:
            emulator.misbehave(fault, times=1, path="ASP0")
            emulator.walk(1, ["005930", "AAPL"])
        emulator.behave()
        emulator.walk(2, ["005930", "AAPL"])
        until(lambda: all(book_is_true(world, one) for one in ("005930", "AAPL")), 10)

    assert ("H0STASP0", "000660") not in registered()
    books = books_cached(["000660", "005930"])
    assert list(books) == ["005930"]
    frame = books["005930"]
    assert (frame["data"]["source"], len(frame["data"]["asks"])) == ("KIS", 10)


MISBEHAVIOURS: list[tuple[str, dict[str, Any]]] = [
    ("ws_gap", {"times": 1}),
    ("ws_gap", {"times": 5}),
    ("ws_duplicate", {"times": 3}),
    ("ws_reorder", {"times": 1}),
    ("ws_reorder", {"times": 3}),
    ("ws_cut", {"times": 1}),
    ("ws_close", {"times": 1}),
    ("ws_malformed", {"times": 3}),
    ("ws_extra_field", {"times": 3}),
    *(("ws_bad_tick", {"times": 2, "variant": name}) for name in BAD_TICKS),
    ("ws_early_notice", {"times": 1}),
    ("ping_silence", {"times": 3}),
    ("error", {"times": 1, "status": 500}),
    ("error", {"times": 1, "status": 429}),
    ("error", {"times": 1, "status": 500, "code": "EGW00201"}),
    ("error", {"times": 1, "status": 200, "code": "EGW00201"}),
    ("error", {"times": 1, "status": 500, "code": "IGW00007"}),
    ("error", {"times": 1, "status": 500, "code": "EGW00123"}),
    ("garbage", {"times": 1}),
    ("cut", {"times": 1}),
    ("slow", {"times": 2, "seconds": 0.5}),
    ("hang", {"times": 1, "path": "inquire-price"}),
    ("lost_answer", {"times": 1, "path": "inquire-price"}),
]


def test_after_each_misbehaviour_the_client_knows_the_truth_again(world: World) -> None:
    emulator = world.emulator
    world.settle("005930", "000660", within_s=15)
    emulator.truth.wait_for("subscribe", count=2)

    for kind, options in MISBEHAVIOURS:
        emulator.misbehave(kind, **options)
        emulator.walk(6, ["005930", "000660"])
        world.settle("005930", "000660")
        emulator.behave()
        world.settle("005930", "000660")

    told = {
        (entry.data["symbol"], Decimal(entry.data["price"]))
        for entry in emulator.truth.find("trade")
    }
    bases = {(symbol, emulator.line(symbol).base) for symbol in ("005930", "000660")}
    assert world.client.prices <= told | bases
    assert world.client.backwards == []


def test_a_connection_that_fell_silent_is_opened_again(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("tradingplatform.services.external.kis.socket.SILENCE_S", 2.0)
    world.settle("005930", within_s=15)
    world.emulator.truth.wait_for("subscribe", count=1)

    world.emulator.misbehave("ping_silence")

    world.emulator.truth.wait_for("subscribe", count=2, timeout=15)
    world.emulator.behave()
    world.emulator.trade("005930", world.emulator.line("005930").base + 100, 3)
    world.settle("005930")


def test_an_approval_key_that_ended_is_replaced(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("tradingplatform.services.external.kis.tokens.ISSUE_EVERY_S", 0.2)
    world.settle("005930", within_s=15)
    world.emulator.truth.wait_for("subscribe", count=1)
    # Its lease was taken before the minute was made short.
    Lease.objects.filter(name__startswith="kis.APPROVAL").update(expires_at=now())

    world.emulator.state.office.forget_approvals()
    world.emulator.drop_sockets()

    world.emulator.truth.wait_for("approval", count=2, timeout=15)
    world.emulator.truth.wait_for("subscribe", count=2, timeout=15)
    world.emulator.trade("005930", world.emulator.line("005930").base + 100, 3)
    world.settle("005930")


@pytest.mark.parametrize("loss", ["drop_sockets", "expire_tokens", "revoke_tokens"])
def test_what_is_lost_comes_back_by_itself(world: World, loss: str) -> None:
    world.settle("005930", within_s=15)
    world.emulator.truth.wait_for("subscribe", count=1)
    socketless = len(world.emulator.truth.find("subscribe"))

    getattr(world.emulator, loss)()
    world.emulator.trade("005930", world.emulator.line("005930").base + 100, 3)

    world.settle("005930")
    if loss == "drop_sockets":
        world.emulator.truth.wait_for("subscribe", count=socketless + 1)


def test_a_source_that_is_cut_vouches_for_nothing_and_recovers(world: World) -> None:
    emulator, client = world.emulator, world.client
    world.settle("005930", within_s=15)
    emulator.misbehave("ws_refuse")
    emulator.misbehave("hang", path="inquire-price")
    emulator.drop_sockets()
    emulator.truth.wait_for("socket_closed", count=1)
    known = client.quotes["005930"]
    emulator.trade("005930", known.price + 500, 1)

    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        demand_note(["005930"])
        threading.Event().wait(0.05)
    stale = client.quotes["005930"]
    assert stale.price == known.price
    assert stale.age_ms(now()) >= 2_000

    emulator.behave()
    world.settle("005930", within_s=12)
    assert client.quotes["005930"].price == known.price + 500


def test_a_connection_that_came_back_does_not_vouch_for_what_it_missed(world: World) -> None:
    emulator, client = world.emulator, world.client
    world.settle("005930", within_s=15)
    emulator.truth.wait_for("subscribe", count=1)
    emulator.misbehave("hang", path="inquire-price")
    emulator.misbehave("ws_refuse")
    emulator.drop_sockets()
    emulator.truth.wait_for("socket_closed", count=1)
    emulator.trade("005930", client.quotes["005930"].price + 500, 1)

    emulator.behave("ws_refuse")
    emulator.truth.wait_for("subscribe", count=2, timeout=15)
    registered_at = now()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        demand_note(["005930"])
        threading.Event().wait(0.05)
    missed = client.quotes["005930"]
    assert missed.price == emulator.line("005930").last - 500
    assert missed.received_at < registered_at

    emulator.behave()
    world.settle("005930", within_s=20)
