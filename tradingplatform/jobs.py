"""Background work: what a job is, how it is started by name, how often it runs.

A job is a Celery task that takes ids, re-reads state and calls one service; running it
twice must do no harm. A job that an outbox event started runs once per event, as far as the
inbox remembers. What fails for good becomes a dead letter (`manage.py redrive`); a periodic
job notes its failure in job_run and is tried again in its next slot.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from celery import Task, current_app, shared_task
from django.conf import settings
from django.db import IntegrityError
from kombu.exceptions import OperationalError
from structlog.contextvars import bound_contextvars

from tradingplatform import metrics
from tradingplatform.clock import now
from tradingplatform.db.models import DeadLetter, JobRun
from tradingplatform.db.outbox import received_once, was_received
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx, tx
from tradingplatform.errors import UnavailableError, UpstreamError
from tradingplatform.ids import random_fraction
from tradingplatform.logs import current_request_id

log = structlog.get_logger(__name__)

RETRY_ON = (UpstreamError, UnavailableError, ConnectionError, TimeoutError)
DELAY_MAX_S = 60


class UnknownJobError(LookupError):
    """No job has this name (a bug in the caller)."""


class Job(Task):  # type: ignore[type-arg]
    """A task with bounded, jittered retries on passing faults, then a dead letter."""

    abstract = True
    max_tries = 3
    lane = "user"  # the queue; Celery has deprecated `queue` as an attribute of tasks

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        headers = self.request.headers or {}
        with bound_contextvars(request_id=headers.get("request_id", "")):
            return self._run_once(*args, **kwargs)

    def _run_once(self, *args: Any, **kwargs: Any) -> Any:
        """Run unless the outbox event that started this job was dealt with before."""
        owner, event = kwargs.get("account_db_key"), kwargs.get("event_id")
        message = (owner, str(self.name), str(event)) if owner and event else None
        if message is not None and was_received(*message):
            return None
        result = self._run_or_retry(*args, **kwargs)
        if message is not None:
            tx(message[0], received_once, *message)
        return result

    def _run_or_retry(self, *args: Any, **kwargs: Any) -> Any:
        try:
            with metrics.job_timed(str(self.name)):
                return super().__call__(*args, **kwargs)
        except RETRY_ON as error:
            if self.request.retries + 1 >= self.max_tries:
                raise
            delay = min(2**self.request.retries * (1 + random_fraction()), DELAY_MAX_S)
            raise self.retry(exc=error, countdown=delay, max_retries=self.max_tries) from error

    def on_failure(
        self, exc: Exception, task_id: str, args: Any, kwargs: dict[str, Any], einfo: Any
    ) -> None:
        log.error("job_failed", job=self.name, error=repr(exc))
        metrics.dead_letter(job=str(self.name))
        DeadLetter.objects.using(GLOBAL_ALIAS).create(
            job=self.name,
            arguments=kwargs,
            error=f"{type(exc).__name__}: {exc}"[:1000],
            attempts=self.request.retries + 1,
        )


def job(
    *, name: str, queue: str, max_tries: int = 3, time_limit_s: int = 60
) -> Callable[[Callable[..., None]], Any]:
    """Make a function the job ``name`` ("app.noun_verb") on ``queue``.

    The function takes ids by keyword and ``**_``, so that older and newer callers fit.
    """

    def decorate(function: Callable[..., None]) -> Any:
        return shared_task(
            name=name,
            base=Job,
            lane=queue,
            max_tries=max_tries,
            time_limit=time_limit_s + 5,
            soft_time_limit=time_limit_s,
        )(function)

    return decorate


def enqueue(name: str, *, delay_s: float = 0, **kwargs: object) -> None:
    """Start a job soon.

    Raises UnknownJobError if there is none of that name, UnavailableError when the queue
    cannot be reached. Losing the queue loses the call, so work that matters is also found
    by its job's own sweep over the database.
    """
    task = current_app.tasks.get(name)
    if task is None:
        raise UnknownJobError(name)
    options: dict[str, Any] = {"countdown": min(delay_s, DELAY_MAX_S)} if delay_s else {}
    lane: str = getattr(task, "lane", Job.lane)
    headers = {"request_id": current_request_id()}
    try:
        task.apply_async(kwargs=kwargs, queue=lane, headers=headers, **options)
    except OperationalError as error:
        raise UnavailableError("The job queue cannot be reached.") from error


def run_slot(name: str) -> bool:
    """Run the current slot of a periodic job unless it was run already; True if it ran."""
    slot = current_slot(settings.PERIODIC_JOBS[name], now())
    run = JobRun(job=name, slot=slot)
    try:
        global_tx(run.save, using=GLOBAL_ALIAS, force_insert=True)
    except IntegrityError:
        return False
    try:
        with metrics.job_timed(name):
            current_app.tasks[name].run()
    except Exception as error:
        run.error = f"{type(error).__name__}: {error}"[:500]
        raise
    finally:
        run.finished_at = now()
        run.save(using=GLOBAL_ALIAS, update_fields=["finished_at", "error"])
    return True


def current_slot(every_s: int, at: datetime) -> datetime:
    """Return the start of the slot that ``at`` falls into, counted from 1970 in UTC."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (at - epoch) // timedelta(seconds=every_s) * timedelta(seconds=every_s)
