"""`manage.py emulate` as an operator runs it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from django.core.management import CommandError, call_command

from tests.emulators.web import listener
from tests.project_files import ROOT

pytestmark = pytest.mark.embedded


@contextmanager
def _emulate(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tradingplatform.settings.test"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "emulate", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _settings(process: "subprocess.Popen[str]") -> dict[str, str]:
    assert process.stdout is not None
    found: dict[str, str] = {}
    for line in process.stdout:
        if line.startswith("Truth:"):
            return found
        name, equals, value = line.strip().partition("=")
        if equals:
            found[name] = value
    return found


@pytest.mark.flow
@pytest.mark.parametrize("side", ["real", "paper"])
def test_kis_runs_by_hand_until_it_is_interrupted(side: str) -> None:
    with _emulate("kis", *(["--paper"] if side == "paper" else [])) as process:
        settings = _settings(process)
        key = json.loads(settings["KIS_APP_KEYS"])[0]
        url = settings["KIS_PAPER_REST_URL" if side == "paper" else "KIS_REST_URL"]
        body = {"grant_type": "client_credentials", "appkey": key["app_key"]}
        body["appsecret"] = key["app_secret"]
        answer = httpx2.post(f"{url}/oauth2/tokenP", json=body, timeout=5)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)

    assert key["environment"] == side
    assert answer.status_code == 200
    assert (process.returncode, rest) == (0, "Stopped.\n")


@pytest.mark.flow
def test_fmp_runs_by_hand() -> None:
    with _emulate("fmp") as process:
        settings = _settings(process)
        params = {"symbol": "AAPL", "apikey": settings["FMP_API_KEY"]}
        answer = httpx2.get(f"{settings['FMP_URL']}/stable/quote", params=params, timeout=5)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)

    assert answer.json()[0]["symbol"] == "AAPL"
    assert process.returncode == 0


def test_without_the_tests_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tests.emulators.by_hand", None)
    monkeypatch.setitem(sys.modules, "tests.emulators", None)

    with pytest.raises(CommandError, match="part of tests/, which this installation lacks"):
        call_command("emulate", "kis")


def test_a_taken_port_is_named() -> None:
    with listener() as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CommandError, match=f"cannot listen on port {port}"):
            call_command("emulate", "fmp", port=port)
