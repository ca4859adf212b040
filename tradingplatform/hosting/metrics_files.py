"""Where the workers of one gunicorn or Celery add up their metrics."""

import os
import shutil
from pathlib import Path

from django.conf import settings

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share_metrics(name: str) -> None:
    """Give the program that this process is about to become an empty folder for its workers.

    The variable must stand before prometheus_client is imported, hence before the exec.
    """
    if os.environ.get(VARIABLE):
        return
    root = settings.DATA_DIR / "metrics"
    root.mkdir(parents=True, exist_ok=True)
    _forget_the_dead(root)
    folder = root / f"{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.environ[VARIABLE] = str(folder)


def _forget_the_dead(root: Path) -> None:
    for folder in root.iterdir():
        pid = folder.name.rpartition("-")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
