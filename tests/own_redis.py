"""A Redis of a test's own, which may be killed, wiped and started again on the same port."""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.live_server import free_port

START_TIMEOUT_S = 20


class OwnRedis:
    """`redis-server` without persistence: a kill loses everything it held."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder)]
        options += ["--save", "", "--appendonly", "no"]
        with (self._folder / "redis.out").open("ab") as output:
            self._process = subprocess.Popen(
                [shutil.which("redis-server") or "redis-server", *options],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(RedisError), Redis(port=self.port) as client:
                client.ping()
                return
            time.sleep(0.05)
        message = "Redis did not start"
        raise RuntimeError(message)

    def kill(self) -> None:
        """End it at once, as the loss of its machine would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def wipe(self) -> None:
        """Forget everything, as FLUSHALL does."""
        with Redis(port=self.port) as client:
            client.flushall()


@contextlib.contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    """Run one for the length of a block."""
    redis = OwnRedis(folder)
    redis.start()
    try:
        yield redis
    finally:
        redis.kill()
