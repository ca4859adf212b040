"""The event bus, in both backends."""

import threading
from collections.abc import Iterator

import pytest

from tradingplatform.errors import UnavailableError
from tradingplatform.services.tests.conftest import PrivateRedis
from tradingplatform.services.websocket import WebsocketBus
from tradingplatform.services.websocket.memory import MemoryBus
from tradingplatform.services.websocket.redis import RedisBus

WAIT_S = 10


class Listener:
    """Collects messages and lets the test wait for a number of them."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.gaps = 0
        self._changed = threading.Condition()

    def __call__(self, channel: str, payload: bytes) -> None:
        with self._changed:
            self.messages.append((channel, payload))
            self._changed.notify_all()

    def gap(self) -> None:
        with self._changed:
            self.gaps += 1
            self._changed.notify_all()

    def wait_for(self, count: int) -> list[tuple[str, bytes]]:
        with self._changed:
            self._changed.wait_for(lambda: len(self.messages) >= count, WAIT_S)
            return list(self.messages)

    def wait_for_gap(self) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self.gaps > 0, WAIT_S)
            return self.gaps


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.real)])
def bus(request: pytest.FixtureRequest) -> Iterator[WebsocketBus]:
    chosen: WebsocketBus
    if request.param == "memory":
        chosen = MemoryBus()
    else:
        chosen = RedisBus(url=request.getfixturevalue("redis_url"))
    yield chosen
    chosen.close()


def test_subscriber_hears_its_prefix_only(bus: WebsocketBus) -> None:
    market, rest = Listener(), Listener()
    bus.subscribe("market:", market)
    bus.subscribe("stream:42:", rest)

    bus.publish("market:AAPL", b"1")
    bus.publish("stream:7:user", b"not for us")
    bus.publish("stream:42:user", "주문".encode())

    assert market.wait_for(1) == [("market:AAPL", b"1")]
    assert rest.wait_for(1) == [("stream:42:user", "주문".encode())]


def test_messages_keep_their_order(bus: WebsocketBus) -> None:
    listener = Listener()
    bus.subscribe("market:", listener)

    bus.publish_many((f"market:{number % 3}", b"%d" % number) for number in range(50))

    assert [payload for _, payload in listener.wait_for(50)] == [b"%d" % n for n in range(50)]


def test_overlapping_prefixes_hear_each_message_once(bus: WebsocketBus) -> None:
    wide, narrow, twin = Listener(), Listener(), Listener()
    bus.subscribe("market:", wide)
    bus.subscribe("market:AAPL", narrow)
    bus.subscribe("market:AAPL", twin)

    bus.publish("market:AAPL", b"1")
    bus.publish("market:MSFT", b"2")

    assert wide.wait_for(2) == [("market:AAPL", b"1"), ("market:MSFT", b"2")]
    assert narrow.wait_for(1) == [("market:AAPL", b"1")]
    assert twin.wait_for(1) == [("market:AAPL", b"1")]


def test_closed_subscription_is_silent(bus: WebsocketBus) -> None:
    gone, staying = Listener(), Listener()
    subscription = bus.subscribe("market:", gone)
    bus.subscribe("market:", staying)

    subscription.close()
    subscription.close()
    bus.publish("market:AAPL", b"1")

    assert staying.wait_for(1) == [("market:AAPL", b"1")]
    assert gone.messages == []


def test_failing_listener_does_not_silence_the_others(
    bus: WebsocketBus, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_channel: str, _payload: bytes) -> None:
        message = "broken listener"
        raise ValueError(message)

    listener = Listener()
    bus.subscribe("market:", broken)
    bus.subscribe("market:", listener)

    bus.publish("market:AAPL", b"1")
    bus.publish("market:AAPL", b"2")

    assert len(listener.wait_for(2)) == 2
    assert "A bus listener failed" in caplog.text


@pytest.mark.parametrize("prefix", ["odd*[a]?", "back\\slash", "a^b-c"])
def test_special_characters_are_plain_text(bus: WebsocketBus, prefix: str) -> None:
    listener = Listener()
    bus.subscribe(prefix, listener)

    bus.publish("oddXa", b"must not match")
    bus.publish(f"{prefix}:1", b"1")

    assert listener.wait_for(1) == [(f"{prefix}:1", b"1")]


@pytest.mark.real
def test_two_processes_worth_of_buses_hear_each_other(redis_url: str) -> None:
    sender, receiver = RedisBus(url=redis_url), RedisBus(url=redis_url)
    listener = Listener()
    receiver.subscribe("market:", listener)

    sender.publish("market:005930", b"1")

    assert listener.wait_for(1) == [("market:005930", b"1")]
    sender.close()
    receiver.close()


@pytest.mark.real
def test_bus_subscribes_again_after_a_redis_restart_and_reports_the_gap(
    private_redis: PrivateRedis,
) -> None:
    bus, listener = RedisBus(url=private_redis.url), Listener()
    bus.subscribe("market:", listener, on_gap=listener.gap)
    bus.publish("market:AAPL", b"before")
    listener.wait_for(1)

    private_redis.stop()
    with pytest.raises(UnavailableError):
        bus.publish("market:AAPL", b"lost")
    private_redis.start()

    assert listener.wait_for_gap() == 1
    bus.ping()
    bus.publish("market:AAPL", b"after")
    assert [payload for _, payload in listener.wait_for(2)] == [b"before", b"after"]
    bus.close()


@pytest.mark.real
def test_subscription_made_while_redis_is_away_works_later(private_redis: PrivateRedis) -> None:
    bus, listener = RedisBus(url=private_redis.url), Listener()
    private_redis.stop()
    bus.subscribe("market:", listener, on_gap=listener.gap)

    private_redis.start()

    assert listener.wait_for_gap() == 1
    bus.publish("market:AAPL", b"1")
    assert listener.wait_for(1) == [("market:AAPL", b"1")]
    bus.close()


@pytest.mark.real
def test_closing_ends_the_listener_thread(redis_url: str) -> None:
    before = set(threading.enumerate())
    bus = RedisBus(url=redis_url)
    bus.subscribe("market:", Listener())
    bus.subscribe("stream:", Listener())
    (listener,) = set(threading.enumerate()) - before

    bus.close()

    assert listener.is_alive() is False
