"""What `manage.py serve` does before it serves."""

import _thread
import json
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from market.enums import Source
from market.models import Bar, Instrument
from market.panel_selectors import price_panel
from market.quote_selectors import quotes_get
from market.services import sample_market_load
from market.tests.factories import bar_make, quote_put
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


def test_production_gets_neither_demo_accounts_nor_a_sample_market(
    settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = settings.BASE_DIR = tmp_path  # starting a command there would fail
    settings.DEMO_DATA = settings.IS_PROD = True
    assert preparation.seed_if_empty() is False
    assert preparation.market_if_behind() is False


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize("demo_data", [True, False])
def test_a_market_that_is_behind_is_loaded_at_each_start(
    settings: Any, tmp_path: Path, demo_data: bool
) -> None:
    settings.BASE_DIR = tmp_path / "nowhere"  # so that the command which is started is named
    settings.DEMO_DATA = demo_data
    with time_machine.travel(datetime(2026, 11, 17, 12, tzinfo=UTC), tick=False):
        with pytest.raises(CommandError, match="load_sample_market"):
            preparation.market_if_behind()
        sample_market_load(since=date(2026, 11, 12))
        assert preparation.market_if_behind() is False
    with (
        time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=False),
        pytest.raises(CommandError, match="load_sample_market"),
    ):
        preparation.market_if_behind()


@pytest.mark.django_db(databases="__all__")
def test_a_real_feed_starts_without_sample_prices(settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path / "nowhere"  # starting a command there would fail
    settings.DEMO_DATA, settings.MARKET_FEED = True, "kis"
    with time_machine.travel(datetime(2026, 11, 17, 12, tzinfo=UTC), tick=False):
        sample_market_load(since=date(2026, 11, 12))
        apple = Instrument.objects.get(symbol="AAPL")
        quote_put(apple, "250")
        bar_make(apple, date(2026, 11, 10), "248", source=Source.KIS)
        bar_make(apple, date(2026, 11, 11), "249", source=Source.KIS)
        assert price_panel(symbols=["AAPL"]).source == "KIS+SAMPLE"

        assert preparation.seed_if_empty() is False
        assert preparation.market_if_behind() is False

    assert price_panel(symbols=["AAPL"]).source == "KIS"
    assert Bar.objects.count() == 2
    assert quotes_get(["AAPL"])["AAPL"].source == "KIS"
    apple.refresh_from_db()
    assert (apple.is_active, apple.base_price) == (True, None)
    indices = Instrument.objects.filter(asset_type="INDEX", is_active=True)
    assert {index.source for index in indices} == {"KIS"}

    settings.MARKET_FEED = "sample"
    with pytest.raises(CommandError, match="load_sample_market"):
        preparation.market_if_behind()


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


def test_a_signal_while_a_child_is_started_ends_that_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    children: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def started(command: list[str]) -> subprocess.Popen[bytes]:
        children.append(start(command))
        # As if another thread had taken the signal: the handler runs here, whatever is blocked.
        _thread.interrupt_main(signal.SIGINT)
        return children[0]

    monkeypatch.setattr(subprocess, "Popen", started)

    with pytest.raises(KeyboardInterrupt):
        preparation._run([sys.executable, "-c", "import threading; threading.Event().wait()"])

    ended = children[0].returncode
    children[0].kill()
    children[0].wait()
    assert ended == -signal.SIGKILL
