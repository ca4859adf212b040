"""What a log-in and a token check cost, beside the password hash and the same view without one.

usage: login.py [--rounds 40]

Starts the product (`manage.py serve` on SQLite) and asks it over one kept connection, one
request after the other. Log-in: `POST /api/account/login` beside `argon2.verify` with the same
parameters, lanes and memory in this process, in turns. Token check: `GET` of one instrument with
an access token beside the same without any, in turns. Medians of time, and for the log-in the
processor time as well, which other work on the machine does not lengthen: of the server less what
it uses when nobody asks, and of the bare hash. Server, client and hash share the machine. How
many queries the check adds stands in tests/query_budget.json.
"""

import argparse
import http.client
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import argon2

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from django.contrib.auth.hashers import Argon2PasswordHasher  # noqa: E402

from tests.live_server import LiveServer  # noqa: E402 - the project is no package

EMAIL, PASSWORD = "bench@example.com", "a long enough pass phrase"
INSTRUMENT = "/api/market/instruments/AAPL"
CHECKS_PER_ROUND = 10
IDLE_S = 3.0
# What a first start still does in the background is over then.
SETTLE_S = 20.0


class Caller:
    """One kept connection to the server."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            message = f"{method} {path} answered {answer.status}: {content[:200]!r}"
            raise RuntimeError(message)
        return json.loads(content) if content else None

    def log_in(self) -> str:
        body = {"email": EMAIL, "password": PASSWORD}
        return str(self.call("POST", "/api/account/login", body)["access"])


def used_ms(pid: int) -> float:
    """Return the processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def idle_share(pid: int) -> float:
    """Return the processor time that a process uses in a millisecond in which nobody asks."""
    before = used_ms(pid)
    waited_ms = timed_ms(lambda: time.sleep(IDLE_S))
    return (used_ms(pid) - before) / waited_ms


def processor_ms(rounds: int, pid: int, work: Callable[[], object]) -> float:
    """Return what a server uses for one request, beyond what it uses anyway."""
    idle, before = idle_share(pid), used_ms(pid)
    elapsed_ms = timed_ms(lambda: [work() for _ in range(rounds)])
    return (used_ms(pid) - before - idle * elapsed_ms) / rounds


def timed_ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def compare(rounds: int, one: Callable[[], object], other: Callable[[], object]) -> list[float]:
    """Return the medians of two things done in turns."""
    times = [(timed_ms(one), timed_ms(other)) for _ in range(rounds)]
    return [median(column) for column in zip(*times, strict=True)]


def report(name: str, bare: float, whole: float, limit_ms: float) -> None:
    more = whole - bare
    verdict = "within" if more <= limit_ms else "OVER"
    print(f"{name}: {bare:.2f} ms bare, {whole:.2f} ms whole: ratio {whole / bare:.2f}, ", end="")
    print(f"{more:.2f} ms more ({verdict} {limit_ms:g} ms)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    django_hasher = Argon2PasswordHasher()
    hasher = argon2.PasswordHasher(
        time_cost=django_hasher.time_cost,
        memory_cost=django_hasher.memory_cost,
        parallelism=django_hasher.parallelism,
    )
    encoded = hasher.hash(PASSWORD)
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(Path(folder), RATE_LIMIT_FACTOR="100000")
        server.start()
        time.sleep(SETTLE_S)
        try:
            caller = Caller(server.port)
            body = {"email": EMAIL, "password": PASSWORD, "nickname": "Bench"}
            caller.call("POST", "/api/account/signup", body)
            compare(3, caller.log_in, lambda: hasher.verify(encoded, PASSWORD))
            login = compare(rounds, lambda: hasher.verify(encoded, PASSWORD), caller.log_in)
            busy = processor_ms(rounds, server.pid, caller.log_in)
            token = caller.log_in()
            check = compare(
                rounds * CHECKS_PER_ROUND,
                lambda: caller.call("GET", INSTRUMENT),
                lambda: caller.call("GET", INSTRUMENT, token=token),
            )
        finally:
            server.stop()
    started = time.process_time()
    for _ in range(rounds):
        hasher.verify(encoded, PASSWORD)
    bare = (time.process_time() - started) * 1000 / rounds
    report("log-in beside argon2.verify, time", *login, limit_ms=15)
    report("log-in beside argon2.verify, processor", bare, busy, limit_ms=15)
    report("token check beside none", *check, limit_ms=1)


if __name__ == "__main__":
    main()
