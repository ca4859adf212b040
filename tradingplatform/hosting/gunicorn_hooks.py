"""What gunicorn calls (`--config=python:tradingplatform.hosting.gunicorn_hooks`)."""

import os
from typing import Any

from prometheus_client.multiprocess import mark_process_dead


def child_exit(server: Any, worker: Any) -> None:
    """Take the gauges of an ended worker out of the sum."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
