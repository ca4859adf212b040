"""Celery's worker and beat as threads of the one process (embedded mode)."""

import logging
import threading

from celery import current_app
from celery.beat import Scheduler, Service
from celery.worker import WorkController, state
from django.conf import settings

from tradingplatform.hosting.warming import warm_up

WORKER_THREADS = 4
SHOULD_STOP = "should_stop"
CHATTY = ("celery.beat", "celery.worker.strategy", "celery.app.trace")


def worker_run(stop: threading.Event) -> None:
    """Work on every queue until ``stop``; jobs under way are finished first."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - celery's idiom
    setattr(state, SHOULD_STOP, None)
    worker = WorkController(
        app=app,
        pool="threads",
        concurrency=WORKER_THREADS,
        queues=list(settings.QUEUES),
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        hostname="embedded@localhost",
    )
    _hush()  # not before: a new worker configures logging anew
    watcher = threading.Thread(target=_stop_worker, args=(stop,), name="worker-stop", daemon=True)
    watcher.start()
    warm_up(settings.QUEUES)
    worker.start()


def beat_run(stop: threading.Event) -> None:
    """Poke periodic jobs until ``stop``; what ran when is kept in job_run, not here."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - celery's idiom
    service = Service(app, max_interval=1, scheduler_cls=Scheduler)
    watcher = threading.Thread(
        target=_stop_beat, args=(stop, service), name="beat-stop", daemon=True
    )
    watcher.start()
    service.start(embedded_process=False)


def _hush() -> None:
    """Keep the three lines per job out of a terminal that people read."""
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _stop_worker(stop: threading.Event) -> None:
    stop.wait()
    setattr(state, SHOULD_STOP, 0)  # celery's own switch: an exit code, None while it runs


def _stop_beat(stop: threading.Event, service: Service) -> None:
    stop.wait()
    service.stop()
