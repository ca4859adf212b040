"""Workers of a queue have imported what its jobs need before the first one comes."""

import threading
from typing import Any

import pytest
from celery import current_app
from celery.app.amqp import Queues
from celery.signals import worker_process_init
from structlog.testing import capture_logs

from tradingplatform.hosting.celery_threads import worker_run
from tradingplatform.hosting.warming import warm_up

warmed = threading.Event()
note = warmed.set
HERE = __name__


def fail() -> None:
    raise ImportError("no such library")


@pytest.fixture(autouse=True)
def _what(settings: Any) -> None:
    warmed.clear()
    settings.WARM_UPS = {"ai": (f"{HERE}.fail", f"{HERE}.note")}


@pytest.fixture
def queues_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> Queues:
    """Return what the worker of this process consumes; a test may change it."""
    queues = current_app.amqp.queues
    monkeypatch.setattr(queues, "_consume_from", None)
    return queues


def test_the_embedded_worker_warms_up() -> None:
    stop = threading.Event()
    worker = threading.Thread(target=worker_run, args=(stop,))
    worker.start()
    assert warmed.wait(10)
    stop.set()
    worker.join(10)
    assert not worker.is_alive()


@pytest.mark.parametrize(("queues", "expected"), [(["ai", "user"], True), (["orders"], False)])
def test_a_forked_worker_warms_up_for_its_own_queues(
    queues_of_the_worker: Queues, queues: list[str], expected: bool
) -> None:
    queues_of_the_worker.select(queues)
    worker_process_init.send(sender=None)
    for thread in threading.enumerate():
        if thread.name == "warm-up":
            thread.join(10)
    assert warmed.is_set() is expected


def test_a_failure_is_reported_and_keeps_nothing_else_from_warming() -> None:
    with capture_logs() as lines:
        thread = warm_up(["ai"])
        assert thread is not None
        thread.join(10)
    assert [line["what"] for line in lines] == [f"{HERE}.fail"]
    assert warmed.is_set()


def test_queues_that_need_nothing_start_no_thread() -> None:
    assert warm_up(["orders", "bulk"]) is None
