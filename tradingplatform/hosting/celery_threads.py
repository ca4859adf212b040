"""Celery's worker and beat as threads of the one process (embedded mode)."""

import threading

from celery import current_app
from celery.beat import Scheduler, Service
from celery.worker import WorkController, state
from django.conf import settings

WORKER_THREADS = 4
_STOP_POLL_S = 0.2


def worker_run(stop: threading.Event) -> None:
    """Work on every queue until ``stop``; jobs under way are finished first."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - celery's idiom
    state.should_stop = None
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
    watcher = threading.Thread(target=_stop_worker, args=(stop,), name="worker-stop", daemon=True)
    watcher.start()
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


def _stop_worker(stop: threading.Event) -> None:
    stop.wait()
    state.should_stop = 0


def _stop_beat(stop: threading.Event, service: Service) -> None:
    stop.wait()
    service.stop()
