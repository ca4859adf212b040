"""What the README tells people to paste works."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.live_server import ROOT, LiveServer, live_server

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]

TEXT = (ROOT / "README.md").read_text()
LINK = re.compile(r"\]\(((?!https?:)[^)#]+)\)")


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with live_server(DEMO_DATA="1") as running:
        yield running


def _walk_through(server: LiveServer) -> str:
    found = re.search(
        r"walk-through: begin.*?```sh\n(.*?)```\n<!-- walk-through: end", TEXT, re.DOTALL
    )
    assert found, "the README has lost its walk-through"
    script = found[1].replace("http://127.0.0.1:8000", server.url)
    return script.replace("ws://127.0.0.1:8000", server.socket_url)


def _warnings(server: LiveServer) -> list[str]:
    """List what the log warned of since the start, but for refused requests."""
    lines = re.findall(r"^.*\[(?:warning|error|critical) .*$", server.output, re.MULTILINE)
    return [line for line in lines if "[django.request]" not in line]


def test_the_walk_through_runs_as_it_stands(server: LiveServer) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],  # noqa: S607
        input=_walk_through(server),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "errorCode" not in done.stdout
    assert '"email":"you@example.com"' in done.stdout
    assert '"status":"FILLED"' in done.stdout
    assert len(re.findall(r"^(?:AAPL|005930) [\d.]+ SAMPLE$", done.stdout, re.MULTILINE)) == 5
    assert "95% confidence" in done.stdout
    assert done.stdout.splitlines()[-2:] == ["204", "401"]
    assert _warnings(server) == []


def test_its_links_lead_somewhere() -> None:
    missing = [target for target in LINK.findall(TEXT) if not (ROOT / target).exists()]

    assert missing == []
