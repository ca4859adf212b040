"""The roles of a production process: what each runs, how many there should be."""

import os
import sys
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Role:
    """One kind of process."""

    name: str
    runs: str
    count: str


ROLES = (
    Role("web", "gunicorn gthread (WSGI): REST, pages, admin", "many"),
    Role("ws", "uvicorn: /ws, /ws/market, /ws/chat", "many"),
    Role("worker", "Celery worker on the queues orders, user, ai, bulk", "many"),
    Role("beat", "Celery beat; it only pokes, job_run decides", "1-2"),
    Role("relay", "outbox to events, per shard by lease", "1-2"),
    Role("feed", "market feed: provider to quotes and bars, one active by lease", "1-2"),
    Role("trader", "matches and sends orders, one active by lease", "1-2"),
)

GUNICORN_THREADS = 8
GRACE_S = 20


def web_command(host: str, port: int) -> list[str]:
    """Return the command line of a web process; WEB_CONCURRENCY sets the worker count."""
    return [
        *_module("gunicorn"),
        "tradingplatform.wsgi:application",
        f"--bind={host}:{port}",
        "--worker-class=gthread",
        f"--threads={GUNICORN_THREADS}",
        f"--graceful-timeout={GRACE_S}",
        "--max-requests=20000",
        "--max-requests-jitter=2000",
        "--keep-alive=30",
        "--config=python:tradingplatform.hosting.gunicorn_hooks",
    ]


def worker_command(queues: str) -> list[str]:
    """Return the command line of a job worker."""
    return [
        *_module("celery"),
        "--app=tradingplatform.celery",
        "worker",
        f"--queues={queues or ','.join(settings.QUEUES)}",
        "--without-gossip",
        "--without-mingle",
        f"--loglevel={settings.LOG_LEVEL}",
    ]


def beat_command() -> list[str]:
    """Return the command line of the clockwork; it keeps no file, job_run remembers."""
    return [
        *_module("celery"),
        "--app=tradingplatform.celery",
        "beat",
        "--scheduler=celery.beat:Scheduler",
        "--pidfile=",
        f"--loglevel={settings.LOG_LEVEL}",
    ]


def become(command: list[str]) -> None:
    """Replace this process by ``command``; signals then reach it directly."""
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - no shell; the words are ours


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]
