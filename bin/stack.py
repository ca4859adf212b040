"""A private MariaDB (and replica) and Redis on 127.0.0.1: install, start, stop, describe.

usage: stack.py start|stop|env [--dir var/stack] [--for-tests] [--replica]
"""

import argparse
import contextlib
import getpass
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("finance_global", "finance_shard_1", "finance_shard_2")
START_TIMEOUT_S = 60.0
Packages = dict[str, tuple[str, ...]]
# The apt packages, and the programs or the header that show that one is already there.
SERVER_PACKAGES: Packages = {
    "mariadb-server": ("mariadbd", "mariadb-install-db"),
    "redis-server": ("redis-server",),
}
DRIVER_PACKAGES: Packages = {
    "libmariadb-dev": ("mariadb_config",),
    "pkg-config": ("pkg-config",),
    "gcc": ("gcc",),
    "python3-dev": (str(Path(sysconfig.get_paths()["include"], "Python.h")),),
}
SERVER_OPTIONS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_unicode_ci",
    "--default-time-zone=+00:00",
    "--transaction-isolation=READ-COMMITTED",
    "--sql-mode=STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO",
    "--innodb-rollback-on-timeout=ON",
    "--innodb-lock-wait-timeout=3",
    "--innodb-buffer-pool-size=128M",
    "--innodb-log-file-size=48M",
    "--max-connections=300",
)
# A test may lose its data with the machine: nothing is forced to disk.
RELAXED_OPTIONS = (
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--skip-log-bin",
)
DURABLE_OPTIONS = ("--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1")
# What the browser tests need; a machine without it skips them by name.
BROWSER_PACKAGES: Packages = {
    "chromium": ("chromium",),
    "fonts-nanum": ("/usr/share/fonts/truetype/nanum/NanumGothic.ttf",),
}


class StackError(Exception):
    """The servers cannot be installed or started; the text says what is missing."""


@dataclass(frozen=True)
class Server:
    """One MariaDB server with its own folder and port."""

    folder: Path
    port: int
    number: int

    @property
    def socket_path(self) -> Path:
        return self.folder / "mysqld.sock"

    @property
    def pid_path(self) -> Path:
        return self.folder / "server.pid"

    def sql(self, text: str) -> str:
        command = [_program("mariadb"), "--no-defaults", f"--socket={self.socket_path}", "-uroot"]
        return _run([*command, "-e", text])


def _program(name: str) -> str:
    search = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin"
    found = shutil.which(name, path=search)
    if found is None:
        message = f"{name} is not installed"
        raise StackError(message)
    return found


def _run(command: list[str], **environment: str) -> str:
    done = subprocess.run(  # noqa: S603 - fixed programs, no shell
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    if done.returncode:
        message = f"{Path(command[0]).name}: {done.stderr.strip() or done.stdout.strip()}"
        raise StackError(message)
    return done.stdout


def missing_packages(packages: Packages) -> list[str]:
    """Name the apt packages whose programs or headers are not on this machine."""
    return [name for name, signs in packages.items() if not all(map(_is_there, signs))]


def _is_there(sign: str) -> bool:
    if "/" in sign:
        return Path(sign).exists()
    with contextlib.suppress(StackError):
        return bool(_program(sign))
    return False


def install(packages: Packages) -> None:
    """Install what is missing with apt, or say by name what is lacking."""
    missing = missing_packages(packages)
    if not missing:
        return
    lack = [] if os.geteuid() == 0 else ["root"]
    if shutil.which("apt-get") is None:
        lack.append("apt-get")
    if lack:
        message = f"lacks {', '.join(missing)} and, to install them, {' and '.join(lack)}"
        raise StackError(message)
    print(f"stack: installing {', '.join(missing)}", flush=True)
    with _no_service_starts():
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        try:
            _run(command, DEBIAN_FRONTEND="noninteractive")
        except StackError:
            _run(["apt-get", "update", "-qq"])
            _run(command, DEBIAN_FRONTEND="noninteractive")
    still_missing = missing_packages(packages)
    if still_missing:
        message = f"lacks {', '.join(still_missing)}, even after apt-get install"
        raise StackError(message)


def install_driver() -> None:
    """Build mysqlclient into .venv, unless the locked one is there."""
    lock = (ROOT / "requirements-mysql.txt").read_bytes()
    stamp = ROOT / ".venv" / ".installed-mysql"
    if stamp.exists() and stamp.read_text().strip() == hashlib.sha256(lock).hexdigest():
        return
    install(DRIVER_PACKAGES)
    _run([str(ROOT / "bin" / "setup"), "mysql"])


@contextlib.contextmanager
def _no_service_starts() -> Iterator[None]:
    """Keep the packages from starting system-wide servers: ours run privately."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def free_port() -> int:
    """Ask the kernel for a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _spawn(command: list[str], log_path: Path) -> int:
    with log_path.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - fixed programs, no shell
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    return process.pid


def _wait_for(check: list[str], what: str, log_path: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(StackError):
            _run(check)
            return
        time.sleep(0.1)
    message = f"{what} did not start; see {log_path}"
    raise StackError(message)


def _alive(pid_path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        pid = int(pid_path.read_text())
        os.kill(pid, 0)
        if _state(pid) != "Z":
            return pid
    return None


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


class Stack:
    """The servers of one folder."""

    def __init__(self, folder: Path, *, for_tests: bool = False, replica: bool = False) -> None:
        self.folder = folder.resolve()
        self.for_tests = for_tests
        self.replica = replica

    @property
    def env_path(self) -> Path:
        return self.folder / "stack.env"

    def start(self) -> None:
        """Start whatever of the stack does not run yet; the data of earlier runs is kept."""
        install(SERVER_PACKAGES)
        self.folder.mkdir(parents=True, exist_ok=True)
        known = self.environment()
        primary = self._start_server(1, int(known.get("STACK_PORT_1", 0)) or free_port())
        ports = {"STACK_PORT_1": str(primary.port)}
        password = known.get("STACK_PASSWORD") or self._make_accounts(primary)
        if self.replica:
            second = self._start_server(2, int(known.get("STACK_PORT_2", 0)) or free_port())
            ports["STACK_PORT_2"] = str(second.port)
            if "STACK_PORT_2" not in known:
                self._replicate(primary, second, password)
        redis_port = int(known.get("STACK_PORT_REDIS", 0)) or free_port()
        self._start_redis(redis_port)
        ports |= {"STACK_PORT_REDIS": str(redis_port), "STACK_PASSWORD": password}
        self._write_environment(ports)

    def stop(self) -> None:
        """Stop the servers of this folder, by the process ids that they wrote."""
        pids = [
            pid
            for name in ("maria2/server.pid", "maria1/server.pid", "redis/redis.pid")
            if (pid := _alive(self.folder / name)) is not None
        ]
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + START_TIMEOUT_S
        while pids and time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            pids = [pid for pid in pids if _state(pid) not in {"", "Z"}]
            time.sleep(0.05)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def environment(self) -> dict[str, str]:
        """Read the environment that an application needs to use this stack."""
        if not self.env_path.exists():
            return {}
        lines = self.env_path.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def application_environment(self) -> dict[str, str]:
        """Leave out what only this script needs."""
        return {k: v for k, v in self.environment().items() if not k.startswith("STACK_")}

    def _server(self, number: int, port: int) -> Server:
        return Server(folder=self.folder / f"maria{number}", port=port, number=number)

    def _start_server(self, number: int, port: int) -> Server:
        server = self._server(number, port)
        if _alive(server.pid_path):
            return server
        data, temporary = server.folder / "data", server.folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        account = f"--user={getpass.getuser()}"
        if not data.exists():
            options = ["--auth-root-authentication-method=normal", "--skip-test-db"]
            installer = [_program("mariadb-install-db"), "--no-defaults", account]
            _run([*installer, f"--datadir={data}", *options])
        log_path = server.folder / "error.log"
        _spawn([_program("mariadbd"), *self._server_options(server, account)], log_path)
        ping = [_program("mariadb-admin"), "--no-defaults", f"--socket={server.socket_path}"]
        _wait_for([*ping, "-uroot", "ping"], "MariaDB", log_path)
        return server

    def _server_options(self, server: Server, account: str) -> list[str]:
        places = [
            "--no-defaults",
            account,
            f"--datadir={server.folder / 'data'}",
            f"--tmpdir={server.folder / 'tmp'}",
            f"--socket={server.socket_path}",
            f"--pid-file={server.pid_path}",
            f"--port={server.port}",
            f"--server-id={server.number}",
        ]
        if self.for_tests and not self.replica:
            return [*places, *SERVER_OPTIONS, *RELAXED_OPTIONS]
        log = [f"--log-bin={server.folder / 'data' / 'binlog'}", "--binlog-format=ROW"]
        log += ["--gtid-domain-id=0", "--gtid-strict-mode=1"]
        if server.number > 1:
            log += ["--read-only=1", "--log-slave-updates=1"]
        return [*places, *SERVER_OPTIONS, *DURABLE_OPTIONS, *log]

    def _make_accounts(self, server: Server) -> str:
        # No ALL ON *.*: that would carry READ_ONLY ADMIN, and the replica would take writes.
        password = secrets.token_hex(16)
        grants = "".join(
            rf"GRANT ALL ON `{pattern}`.* TO 'app'@'127.0.0.1';"
            for pattern in (r"finance\_%", r"test\_finance\_%")
        )
        creates = "".join(f"CREATE DATABASE IF NOT EXISTS {name};" for name in DATABASES)
        user = f"CREATE OR REPLACE USER 'app'@'127.0.0.1' IDENTIFIED BY '{password}';"
        monitor = "GRANT REPLICA MONITOR, BINLOG MONITOR ON *.* TO 'app'@'127.0.0.1';"
        server.sql(f"{user}{grants}{monitor}{creates}")
        return password

    def _replicate(self, primary: Server, second: Server, password: str) -> None:
        primary.sql(
            f"CREATE OR REPLACE USER 'repl'@'127.0.0.1' IDENTIFIED BY '{password}';"
            "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'127.0.0.1';"
        )
        second.sql(
            "SET GLOBAL gtid_slave_pos='';"
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port},"
            f" MASTER_USER='repl', MASTER_PASSWORD='{password}', MASTER_USE_GTID=slave_pos;"
            "START SLAVE;"
        )

    def _start_redis(self, port: int) -> None:
        folder = self.folder / "redis"
        folder.mkdir(exist_ok=True)
        pid_path, log_path = folder / "redis.pid", folder / "redis.log"
        if _alive(pid_path):
            return
        persistence = ["--appendonly", "no" if self.for_tests else "yes", "--save", ""]
        options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        options += ["--databases", "64", "--pidfile", str(pid_path), *persistence]
        pid = _spawn([_program("redis-server"), *options], log_path)
        pid_path.write_text(str(pid))
        _wait_for([_program("redis-cli"), "-p", str(port), "ping"], "Redis", log_path)

    def _write_environment(self, ports: dict[str, str]) -> None:
        names = ("GLOBAL", "SHARD_1", "SHARD_2")
        values = {
            f"DATABASE_{name}_URL": self._database_url(ports, "STACK_PORT_1", database)
            for name, database in zip(names, DATABASES, strict=True)
        }
        if "STACK_PORT_2" in ports:
            values |= {
                f"DATABASE_{name}_REPLICA_URL": self._database_url(ports, "STACK_PORT_2", database)
                for name, database in zip(names, DATABASES, strict=True)
            }
        for number, name in enumerate(("CACHE", "LOCK", "WEBSOCKET", "QUEUE")):
            values[f"{name}_URL"] = f"redis://127.0.0.1:{ports['STACK_PORT_REDIS']}/{number}"
        self.env_path.touch(mode=0o600)
        lines = [f"{key}={value}" for key, value in {**values, **ports}.items()]
        self.env_path.write_text("\n".join(lines) + "\n")

    def _database_url(self, ports: dict[str, str], port_name: str, database: str) -> str:
        return f"mysql://app:{ports['STACK_PASSWORD']}@127.0.0.1:{ports[port_name]}/{database}"


def _print_environment(stack: Stack) -> None:
    for key, value in stack.application_environment().items():
        print(f"{key}={value}")


def main(arguments: list[str]) -> int:
    """Do the one verb of the command line."""
    parser = argparse.ArgumentParser(prog="stack.py", description=__doc__)
    parser.add_argument("verb", choices=("start", "stop", "env"))
    parser.add_argument("--dir", type=Path, default=ROOT / "var" / "stack")
    parser.add_argument("--for-tests", action="store_true", help="fast, not durable")
    parser.add_argument("--replica", action="store_true", help="a second server that follows")
    options = parser.parse_args(arguments)
    stack = Stack(options.dir, for_tests=options.for_tests, replica=options.replica)
    try:
        if options.verb == "start":
            stack.start()
            install_driver()
        if options.verb == "stop":
            stack.stop()
    except StackError as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    if options.verb != "stop":
        _print_environment(stack)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
