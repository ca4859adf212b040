"""The real product in a child process, as `make run` starts it, for tests from outside."""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 120
OUTSIDE = ("KIS_REST_URL", "KIS_PAPER_REST_URL", "FMP_URL")


def free_port() -> int:
    """Return a port that nobody on this machine listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LiveServer:
    """`manage.py serve` on SQLite in a folder of its own; may be killed and started again."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket_url = f"ws://127.0.0.1:{self.port}"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", str(folder)),
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "LOG_LEVEL": "WARNING",
            "SQLITE_SYNCHRONOUS": "NORMAL",
            # Nobody listens there: a server under test must not leave this machine either.
            **dict.fromkeys(OUTSIDE, "http://127.0.0.1:1"),
            "DJANGO_SETTINGS_MODULE": "tradingplatform.settings",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            message = "the server is not running"
            raise RuntimeError(message)
        return self._process.pid

    @property
    def output(self) -> str:
        return (self.folder / "server.out").read_text(errors="replace")

    def start(self) -> None:
        """Start and wait until the server is ready."""
        with (self.folder / "server.out").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_ready()

    def prepare(self) -> None:
        """Make what the first start would: tables, the sample market, demo accounts."""
        for command in ("migrate_all", "seed_demo"):
            done = self.manage(command)
            assert done.returncode == 0, done.stdout + done.stderr

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another management command on the same data."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self._end(signal.SIGKILL, timeout_s=10)

    def stop(self, timeout_s: float = 10) -> float:
        """Ask the process to end; return the seconds it took."""
        started = time.monotonic()
        self._end(signal.SIGTERM, timeout_s)
        return time.monotonic() - started

    def _end(self, number: int, timeout_s: float) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        self._process.wait(timeout_s)
        self._process = None

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            with contextlib.suppress(httpx2.TransportError):
                if httpx2.get(f"{self.url}/health/ready", timeout=2).status_code == 200:
                    return
            threading.Event().wait(0.1)
        message = f"the server did not start:\n{self.output[-4000:]}"
        raise RuntimeError(message)


def prepared_folder(shared: Path) -> Path:
    """Return a data folder to copy, made by whoever comes first of all who share a folder."""
    folder, partial = shared / "prepared", shared / "partial"
    with (shared / "prepared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial.mkdir()
            LiveServer(partial).prepare()
            partial.rename(folder)
    return folder


@contextlib.contextmanager
def live_server(prepared: Path | None = None, **environment: str) -> Iterator[LiveServer]:
    """Start the product in a throw-away folder, and end it whatever happens.

    The folder is a copy of ``prepared``; without that it is empty, as on the first start.
    """
    with tempfile.TemporaryDirectory(prefix="tradingplatform-live-") as folder:
        if prepared is not None:
            shutil.copytree(prepared, folder, dirs_exist_ok=True)
        server = LiveServer(Path(folder), **environment)
        try:
            server.start()
            yield server
        finally:
            server.kill()
