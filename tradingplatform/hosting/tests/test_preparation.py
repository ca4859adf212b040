"""What `manage.py serve` does before it serves."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tradingplatform.hosting import preparation, roles
from tradingplatform.hosting.preparation import Login
from tradingplatform.hosting.server import bind


def test_log_ins_are_read_from_the_data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    assert preparation.demo_logins() == []
    written = {"investor": {"email": "i@example.com", "password": "p"}}
    (tmp_path / preparation.LOGINS_FILE).write_text(json.dumps(written))
    assert preparation.demo_logins() == [Login("investor", "i@example.com", "p")]


def test_demo_data_is_not_made_again_or_against_the_wish(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.BASE_DIR = tmp_path / "nowhere"  # starting the seed command there would fail
    settings.DEMO_DATA = False
    assert preparation.seed_if_empty() is False
    settings.DEMO_DATA = True
    (tmp_path / preparation.LOGINS_FILE).write_text("{}")
    assert preparation.seed_if_empty() is False


def test_a_seed_that_fails_stops_the_start(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.BASE_DIR = tmp_path / "nowhere"
    settings.DEMO_DATA = True
    with pytest.raises(CommandError, match="seed_demo"):
        preparation.seed_if_empty()


def test_a_taken_port_is_named() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"127.0.0.1:{port}"):
            bind("127.0.0.1", port)


def test_the_roles_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("processes")
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert listed == [role.name for role in roles.ROLES]


def test_every_runner_is_a_role(settings: Any) -> None:
    assert set(settings.RUNNERS) <= {role.name for role in roles.ROLES}
