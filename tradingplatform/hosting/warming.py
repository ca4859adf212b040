"""Imports ahead of need, so that the first job of a queue is not slower than the others."""

import threading
from collections.abc import Iterable
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string

log = structlog.get_logger(__name__)


def warm_up(queues: Iterable[str]) -> threading.Thread | None:
    """Do in the background what the jobs of these queues need once, if there is anything.

    Nothing waits for it: a job that comes too early waits for the same import.
    """
    paths = [path for queue in queues for path in settings.WARM_UPS.get(queue, ())]
    if not paths:
        return None
    thread = threading.Thread(target=_warm, args=(paths,), name="warm-up", daemon=True)
    thread.start()
    return thread


def child_warm_up(**_: Any) -> None:
    """Warm a process that a Celery worker forked, for the queues that worker serves."""
    warm_up(current_app.amqp.queues.consume_from)


def _warm(paths: Iterable[str]) -> None:
    for path in paths:
        try:
            import_string(path)()
        except Exception:
            # Whatever it was: the job that needs it will meet it too, and report it.
            log.exception("warm_up_failed", what=path)
    connections.close_all()
