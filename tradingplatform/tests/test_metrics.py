"""What /metrics counts."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
import time_machine
from celery import current_app
from prometheus_client import REGISTRY

from tradingplatform import metrics
from tradingplatform.db.outbox import emit
from tradingplatform.db.shards import shard_for
from tradingplatform.db.transactions import tx
from tradingplatform.errors import UnavailableError
from tradingplatform.jobs import enqueue, job
from tradingplatform.relay import publish_pending

ROOT = Path(__file__).resolve().parents[2]


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_job_is_counted_by_its_end() -> None:
    with metrics.job_timed("tests.good"):
        pass
    with pytest.raises(ValueError, match="invalid literal"), metrics.job_timed("tests.bad"):
        int("x")

    assert _value("platform_job_runs_total", job="tests.good", outcome="ok") == 1
    assert _value("platform_job_runs_total", job="tests.bad", outcome="failed") == 1
    assert _value("platform_job_seconds_count", job="tests.bad") == 1


def test_sockets_rise_and_fall() -> None:
    before = _value("platform_sockets")
    metrics.SOCKETS.inc()
    metrics.SOCKETS.inc()
    metrics.SOCKETS.dec()

    assert _value("platform_sockets") == before + 1
    metrics.SOCKETS.dec()


def test_exposition_holds_ours_and_the_process() -> None:
    metrics.relay_published(shard="TEST", count=3)

    text = metrics.exposition().decode()

    assert 'platform_relay_published_total{shard="TEST"} 3.0' in text
    assert "process_resident_memory_bytes" in text
    assert "python_info" in text


def test_workers_of_one_machine_add_up(tmp_path: Path) -> None:
    code = (
        "from tradingplatform import metrics; metrics.relay_published(shard='s', count=2);"
        "print(metrics.exposition().decode())"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        ).stdout
        for _ in range(2)
    ]

    assert 'platform_relay_published_total{shard="s"} 4.0' in outputs[1]


@pytest.mark.django_db(databases="__all__")
def test_relay_counts_what_it_published_and_how_late() -> None:
    owner = 1000
    shard = shard_for(owner)
    before = _value("platform_relay_published_total", shard=shard)
    with time_machine.travel("2026-11-23T09:00:00+00:00", tick=False) as clock:
        for number in range(2):
            tx(
                owner,
                emit,
                account_db_key=owner,
                topic="test.happened",
                aggregate_id="a",
                payload={"number": number},
            )
        clock.shift(7)
        publish_pending(shard)
        assert _value("platform_outbox_lag_seconds", shard=shard) == 7
        publish_pending(shard)

    assert _value("platform_relay_published_total", shard=shard) == before + 2
    assert _value("platform_outbox_lag_seconds", shard=shard) == 0


@pytest.mark.django_db(databases="__all__")
def test_every_try_of_a_job_is_counted_and_its_end_as_a_dead_letter() -> None:
    name = "test.metrics_fail"

    def fail(**_: object) -> None:
        message = "down"
        raise UnavailableError(message)

    job(name=name, queue="user", max_tries=2)(fail)
    current_app.finalize()
    propagates = current_app.conf.task_eager_propagates
    current_app.conf.task_eager_propagates = False
    try:
        enqueue(name)
    finally:
        current_app.conf.task_eager_propagates = propagates
        current_app.tasks.pop(name, None)

    assert _value("platform_job_runs_total", job=name, outcome="failed") == 2
    assert _value("platform_dead_letters_total", job=name) == 1


def test_process_without_pages_shows_its_metrics_on_a_port() -> None:
    metrics.relay_published(shard="PORT", count=1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = metrics.serve(port, "127.0.0.1")
    if server is None:
        pytest.fail("nothing is served")
    try:
        text = httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    finally:
        server.shutdown()
        server.server_close()

    assert 'platform_relay_published_total{shard="PORT"}' in text
    assert metrics.serve(0, "127.0.0.1") is None
