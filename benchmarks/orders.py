"""Full orders a second from HTTP to the ledger, beside the raw commits of the same server.

usage: orders.py [--seconds 20] [--clients 16] [--raw-seconds 5]

Starts a private MariaDB (every commit forced to disk, binary log on) and Redis, and the
production processes web (gunicorn), relay, feed and trader. Each client is a user with a
portfolio and a connection of its own, and sends the next market order when the last one is
answered. A full order was checked, reserved, stored, sent, filled at the live quote and
posted to the ledger; the clock stops when every order is filled. The raw figure is
single-row INSERT + COMMIT on as many connections, measured before and after. Servers, load
and database share this machine. Ends with 1 when an order is lost or `verify --all` fails.
"""

import argparse
import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bin"))

from stack import Stack, free_port, install_driver  # noqa: E402 - bin/ is no package

PROCESSES = ("web", "relay", "feed", "trader")
START_TIMEOUT_S = 90.0
DRAIN_TIMEOUT_S = 120.0
PASSWORD = "a long enough pass phrase"  # noqa: S105 - of throw-away users
SYMBOLS = ("005930", "000660", "035420", "AAPL", "MSFT")


@dataclass
class Client:
    """A user with one connection who places one order after another."""

    port: int
    number: int
    placed: int = 0
    latencies: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self._headers = {"Content-Type": "application/json"}

    def sign_up(self) -> None:
        """Make the user and a portfolio with plenty of cash."""
        email = f"client{self.number}@example.com"
        account = {"email": email, "password": PASSWORD}
        self.call("POST", "/api/account/signup", account | {"nickname": f"c{self.number}"})
        access = self.call("POST", "/api/account/login", account)["access"]
        self._headers["Authorization"] = f"Bearer {access}"
        cash = {"KRW": "1000000000000", "USD": "1000000000"}
        body = {"name": "bench", "base_currency": "KRW", "initial_cash": cash}
        opened = self.call("POST", "/api/portfolio/portfolios", body)
        self.path = f"/api/portfolio/portfolios/{opened['id']}"

    def place_until(self, deadline: float) -> None:
        """Place market orders until the time is over."""
        while time.monotonic() < deadline:
            name = f"o-{self.placed}"
            order = {
                "client_order_id": name,
                "symbol": SYMBOLS[self.placed % len(SYMBOLS)],
                "side": "BUY",
                "order_type": "MARKET",
                "quantity": "1",
                "time_in_force": "DAY",
            }
            started = time.monotonic()
            self.call("POST", f"{self.path}/orders", order, key=name)
            self.latencies.append(time.monotonic() - started)
            self.placed += 1

    def has_open_orders(self) -> bool:
        """Whether any order is not filled yet."""
        return bool(self.call("GET", f"{self.path}/orders?status=OPEN&limit=1")["results"])

    def filled(self) -> int:
        """Count the filled orders, page by page."""
        url, count = f"{self.path}/orders?status=FILLED&limit=200", 0
        while url:
            page = self.call("GET", url)
            count += len(page["results"])
            url = page["next"] and page["next"][page["next"].index("/api/") :]
        return count

    def call(self, method: str, path: str, body: object = None, key: str = "") -> dict:
        """Send one request; any answer but success is an error of the benchmark."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        content = None if body is None else json.dumps(body)
        try:
            answer = self._send(method, path, content, headers)
        except (ConnectionError, http.client.RemoteDisconnected):
            # The server had closed an idle connection; the key makes a second try safe.
            self._connection.close()
            answer = self._send(method, path, content, headers)
        text = answer.read()
        if answer.status >= 300:
            message = f"{method} {path}: {answer.status} {text[:300]!r}"
            raise RuntimeError(message)
        return json.loads(text)

    def _send(
        self, method: str, path: str, content: str | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        self._connection.request(method, path, body=content, headers=headers)
        return self._connection.getresponse()


class Platform:
    """The production processes on one database server."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        self._folder = folder
        self._environment = {
            **os.environ,
            **environment,
            "DATA_DIR": str(folder / "data"),
            "RATE_LIMIT_FACTOR": "100000",
            "LOG_LEVEL": "WARNING",
            "WEB_CONCURRENCY": "2",
            "DEMO_DATA": "0",
            "DJANGO_SETTINGS_MODULE": "tradingplatform.settings",
        }
        self._running: list[subprocess.Popen[bytes]] = []

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self) -> None:
        """Prepare the databases and start every process."""
        for command in ("migrate_all", "load_sample_market"):
            done = self.manage(command)
            if done.returncode:
                raise RuntimeError(done.stdout + done.stderr)
        for name in PROCESSES:
            extra = ["--port", str(self.port)] if name == "web" else []
            with (self._folder / f"{name}.log").open("wb") as log:
                command = [sys.executable, "manage.py", "run_process", name, *extra]
                process = subprocess.Popen(
                    command, cwd=ROOT, env=self._environment, stdout=log, stderr=log
                )
            self._running.append(process)
        try:
            wait_until(self._is_quoting, START_TIMEOUT_S, "the first quotes")
        except RuntimeError:
            for name in PROCESSES:
                print(f"-- {name}", (self._folder / f"{name}.log").read_text()[-1500:], sep="\n")
            raise

    def stop(self) -> None:
        """End what was started."""
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            process.kill()

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU seconds used so far, by process (with its children)."""
        pairs = zip(PROCESSES, self._running, strict=True)
        return {name: tree_cpu_s(process.pid) for name, process in pairs}

    def _is_quoting(self) -> bool:
        try:
            found = Client(self.port, -1).call(
                "GET", f"/api/market/quotes?symbols={','.join(SYMBOLS)}"
            )
        except (OSError, RuntimeError, http.client.HTTPException):
            return False
        return all(quote["ask"] is not None for quote in found["results"])


def tree_cpu_s(pid: int) -> float:
    """Return user + system seconds of a process and its children, from /proc."""
    ticks = 0
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return ticks / os.sysconf("SC_CLK_TCK") + sum(tree_cpu_s(int(c)) for c in children)
    return 0.0


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Poll a condition; RuntimeError if it does not come true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            message = f"{what}: not within {timeout_s:.0f} s"
            raise RuntimeError(message)
        time.sleep(0.05)


def connect(url: str):
    """Connect to the database of an environment URL with the driver that Django uses."""
    import MySQLdb

    parts = urlsplit(url)
    return MySQLdb.connect(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        passwd=parts.password,
        db=parts.path.lstrip("/"),
    )


def raw_commits_per_s(url: str, connections: int, seconds: float) -> float:
    """Insert and commit single rows on several connections; return commits per second."""
    with contextlib.closing(connect(url)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_raw "
            "(id BIGINT AUTO_INCREMENT PRIMARY KEY, payload VARCHAR(200))"
        )
        connection.commit()
    begin = threading.Barrier(connections + 1)
    deadline = float("inf")

    def insert(_number: int) -> int:
        with contextlib.closing(connect(url)) as connection:
            cursor, count = connection.cursor(), 0
            begin.wait()
            while time.monotonic() < deadline:
                cursor.execute("INSERT INTO bench_raw (payload) VALUES (%s)", ("x" * 100,))
                connection.commit()
                count += 1
            return count

    with ThreadPoolExecutor(connections) as pool:
        counts = [pool.submit(insert, number) for number in range(connections)]
        deadline = time.monotonic() + seconds
        started = time.monotonic()
        begin.wait()
        total = sum(count.result() for count in counts)
        return total / (time.monotonic() - started)


@contextlib.contextmanager
def database() -> Iterator[dict[str, str]]:
    """Run a private, durable MariaDB and a Redis; yield the environment to use them."""
    folder = Path(tempfile.mkdtemp(prefix="tradingplatform-bench-"))
    stack = Stack(folder)
    try:
        stack.start()
        install_driver()
        yield stack.application_environment()
    finally:
        stack.stop()
        shutil.rmtree(folder, ignore_errors=True)


def run_orders(platform: Platform, clients: list[Client], seconds: float) -> tuple[float, float]:
    """Place orders for some seconds; return the seconds of placing and until all are filled."""
    started = time.monotonic()
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: client.place_until(started + seconds), clients))
    placed_s = time.monotonic() - started
    wait_until(
        lambda: not any(client.has_open_orders() for client in clients),
        DRAIN_TIMEOUT_S,
        "filling the rest",
    )
    return placed_s, time.monotonic() - started


def report(clients: list[Client], placed_s: float, filled_s: float, raw: list[float]) -> float:
    """Print the figures; return full orders per second."""
    placed = sum(client.placed for client in clients)
    latencies = [value for client in clients for value in client.latencies]
    cuts = quantiles(latencies, n=100)
    full = placed / filled_s
    print(f"raw commits/s        {raw[0]:8.0f} before, {raw[1]:.0f} after, same server")
    print(f"orders accepted/s    {placed / placed_s:8.0f}  ({placed} in {placed_s:.1f} s)")
    print(f"full orders/s        {full:8.0f}  (last fill after {filled_s:.1f} s)")
    print(f"ratio to raw         {full / (sum(raw) / len(raw)):8.2f}")
    print(f"answer p50/p95/p99   {cuts[49] * 1000:.0f} / {cuts[94] * 1000:.0f} / ", end="")
    print(f"{cuts[98] * 1000:.0f} ms")
    return full


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--raw-seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=16)
    options = parser.parse_args()
    with database() as environment:
        shard = environment["DATABASE_SHARD_1_URL"]
        raw = [raw_commits_per_s(shard, options.clients, options.raw_seconds)]
        folder = Path(tempfile.mkdtemp(prefix="tradingplatform-bench-app-"))
        platform = Platform(folder, environment)
        try:
            platform.start()
            clients = [Client(platform.port, number) for number in range(options.clients)]
            for client in clients:
                client.sign_up()
            before = platform.cpu_s()
            placed_s, filled_s = run_orders(platform, clients, options.seconds)
            cpu = {name: used - before[name] for name, used in platform.cpu_s().items()}
            raw.append(raw_commits_per_s(shard, options.clients, options.raw_seconds))
            report(clients, placed_s, filled_s, raw)
            print("CPU seconds         ", ", ".join(f"{n} {s:.1f}" for n, s in cpu.items()))
            lost = sum(client.placed - client.filled() for client in clients)
            verified = platform.manage("verify", "--all")
            print(f"orders not filled    {lost:8}")
            print(verified.stdout.strip() or verified.stderr.strip())
            return int(bool(lost or verified.returncode))
        finally:
            platform.stop()
            if os.environ.get("KEEP_LOGS") != "1":
                shutil.rmtree(folder, ignore_errors=True)
            else:
                print(f"logs are in {folder}")


if __name__ == "__main__":
    sys.exit(main())
