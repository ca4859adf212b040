"""What the kernel counts and times; served at /metrics with the metrics of the apps.

All are listed in docs/operations.md. Labels have few values: names, never paths, symbols or
users.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

from tradingplatform import clock

CONTENT_TYPE = CONTENT_TYPE_LATEST
_LATENCY_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

ORDERS = Counter("platform_orders", "Orders by what became of them.", ["side", "status"])
FILLS = Counter("platform_fills", "Executions posted to the ledger.", ["side", "currency"])
OUTBOX_LAG_SECONDS = Gauge(
    "platform_outbox_lag_seconds",
    "Age of the oldest event that is not published yet.",
    ["shard"],
    multiprocess_mode="livemax",
)
RELAY_PUBLISHED = Counter("platform_relay_published", "Outbox events published.", ["shard"])
SOCKETS = Gauge("platform_sockets", "Open WebSockets.", multiprocess_mode="livesum")
FRAMES_OUT = Counter("platform_frames_out", "Frames of streams handed to sockets.")
JOB_RUNS = Counter("platform_job_runs", "Background jobs ended.", ["job", "outcome"])
JOB_SECONDS = Histogram(
    "platform_job_seconds", "Time a background job took.", ["job"], buckets=_LATENCY_S
)
DEAD_LETTERS = Counter("platform_dead_letters", "Work given up on.", ["job"])
SERVICE_UP = Gauge(
    "platform_service_up",
    "1 when the service answered its last ping.",
    ["service"],
    multiprocess_mode="livemin",
)


def order_changed(*, side: str, status: str) -> None:
    """Count an order that reached ``status``."""
    ORDERS.labels(side, status).inc()


def fill_posted(*, side: str, currency: str) -> None:
    """Count one execution in the ledger."""
    FILLS.labels(side, currency).inc()


def outbox_lag(*, shard: str, seconds: float) -> None:
    """Say how old the oldest unpublished event of a shard is; 0 when there is none."""
    OUTBOX_LAG_SECONDS.labels(shard).set(seconds)


def relay_published(*, shard: str, count: int) -> None:
    """Count events handed on from a shard's outbox."""
    RELAY_PUBLISHED.labels(shard).inc(count)


def dead_letter(*, job: str) -> None:
    """Count work that now waits for a person."""
    DEAD_LETTERS.labels(job).inc()


@contextmanager
def job_timed(job: str) -> Iterator[None]:
    """Time one run of a job and count how it ended: ok or failed."""
    started = clock.monotonic()
    outcome = "failed"
    try:
        yield
        outcome = "ok"
    finally:
        JOB_RUNS.labels(job, outcome).inc()
        JOB_SECONDS.labels(job).observe(clock.monotonic() - started)


def exposition() -> bytes:
    """Return all metrics in the Prometheus text format."""
    return generate_latest(_registry())


def serve(port: int, host: str) -> WSGIServer | None:
    """Show the metrics of a process that has no web pages of its own; nothing for port 0."""
    if not port:
        return None
    server, _ = start_http_server(port, addr=host, registry=_registry())
    return server


def _registry() -> CollectorRegistry:
    """Return this process' metrics, or those of all that share PROMETHEUS_MULTIPROC_DIR.

    Through that folder the workers of one gunicorn or Celery add up.
    """
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
