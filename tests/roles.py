"""The production roles in child processes, on the MariaDB and the Redis of the real tier."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2

from tests.live_server import ROOT, free_port
from tradingplatform.services.redis_client import redis_client

NAMES = ("web", "ws", "relay", "feed", "trader", "worker", "beat")
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
REDIS_VARIABLES = ("CACHE_URL", "LOCK_URL", "WEBSOCKET_URL", "QUEUE_URL")
DATABASE_VARIABLES = {
    "DATABASE_GLOBAL_URL": "global",
    "DATABASE_SHARD_1_URL": "shard_1",
    "DATABASE_SHARD_2_URL": "shard_2",
}


class Role:
    """One `manage.py run_process NAME` and whatever processes it starts itself."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str], port: int) -> None:
        self.name = name
        self.output_path = folder / f"{name}.out"
        command = [sys.executable, "manage.py", "run_process", name, f"--port={port}"]
        with self.output_path.open("ab") as output:
            # In a session of its own: its id is then that of the group of all its processes.
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the one process that an operator knows."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Return the exit code."""
        return self._process.wait(STOP_TIMEOUT_S)

    def kill(self) -> None:
        """End every process of the role at once, as the loss of its machine would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(STOP_TIMEOUT_S)

    def has_left_children(self) -> bool:
        """Whether any process of the ended role is still there."""
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True


class Platform:
    """All roles of one installation with databases and Redis keys of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.tag = f"roles_{os.getpid()}"
        self.ports = {"web": free_port(), "ws": free_port()}
        self.url = f"http://127.0.0.1:{self.ports['web']}"
        self.socket_url = f"ws://127.0.0.1:{self.ports['ws']}"
        self.roles: dict[str, Role] = {}
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", str(folder)),
            "DATA_DIR": str(folder),
            "APP_ID": self.tag,
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "tradingplatform.settings",
            **{name: os.environ[name] for name in REDIS_VARIABLES},
            **{name: self._own(name) for name in DATABASE_VARIABLES},
            **environment,
        }

    def __enter__(self) -> Self:
        self._drop_databases()
        for name in self.databases():
            self._sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        return self

    def __exit__(self, *_: object) -> None:
        for role in self.roles.values():
            role.kill()
        self._drop_databases()
        for url in {os.environ[name] for name in REDIS_VARIABLES}:
            with redis_client(url) as client:
                for key in client.scan_iter(match=f"{self.tag}:*", count=1000):
                    client.delete(key)

    def manage(self, *arguments: str) -> str:
        """Run a management command on the same data and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            message = f"{arguments[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            raise RuntimeError(message)
        return done.stdout

    def start(self, name: str) -> Role:
        """Start one role, in place of a dead one of that name."""
        port = self.ports.get(name) or free_port()
        self.roles[name] = Role(name, self.folder, self._environment, port)
        return self.roles[name]

    def start_all(self) -> None:
        """Start every role and wait until pages and sockets are served."""
        for name in NAMES:
            self.start(name)
        self.wait_until(lambda: all(map(_is_ready, self.ports.values())))

    def stop_all(self) -> dict[str, int]:
        """Ask every role to stop, and return the exit codes."""
        for role in self.roles.values():
            role.ask_to_stop()
        return {name: role.wait() for name, role in self.roles.items()}

    def output(self) -> str:
        """Return what the roles printed."""
        return "\n".join(
            f"== {role.name}\n{role.output_path.read_text(errors='replace')[-3000:]}"
            for role in self.roles.values()
        )

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait for what the roles bring about; fail at once when one of them has ended."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not condition():
            ended = [role.name for role in self.roles.values() if not role.is_running]
            if ended or time.monotonic() > deadline:
                message = f"ended: {ended}; waited {START_TIMEOUT_S} s\n{self.output()}"
                raise RuntimeError(message)
            threading.Event().wait(0.1)

    def databases(self) -> list[str]:
        """Return the names of the databases of this installation."""
        return [f"finance_{self.tag}_{part}" for part in DATABASE_VARIABLES.values()]

    def _own(self, variable: str) -> str:
        database = f"finance_{self.tag}_{DATABASE_VARIABLES[variable]}"
        return urlsplit(os.environ[variable])._replace(path=f"/{database}").geturl()

    def _drop_databases(self) -> None:
        for name in self.databases():
            self._sql(f"DROP DATABASE IF EXISTS {name}")

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows that a statement finds; its text names the database."""
        with contextlib.closing(self._connect()) as connection:
            connection.query(statement)
            return list(connection.store_result().fetch_row(maxrows=0))

    def _sql(self, statement: str) -> None:
        with contextlib.closing(self._connect()) as connection:
            # DROP ... IF EXISTS notes what was not there; that is no news.
            connection.query("SET sql_notes=0")
            connection.query(statement)

    def _connect(self) -> Any:
        driver = import_module("MySQLdb")  # only the real tier has it
        parts = urlsplit(os.environ["DATABASE_GLOBAL_URL"])
        options: dict[str, Any] = {"host": parts.hostname, "port": parts.port or 3306}
        return driver.connect(**options, user=parts.username, password=parts.password)


def _is_ready(port: int) -> bool:
    with contextlib.suppress(httpx2.TransportError):
        return httpx2.get(f"http://127.0.0.1:{port}/health/ready", timeout=5).status_code == 200
    return False
