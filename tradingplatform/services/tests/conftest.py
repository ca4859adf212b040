"""Redis servers for the tests of the Redis backends."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradingplatform.services.redis_client import redis_client

START_TIMEOUT_S = 10


class PrivateRedis:
    """A Redis of this test alone, which it may stop and start."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--daemonize"]
        self._process = subprocess.Popen(
            [self._program, *options, "no", "--dir", str(self._folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for line in self._process.stdout or ():
            if b"Ready to accept connections" in line:
                return
        pytest.fail("redis-server did not start")

    def freeze(self) -> None:
        """Keep the connections open and answer nothing."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_TIMEOUT_S)
            if self._process.stdout:
                self._process.stdout.close()
            self._process = None


@pytest.fixture
def private_redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs redis-server (apt-get install redis-server); `make test` installs it")
    server = PrivateRedis(program, tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url() -> str:
    """Return the Redis of the real tier."""
    url = os.environ.get("CACHE_URL", "")
    if not url.startswith("redis"):
        pytest.skip("needs CACHE_URL=redis://…; `make test` starts one (TEST_TIER=real)")
    with redis_client(url) as client:
        client.ping()
    return url
