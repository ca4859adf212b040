import os

import pytest

from tradingplatform.hosting.metrics_files import VARIABLE, share_metrics


@pytest.fixture(autouse=True)
def _variable(monkeypatch):
    monkeypatch.setenv(VARIABLE, "")


def test_the_folder_is_empty_and_named_after_the_process(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    ours = tmp_path / "metrics" / f"web-{os.getpid()}"
    ours.mkdir(parents=True)
    (ours / "counter_1.db").write_bytes(b"of an earlier process with our number")

    share_metrics("web")

    assert os.environ[VARIABLE] == str(ours)
    assert list(ours.iterdir()) == []


def test_folders_of_dead_processes_are_removed(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    dead, alive = tmp_path / "metrics" / "web-999999999", tmp_path / "metrics" / "worker-1"
    dead.mkdir(parents=True)
    alive.mkdir()

    share_metrics("web")

    assert not dead.exists()
    assert alive.exists()


def test_a_folder_that_is_given_stays(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    monkeypatch.setenv(VARIABLE, "/somewhere")

    share_metrics("web")

    assert os.environ[VARIABLE] == "/somewhere"
    assert list(tmp_path.iterdir()) == []
