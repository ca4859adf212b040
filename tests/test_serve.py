"""The one process: it stops in time, keeps its data, and stays small."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from tests.live_server import ROOT, LiveServer, free_port, live_server
from tradingplatform.realtime.client import SocketClient
from tradingplatform.realtime.errors import CloseCode

pytestmark = pytest.mark.flow

PASSWORD = "a long enough pass phrase"
IDLE_MB_MAX = 450
FROZEN = 5
STOP_S_MAX = 5


@pytest.fixture(scope="module")
def server(prepared: Path):
    with live_server(prepared, DEMO_DATA="0") as running:
        yield running


def access_token(server: LiveServer, email: str) -> str:
    with httpx2.Client(base_url=server.url, timeout=20) as client:
        body = {"email": email, "password": PASSWORD, "nickname": "Kim"}
        client.post("/api/account/signup", json=body)
        answer = client.post("/api/account/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access"])


def frozen_socket(server: LiveServer) -> socket.socket:
    """Open /ws/market and never read from it."""
    raw = socket.create_connection(("127.0.0.1", server.port))
    raw.sendall(
        b"GET /ws/market HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Version: 13\r\n\r\n"
    )
    return raw


def test_sigterm_tells_every_socket_and_ends_within_five_seconds(server: LiveServer):
    token = access_token(server, "stop@example.com")
    frozen = [frozen_socket(server) for _ in range(FROZEN)]
    process = server._process
    assert process is not None

    async def watch() -> list[int]:
        paths = ("/ws", "/ws/chat", "/ws/market")
        sockets = [
            await SocketClient.connect(f"{server.socket_url}{path}", token=token, timeout_s=10)
            for path in paths
        ]
        process.send_signal(signal.SIGTERM)
        return [await one.closed() for one in sockets]

    codes = asyncio.run(watch())
    process.wait(STOP_S_MAX)
    for one in frozen:
        one.close()
    assert codes == [CloseCode.SERVICE_RESTART] * 3
    assert process.returncode == 0
    assert "Traceback" not in server.output

    server.start()
    assert access_token(server, "stop@example.com")


def test_the_process_is_small(server: LiveServer):
    status = Path(f"/proc/{server.pid}/status").read_text()
    resident_kb = int(status.partition("VmRSS:")[2].split()[0])
    assert resident_kb < IDLE_MB_MAX * 1024


def test_a_taken_port_is_one_clear_line(server: LiveServer, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(tmp_path),
            "PORT": str(server.port),
            "LOG_LEVEL": "WARNING",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"Cannot listen on 127.0.0.1:{server.port}" in line
    assert "Set PORT" in line


def test_sockets_and_pages_share_the_port_and_the_health(server: LiveServer):
    health = httpx2.get(f"{server.url}/health/live", timeout=10)
    assert health.status_code == 200

    with pytest.raises(InvalidStatus) as caught:
        asyncio.run(SocketClient.connect(f"{server.socket_url}/ws/nowhere"))
    assert caught.value.response.status_code == 403


def test_a_signal_during_the_preparation_ends_it_with_one_line(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "PORT": str(free_port())},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        while "Databases are up to date." not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert errors.splitlines()[-1] == "Stopped before it was ready."
    assert not (tmp_path / "demo-logins.json").exists()
