"""A third-party client, unmodified, believes the emulator and reports its truth."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.kis import KisEmulator, Layout, running_kis_emulator
from tests.project_files import ROOT

pytestmark = [pytest.mark.embedded, pytest.mark.flow]


def _session(emulator: KisEmulator, answer: Path) -> "subprocess.Popen[str]":
    key = emulator.keys()[0]
    given = {
        "answer": str(answer),
        "rest": emulator.rest_url,
        "ws": emulator.ws_url,
        "app_key": key.app_key,
        "app_secret": key.app_secret,
        "account": key.account,
        "hts_id": key.hts_id,
        "symbol": "005930",
        "us_symbol": "AAPL",
        "today": emulator.clock.kst().date().isoformat(),
    }
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.emulators.pykis_session", json.dumps(given)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def emulator():
    with running_kis_emulator(layout=Layout.classic()) as emulator:
        now = emulator.clock.kst()
        # Ten in the morning of this day: the client takes minutes of a session only.
        emulator.clock.advance(hours=10 - now.hour, minutes=-now.minute, seconds=-now.second)
        emulator.give(emulator.account(), "000660", 7, 180_000)
        emulator.give(emulator.account(), "AAPL", 2, "150.25")
        emulator.trade("005930", 70_500, 10)
        emulator.trade("AAPL", "190.12", 5)
        yield emulator


@pytest.fixture(scope="module")
def saw(emulator: KisEmulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    answer = tmp_path_factory.mktemp("pykis") / "answer.json"
    process = _session(emulator, answer)
    try:
        emulator.truth.wait_for("subscribe", tr=["H0STCNT0", "005930"], timeout=60)
        emulator.trade("005930", 70_600, 3)
        emulator.trades("005930", [(70_700, 4), (70_800, 5), (70_400, 6)])
        _, errors = process.communicate(timeout=60)
    except BaseException:
        process.kill()
        _, errors = process.communicate()
        emulator.truth.write("client_failed", errors=errors[-4000:])
        raise
    assert process.returncode == 0, errors[-4000:]
    seen: dict[str, Any] = json.loads(answer.read_text())
    return seen


def test_the_client_gets_one_token(emulator: KisEmulator, saw: dict[str, Any]) -> None:
    (issued,) = emulator.truth.find("token")

    assert issued.data["token"].startswith(saw["token"][:4])
    assert emulator.truth.find("refused") == []


def test_the_client_reads_quotes(emulator: KisEmulator, saw: dict[str, Any]) -> None:
    assert saw["name"] == emulator.line("005930").instrument.name
    assert saw["quote"] == ["7.05E+4", "7.05E+4", "10", "5E+2"]
    assert saw["us_quote"] == ["190.12", "190.12", "5", "0.28"]
    assert saw["book"] == ["70600", "70500"]


def test_the_client_reads_the_daily_chart(emulator: KisEmulator, saw: dict[str, Any]) -> None:
    first = saw["bars"][0][0]
    truth = [
        [f"{bar.day:%Y%m%d}", str(bar.open), str(bar.close), bar.volume]
        for bar in emulator.market.history("005930")
        if f"{bar.day:%Y%m%d}" >= first
    ]

    assert len(truth) > 100
    assert saw["bars"][:-1] == truth
    assert saw["bars"][-1][1:] == ["70500", "70500", 10]
    assert saw["minutes"] == [["7.05E+4", 10]]


def test_the_client_reads_the_balance(saw: dict[str, Any]) -> None:
    assert saw["balance"] == {
        "deposits": {"KRW": "1E+7", "USD": "1E+4"},
        "stocks": {"000660": ["7", "1.26E+6"], "AAPL": ["2", "300.5"]},
    }


def test_the_client_follows_trades(emulator: KisEmulator, saw: dict[str, Any]) -> None:
    assert saw["complete"]
    assert saw["trades"][:4] == [["7.06E+4", 13], ["7.07E+4", 17], ["7.08E+4", 22], ["7.04E+4", 28]]


def test_the_client_trades_and_is_told(emulator: KisEmulator, saw: dict[str, Any]) -> None:
    (fill,) = emulator.truth.find("fill")

    assert saw["order"] == f"{fill.data['order']:010}"
    assert saw["fills"][-1] == ["005930", "3", "7.05E+4"]
    assert saw["orders"] == [[saw["order"], "3"]]
