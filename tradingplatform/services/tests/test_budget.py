"""The call budgets and breakers that all processes share."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tradingplatform import clock
from tradingplatform.errors import LimitExceededError, UnavailableError
from tradingplatform.services import override_services
from tradingplatform.services.cache import MemoryCache
from tradingplatform.services.external.breaker import FAILURES_MAX, SharedBreaker
from tradingplatform.services.external.budget import Budget, Window
from tradingplatform.services.protection import BreakerState


class Timer:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def __call__(self) -> float:
        return self.at_s


def test_calls_beyond_the_budget_are_refused_with_the_time_to_wait() -> None:
    timer = Timer()
    budget = Budget("KIS:LIVE:a", (Window(2, 10.0),))
    with override_services(cache=MemoryCache(timer=timer)):
        for _ in range(2):
            with budget.call(wait_s=0):
                timer.at_s += 0.5
        with pytest.raises(LimitExceededError) as refused, budget.call(wait_s=0):
            pass
        assert refused.value.retry_after_s == 10

        timer.at_s += 9.6
        with budget.call(wait_s=0):
            assert budget.in_use() == 2


def test_a_call_counts_from_its_start_until_the_window_after_its_end() -> None:
    timer = Timer()
    budget = Budget("KIS:LIVE:b", (Window(1, 1.0),))
    with override_services(cache=MemoryCache(timer=timer)):
        with budget.call(wait_s=0):
            timer.at_s += 5.0
            with pytest.raises(LimitExceededError), budget.call(wait_s=0):
                pass
        timer.at_s += 0.9
        with pytest.raises(LimitExceededError), budget.call(wait_s=0):
            pass
        timer.at_s += 0.2
        with budget.call(wait_s=0):
            pass


def test_a_call_that_one_window_refuses_uses_up_none_of_the_others() -> None:
    budget = Budget("FMP:LIVE:c", (Window(5, 60.0), Window(1, 30.0)))
    with budget.call(wait_s=0):
        for _ in range(8):
            with pytest.raises(LimitExceededError), budget.call(wait_s=0):
                pass
        assert budget.in_use() == 1


def test_background_work_leaves_places_to_people() -> None:
    budget = Budget("KIS:LIVE:d", (Window(2, 60.0),))
    with budget.call(wait_s=0, spare=1):
        with pytest.raises(LimitExceededError), budget.call(wait_s=0, spare=1):
            pass
        with budget.call(wait_s=0):
            assert budget.in_use() == 2


def test_a_share_of_the_calls_is_left_to_others() -> None:
    budget = Budget("FMP:LIVE:s", (Window(10, 60.0),))
    for _ in range(4):
        with budget.call(wait_s=0, share=0.4):
            pass
    with pytest.raises(LimitExceededError), budget.call(wait_s=0, share=0.4):
        pass
    for _ in range(6):
        with budget.call(wait_s=0):
            pass
    assert budget.in_use() == 10


def test_whoever_waits_gets_the_next_place() -> None:
    budget = Budget("KIS:LIVE:e", (Window(1, 0.05),))

    def call(_: int) -> bool:
        with budget.call(wait_s=10):
            return True

    with ThreadPoolExecutor(8) as crowd:
        assert list(crowd.map(call, range(8))) == [True] * 8


def test_the_provider_never_sees_more_than_the_window_allows() -> None:
    """Two budgets of one name are two processes: the cache alone keeps them together."""
    length_s, calls = 0.2, 5
    budgets = [Budget("KIS:LIVE:f", (Window(calls, length_s),)) for _ in range(2)]
    arrivals: list[float] = []
    lock = threading.Lock()

    def ask(number: int) -> None:
        with budgets[number % 2].call(wait_s=30), lock:
            arrivals.append(clock.monotonic())

    with ThreadPoolExecutor(20) as users:
        list(users.map(ask, range(40)))

    arrivals.sort()
    pairs = zip(arrivals, arrivals[calls:], strict=False)
    assert len(arrivals) == 40
    assert all(later - earlier >= length_s for earlier, later in pairs)


def test_nobody_calls_while_the_counting_cache_is_away() -> None:
    class Away(MemoryCache):
        def take_slot(self, key: str, holder: str, *, most: int, hold_s: float) -> float:
            raise UnavailableError("The cache is out of reach.")

    with (
        override_services(cache=Away()),
        pytest.raises(UnavailableError),
        Budget("KIS:LIVE:g", (Window(1, 1.0),)).call(wait_s=1),
    ):
        pytest.fail("it called")


def test_one_process_trips_the_breaker_for_all() -> None:
    timer = Timer()
    ours, theirs = SharedBreaker("KIS:LIVE", pause_s=10), SharedBreaker("KIS:LIVE", pause_s=10)
    with override_services(cache=MemoryCache(timer=timer)):
        for _ in range(FAILURES_MAX - 1):
            ours.failed()
        theirs.before_call()
        ours.failed()
        with pytest.raises(UnavailableError, match="KIS keeps failing"):
            theirs.before_call()

        timer.at_s += 10
        theirs.before_call()
        with pytest.raises(UnavailableError):
            ours.before_call()

        theirs.succeeded()
        assert ours.state() is BreakerState.CLOSED
        ours.before_call()


def test_a_failed_trial_opens_the_breaker_again() -> None:
    timer = Timer()
    breaker = SharedBreaker("FMP:LIVE", pause_s=10)
    with override_services(cache=MemoryCache(timer=timer)):
        for _ in range(FAILURES_MAX):
            breaker.failed()
        timer.at_s += 70
        breaker.before_call()
        breaker.failed()

        assert breaker.state() is BreakerState.OPEN
        timer.at_s += 10
        breaker.before_call()


def test_a_trial_whose_caller_died_does_not_shut_the_breaker_for_good() -> None:
    timer = Timer()
    breaker = SharedBreaker("DART:LIVE", pause_s=10)
    with override_services(cache=MemoryCache(timer=timer)):
        for _ in range(FAILURES_MAX):
            breaker.failed()
        timer.at_s += 10
        breaker.before_call()
        timer.at_s += 10

        breaker.before_call()
