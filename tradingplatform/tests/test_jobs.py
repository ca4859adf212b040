import itertools
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from celery import current_app
from django.core.management import call_command
from structlog.contextvars import bound_contextvars

from tradingplatform import clock
from tradingplatform.db.models import DeadLetter, IdempotencyRecord, JobRun, OutboxEvent
from tradingplatform.errors import UnavailableError
from tradingplatform.jobs import UnknownJobError, current_slot, enqueue, job, run_slot
from tradingplatform.logs import current_request_id

NUMBERS = itertools.count()
pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def as_in_a_worker():
    """Let a failing job end as in a worker: handled, not raised to the sender."""
    before = current_app.conf.task_eager_propagates
    current_app.conf.task_eager_propagates = False
    yield
    current_app.conf.task_eager_propagates = before


@pytest.fixture
def make_job():
    names = []

    def make(function, **options):
        # Shared tasks outlive the test in every Celery application made later.
        name = f"test.{function.__name__}_{next(NUMBERS)}"
        names.append(name)
        job(name=name, queue="user", **options)(function)
        current_app.finalize()
        return name

    yield make
    for name in names:
        current_app.tasks.pop(name, None)


def test_an_unknown_job_is_refused():
    with pytest.raises(UnknownJobError):
        enqueue("test.no_such_job")


def test_a_job_runs_with_its_ids(make_job):
    calls = []

    def note(*, order_id, **_):
        calls.append(order_id)

    enqueue(make_job(note), order_id="o1", added_by_a_newer_sender=1)
    assert calls == ["o1"]


@pytest.mark.usefixtures("as_in_a_worker")
def test_a_passing_fault_is_tried_again_then_becomes_a_dead_letter(make_job):
    tries = []

    def fail(**_):
        tries.append(1)
        raise UnavailableError("later")

    name = make_job(fail, max_tries=3)
    enqueue(name, order_id="o1")

    letter = DeadLetter.objects.get()
    assert len(tries) == 3
    assert (letter.job, letter.arguments, letter.attempts) == (name, {"order_id": "o1"}, 3)


@pytest.mark.usefixtures("as_in_a_worker")
def test_a_bug_is_not_tried_again(make_job):
    tries = []

    def broken(**_):
        tries.append(1)
        raise KeyError("x")

    enqueue(make_job(broken))
    assert len(tries) == 1
    assert DeadLetter.objects.get().attempts == 1


def test_an_event_is_dealt_with_once(make_job):
    calls = []

    def note(*, aggregate_id, **_):
        calls.append(aggregate_id)

    name = make_job(note)
    for _ in range(3):
        enqueue(name, account_db_key=1000, event_id=7, aggregate_id="a")
    enqueue(name, account_db_key=1000, event_id=8, aggregate_id="b")
    enqueue(name, account_db_key=1000, aggregate_id="found by a sweep")
    assert calls == ["a", "b", "found by a sweep"]


def test_an_event_whose_job_failed_is_not_forgotten(make_job):
    calls = []

    def fail_first(**_):
        calls.append(1)
        if len(calls) == 1:
            raise KeyError("first")

    name = make_job(fail_first)
    with pytest.raises(KeyError):
        enqueue(name, account_db_key=1000, event_id=7)
    enqueue(name, account_db_key=1000, event_id=7)
    enqueue(name, account_db_key=1000, event_id=7)
    assert len(calls) == 2


def test_a_job_carries_the_id_of_the_request_that_started_it(make_job):
    seen = []

    def note(**_):
        seen.append(current_request_id())

    name = make_job(note)
    with bound_contextvars(request_id="req-1"):
        enqueue(name)
    enqueue(name)
    assert seen == ["req-1", ""]


def test_a_dead_letter_is_redriven_once(make_job):
    calls = []

    def recovered(*, number, **_):
        calls.append(number)

    name = make_job(recovered)
    DeadLetter.objects.create(job=name, arguments={"number": 5}, error="E", attempts=3)

    call_command("redrive", stdout=StringIO())
    assert calls == []
    call_command("redrive", "--all", stdout=StringIO())
    call_command("redrive", "--all", stdout=StringIO())
    assert calls == [5]


def test_a_slot_runs_once(make_job, settings, monkeypatch):
    at = datetime(2026, 11, 23, 13, 45, 10, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: at)
    monkeypatch.setattr("tradingplatform.jobs.now", lambda: at)
    runs = []

    def tick(**_):
        runs.append(1)

    name = make_job(tick)
    settings.PERIODIC_JOBS = {name: 60}

    assert run_slot(name)
    assert not run_slot(name)
    at += timedelta(seconds=60)
    assert run_slot(name)

    assert len(runs) == 2
    slots = JobRun.objects.order_by("slot").values_list("slot", flat=True)
    assert list(slots) == [datetime(2026, 11, 23, 13, 45 + n, tzinfo=UTC) for n in range(2)]


def test_a_failed_slot_is_recorded(make_job, settings):
    def boom(**_):
        raise ValueError("boom")

    name = make_job(boom)
    settings.PERIODIC_JOBS = {name: 60}
    with pytest.raises(ValueError, match="boom"):
        run_slot(name)
    run = JobRun.objects.get()
    assert run.error == "ValueError: boom"
    assert run.finished_at is not None


def test_slots_are_counted_from_1970():
    at = datetime(2026, 11, 23, 13, 47, 12, 345678, tzinfo=UTC)
    assert current_slot(900, at) == datetime(2026, 11, 23, 13, 45, tzinfo=UTC)


def test_pruning_keeps_what_can_still_be_asked_for():
    long_ago = clock.now() - timedelta(days=2)
    for published in (long_ago, clock.now(), None):
        OutboxEvent(
            account_db_key=1, topic="t", payload={}, published_at=published, created_at=long_ago
        ).save()
    for created in (long_ago, clock.now()):
        IdempotencyRecord(
            account_db_key=1, route="r", key=str(created), request_hash="h", created_at=created
        ).save()

    enqueue("platform.tables_prune")

    assert OutboxEvent.objects.for_user(1).count() == 2
    assert IdempotencyRecord.objects.for_user(1).count() == 1
