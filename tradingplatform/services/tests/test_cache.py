"""The cache, in both backends."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis import ConnectionPool

from tradingplatform.errors import UnavailableError
from tradingplatform.ids import secret_token
from tradingplatform.services.cache import PAUSE_AFTER_FAILURE_S, Cache, MemoryCache, RedisCache
from tradingplatform.services.redis_client import redis_client
from tradingplatform.services.tests.conftest import PrivateRedis


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.real)])
def cache(request: pytest.FixtureRequest) -> Iterator[Cache]:
    chosen: Cache
    if request.param == "memory":
        chosen = MemoryCache()
    else:
        chosen = RedisCache(url=request.getfixturevalue("redis_url"))
    yield chosen
    for key in ("quote", "other", "count", "window"):
        chosen.delete(key)
    chosen.close()


@pytest.mark.parametrize(
    ("_case", "value"),
    [
        ("text", "삼성전자"),
        ("whole number", 7),
        ("nested", {"price": "71200", "seq": 3, "fields": ["open", None, True]}),
        ("falsy", 0),
    ],
)
def test_value_comes_back_as_it_was(cache: Cache, _case: str, value: object) -> None:
    cache.set("quote", value, 60)

    assert cache.get("quote") == value


def test_absent_key_is_none(cache: Cache) -> None:
    assert cache.get("nothing-here") is None


def test_stored_value_does_not_follow_later_changes(cache: Cache) -> None:
    value = {"seq": 1}
    cache.set("quote", value, 60)
    value["seq"] = 2

    assert cache.get("quote") == {"seq": 1}


def test_many_returns_only_what_is_there(cache: Cache) -> None:
    cache.set_many({"quote": 1, "other": 2}, 60)

    assert cache.get_many(["quote", "other", "missing"]) == {"quote": 1, "other": 2}
    assert cache.get_many([]) == {}


def test_deleted_value_is_gone(cache: Cache) -> None:
    cache.set("quote", 1, 60)
    cache.delete("quote")

    assert cache.get("quote") is None


def test_add_keeps_the_first_value(cache: Cache) -> None:
    assert cache.add("quote", "first", 60) is True
    assert cache.add("quote", "second", 60) is False
    assert cache.get("quote") == "first"


def test_incr_counts_and_reads_back(cache: Cache) -> None:
    assert [cache.incr("count", 60) for _ in range(3)] == [1, 2, 3]
    assert cache.incr("count", 60, amount=10) == 13
    assert cache.get("count") == 13


def test_incr_loses_no_step_between_threads(cache: Cache) -> None:
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: cache.incr("count", 60), range(200)))

    assert sorted(counts) == list(range(1, 201))


def test_value_that_is_not_json_is_refused(cache: Cache) -> None:
    with pytest.raises(TypeError):
        cache.set("quote", object(), 60)
    assert cache.get("quote") is None


class Timer:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.at_s = 1000.0

    def __call__(self) -> float:
        return self.at_s


def test_memory_value_ends_with_its_time() -> None:
    timer = Timer()
    cache = MemoryCache(timer=timer)
    cache.set("quote", 1, 10)

    timer.at_s += 9.5
    assert cache.get("quote") == 1
    timer.at_s += 0.5
    assert cache.get("quote") is None
    assert cache.add("quote", 2, 10) is True


def test_memory_counter_ends_after_its_first_use_not_its_last() -> None:
    timer = Timer()
    cache = MemoryCache(timer=timer)
    cache.incr("window", 10)

    timer.at_s += 9
    assert cache.incr("window", 10) == 2
    timer.at_s += 1
    assert cache.incr("window", 10) == 1


def test_memory_is_bounded_and_forgets_the_least_used() -> None:
    cache = MemoryCache(max_entries=3)
    cache.set_many({"a": 1, "b": 2, "c": 3}, 60)
    cache.get("a")
    cache.set("d", 4, 60)

    assert cache.get_many(["a", "b", "c", "d"]) == {"a": 1, "c": 3, "d": 4}


@pytest.mark.real
def test_redis_keys_follow_the_rule_and_end(redis_url: str, settings: Any) -> None:
    settings.APP_ID, settings.APP_ENV = "test_rule", "DEBUG"
    cache = RedisCache(url=redis_url)
    cache.set("quote:AAPL", 1, 30)
    cache.incr("count", 30)

    with redis_client(redis_url) as client:
        left = {key: client.ttl(key) for key in client.scan_iter("test_rule:*")}
    assert set(left) == {b"test_rule:DEBUG:cache:quote:AAPL", b"test_rule:DEBUG:cache:count"}
    assert all(0 < ttl <= 30 for ttl in left.values())
    cache.delete("quote:AAPL")
    cache.delete("count")
    cache.close()


@pytest.mark.real
def test_without_redis_reads_miss_and_counting_says_so(private_redis: PrivateRedis) -> None:
    cache = RedisCache(url=private_redis.url)
    cache.set("quote", 1, 60)
    assert cache.get("quote") == 1

    private_redis.stop()

    assert cache.get("quote") is None
    cache.set("quote", 2, 60)
    cache.delete("quote")
    with pytest.raises(UnavailableError):
        cache.incr("count", 60)
    with pytest.raises(UnavailableError):
        cache.add("quote", 2, 60)
    cache.close()


@pytest.mark.real
def test_cache_works_again_when_redis_is_back(private_redis: PrivateRedis) -> None:
    cache = RedisCache(url=private_redis.url)
    private_redis.stop()
    assert cache.get("quote") is None

    private_redis.start()
    cache.ping()

    cache.set("quote", 3, 60)
    assert cache.get("quote") == 3
    cache.close()


@pytest.mark.real
def test_frozen_redis_holds_up_one_caller_not_all(
    private_redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    timer, callers = Timer(), 0
    take = ConnectionPool.get_connection

    def counted(pool: ConnectionPool, *args: Any, **options: Any) -> Any:
        nonlocal callers
        callers += 1
        return take(pool, *args, **options)

    cache = RedisCache(url=private_redis.url, timer=timer)
    cache.set("quote", 1, 60)
    private_redis.freeze()
    monkeypatch.setattr(ConnectionPool, "get_connection", counted)

    for _ in range(100):
        assert cache.get("quote") is None
    assert callers == 1

    timer.at_s += PAUSE_AFTER_FAILURE_S
    for _ in range(100):
        assert cache.get("quote") is None
    assert callers == 2
    cache.close()


def test_places_are_limited_and_come_back(cache: Cache) -> None:
    key = f"places-{secret_token(6)}"
    assert cache.take_slot(key, "mina", most=2, hold_s=60) == 0
    assert cache.take_slot(key, "joon", most=2, hold_s=30) == 0

    wait_s = cache.take_slot(key, "sora", most=2, hold_s=60)
    assert 0 < wait_s <= 30
    assert cache.slot_holders(key) == ["joon", "mina"]

    cache.keep_slot(key, "mina", 0)
    assert cache.take_slot(key, "sora", most=2, hold_s=60) == 0
    assert cache.slot_holders(key) == ["joon", "sora"]


def test_who_holds_a_place_may_take_it_anew(cache: Cache) -> None:
    key = f"places-{secret_token(6)}"
    for _ in range(3):
        assert cache.take_slot(key, "mina", most=1, hold_s=60) == 0

    assert cache.slot_holders(key) == ["mina"]
    assert cache.take_slot(key, "joon", most=0, hold_s=60) > 0


def test_a_place_ends_by_itself(cache: Cache, wait_until: Any) -> None:
    key = f"places-{secret_token(6)}"
    cache.take_slot(key, "mina", most=1, hold_s=60)
    cache.keep_slot(key, "mina", 0.05)

    wait_until(lambda: cache.take_slot(key, "joon", most=1, hold_s=60) == 0)
    assert cache.slot_holders(key) == ["joon"]


def test_a_crowd_takes_no_more_than_there_is(cache: Cache) -> None:
    key = f"places-{secret_token(6)}"

    def take(number: int) -> bool:
        return cache.take_slot(key, f"user {number}", most=7, hold_s=60) == 0

    with ThreadPoolExecutor(16) as crowd:
        assert sum(crowd.map(take, range(64))) == 7


@pytest.mark.real
def test_nobody_gets_a_place_while_redis_is_away(private_redis: PrivateRedis) -> None:
    cache = RedisCache(url=private_redis.url)
    private_redis.stop()

    with pytest.raises(UnavailableError):
        cache.take_slot("places", "mina", most=1, hold_s=60)
    assert cache.slot_holders("places") == []
    cache.close()
