"""The Celery application; the hosting app finds the jobs in every app's tasks.py."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradingplatform.settings")

app = Celery("tradingplatform")
app.config_from_object("django.conf:settings", namespace="CELERY")


@worker_ready.connect
def metrics_show(**_: Any) -> None:
    """Show the metrics of a worker that is a process of its own."""
    from django.conf import settings

    from tradingplatform import metrics

    metrics.serve(settings.METRICS_PORT, settings.HOST)


@app.on_after_finalize.connect
def schedule(sender: Celery, **_: Any) -> None:
    """Let beat poke every periodic job; job_run decides which pokes become runs."""
    from django.conf import settings

    sender.conf.beat_schedule = {
        name: {
            "task": "platform.slot_run",
            "schedule": float(every_s),
            "kwargs": {"name": name},
            "options": {"queue": "bulk", "expires": every_s},
        }
        for name, every_s in settings.PERIODIC_JOBS.items()
    }
