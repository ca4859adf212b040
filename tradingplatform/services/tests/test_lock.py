"""Leases and their fencing numbers, in both backends."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connections

from tradingplatform.db.models import Lease as LeaseRow
from tradingplatform.errors import UnavailableError
from tradingplatform.services.lock import DatabaseLock, Lease, LockService, RedisLock
from tradingplatform.services.tests.conftest import PrivateRedis

pytestmark = pytest.mark.django_db(databases="__all__")
NOON = "2026-11-23T12:00:00+00:00"


@pytest.fixture(params=["database", pytest.param("redis", marks=pytest.mark.real)])
def lock(request: pytest.FixtureRequest) -> Iterator[LockService]:
    chosen: LockService
    if request.param == "database":
        chosen = DatabaseLock()
    else:
        chosen = RedisLock(url=request.getfixturevalue("redis_url"))
    yield chosen
    chosen.close()


def _take(lock: LockService, name: str = "trader") -> Lease:
    lease = lock.acquire(name, ttl_s=30)
    if lease is None:
        pytest.fail("the lock was not free")
    return lease


def test_second_holder_is_refused_until_the_first_releases(lock: LockService) -> None:
    lease = _take(lock)

    assert lock.acquire("trader", ttl_s=30) is None

    lease.release()
    _take(lock).release()


def test_other_names_are_free(lock: LockService) -> None:
    trader, feed = _take(lock), _take(lock, "feed")

    assert (trader.name, feed.name) == ("trader", "feed")
    trader.release()
    feed.release()


def test_epoch_rises_with_every_acquisition(lock: LockService) -> None:
    epochs = []
    for _ in range(3):
        lease = _take(lock)
        epochs.append(lease.epoch)
        lease.release()

    assert epochs == [1, 2, 3]
    assert lock.current_epoch("trader") == 3
    assert lock.current_epoch("nobody") == 0


def test_holder_renews_and_a_released_lease_does_not(lock: LockService) -> None:
    lease = _take(lock)

    assert lease.renew() is True
    lease.release()
    assert lease.renew() is False


def test_late_release_does_not_touch_the_next_holder(lock: LockService) -> None:
    first = _take(lock)
    first.release()
    second = _take(lock)

    first.release()

    assert lock.acquire("trader", ttl_s=30) is None
    assert second.renew() is True
    second.release()


def test_expired_database_lease_is_taken_over_and_the_old_holder_learns_it() -> None:
    lock = DatabaseLock()
    with time_machine.travel(NOON, tick=False) as clock:
        old = _take(lock)
        clock.shift(29)
        assert lock.acquire("trader", ttl_s=30) is None
        clock.shift(1)
        new = _take(lock)

        assert (old.epoch, new.epoch) == (1, 2)
        assert old.renew() is False
        assert new.renew() is True


def test_expired_database_lease_is_not_revived() -> None:
    lock = DatabaseLock()
    with time_machine.travel(NOON, tick=False) as clock:
        lease = _take(lock)
        clock.shift(31)

        assert lease.renew() is False


def test_renewal_lasts_the_full_length_again() -> None:
    lock = DatabaseLock()
    with time_machine.travel(NOON, tick=False) as clock:
        lease = _take(lock)
        clock.shift(20)
        assert lease.renew() is True
        clock.shift(20)
        assert lock.acquire("trader", ttl_s=30) is None
        assert lease.renew() is True


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_one_of_many_threads_gets_the_lease() -> None:
    lock = DatabaseLock()

    def attempt(_: int) -> Lease | None:
        try:
            return lock.acquire("trader", ttl_s=30)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        leases = [lease for lease in pool.map(attempt, range(16)) if lease is not None]

    assert [lease.epoch for lease in leases] == [1]


@pytest.mark.real
def test_wiped_redis_gives_a_higher_epoch_and_the_old_holder_learns_it(
    private_redis: PrivateRedis,
) -> None:
    lock = RedisLock(url=private_redis.url)
    old = _take(lock)
    private_redis.stop()
    assert old.renew() is False
    with pytest.raises(UnavailableError):
        lock.acquire("trader", ttl_s=30)

    private_redis.start()
    new = _take(lock)

    assert new.epoch == old.epoch + 1
    assert old.renew() is False
    assert LeaseRow.objects.using("default").get(name="trader").epoch == new.epoch
    lock.close()
