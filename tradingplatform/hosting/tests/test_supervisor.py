"""Loops start again when they fail and end when they are told to."""

import threading

import pytest

from tradingplatform.hosting.supervisor import Supervisor
from tradingplatform.services.runners import RunnerState, runners


@pytest.fixture(autouse=True)
def forgotten() -> None:
    runners.clear()


def state(name: str) -> RunnerState:
    return next(one for one in runners.all() if one.name == name)


def test_a_loop_runs_until_it_is_told_to_stop():
    supervisor = Supervisor()
    began = threading.Event()

    def loop(stop: threading.Event) -> None:
        began.set()
        stop.wait()

    supervisor.start("steady", loop)
    assert began.wait(5)
    assert state("steady").running
    supervisor.stop.set()
    assert supervisor.join(5) == []
    assert not state("steady").running
    assert state("steady").restarts == 0


@pytest.mark.parametrize("fault", ["raises", "returns"])
def test_a_loop_that_ends_by_itself_is_started_again_and_reported(fault):
    supervisor = Supervisor(backoff_s=0.01)
    third = threading.Event()
    starts: list[int] = []

    def loop(stop: threading.Event) -> None:
        starts.append(1)
        if len(starts) == 3:
            third.set()
            stop.wait()
        elif fault == "raises":
            raise RuntimeError("broken")

    supervisor.start("shaky", loop)
    assert third.wait(5)
    assert state("shaky").running
    assert state("shaky").restarts == 2
    expected = "broken" if fault == "raises" else "ended by itself"
    assert expected in state("shaky").last_error
    supervisor.stop.set()
    assert supervisor.join(5) == []


def test_one_broken_loop_leaves_the_others_alone():
    supervisor = Supervisor(backoff_s=0.01)
    ticks = threading.Semaphore(0)

    def broken(stop: threading.Event) -> None:
        raise RuntimeError

    def steady(stop: threading.Event) -> None:
        while not stop.wait(0.001):
            ticks.release()

    supervisor.start("broken", broken)
    supervisor.start("steady", steady)
    for _ in range(20):
        assert ticks.acquire(timeout=5)
    assert state("steady").restarts == 0
    supervisor.stop.set()
    assert supervisor.join(5) == []


def test_a_loop_that_does_not_stop_is_named():
    supervisor = Supervisor()
    release = threading.Event()

    def deaf(_stop: threading.Event) -> None:
        release.wait()

    supervisor.start("stubborn", deaf)
    supervisor.stop.set()
    assert supervisor.join(0.05) == ["stubborn"]
    release.set()
    assert supervisor.join(5) == []
