"""What /metrics counts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tradingplatform import metrics

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
    metrics.socket_opened(endpoint="test")
    metrics.socket_opened(endpoint="test")
    metrics.socket_closed(endpoint="test")

    assert _value("platform_sockets", endpoint="test") == 1


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
