"""What `/ws/market` carries, beside bare `websockets.broadcast` on the same loop (uvloop).

usage: fanout.py [--parts cpu,crowd,frozen,idle,storm] [--seconds 10] [--rounds 3]

- cpu     messages that one CPU second of the server carries: 500 sockets x 40 messages a second;
          *portable* is the product through uvicorn's own protocol, one ASGI event per message;
- crowd   2,000 sockets x 5 messages a second: all of them, and how old they are when they come;
- frozen  1,000 sockets x 5 a second without and with 50 more that never read;
- idle    memory of 5,000 sockets that ask for nothing;
- storm   2,000 sockets whose server is killed: how long until all have quotes again.

Servers run one after the other, in processes of their own, with the load generator (this
process) on the same cores. Quotes are made, cached and encoded by `market.quotes.quotes_tell`
in the measured process. CPU is user + system time of the server process. Ends with 1 when a
target is missed.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

import uvloop
from load.readers import FrozenReader, Reader, TimedReader, connect, connect_all
from load.servers import SERVERS, Running, free_port, running

CPU_RATIO_MIN = 0.6
P99_MAX_S = 0.5
FROZEN_RATIO_MAX = 1.1
FROZEN_NOISE_S = 0.02
IDLE_BYTES_MAX = 40 * 1024
STORM_MAX_S = 60.0
WARM_UP_S = 2.0
# What our own clients wait before they come back (market.client, frontend/src/lib/backoff.ts).
BACKOFF_FIRST_S, BACKOFF_MAX_S = 1.0, 15.0


@dataclass(frozen=True)
class Carried:
    """What one server did in one round."""

    messages: int
    expected: int
    cpu_s: float

    @property
    def per_cpu_s(self) -> float:
        """Return messages per second of the server's CPU time."""
        return self.messages / self.cpu_s


@dataclass(frozen=True)
class Delivered:
    """How the messages of one run came."""

    messages: int
    skipped: int
    p50_s: float
    p99_s: float


async def carry(server: Running, n_sockets: int, rate: float, seconds: float) -> Carried:
    """Count what readers get while the server's CPU time is watched."""
    await connect_all([Reader() for _ in range(n_sockets)], server.port)
    await asyncio.sleep(WARM_UP_S)
    Reader.total = 0
    cpu, began = server.cpu_s(), time.perf_counter()
    await asyncio.sleep(seconds)
    messages, wall = Reader.total, time.perf_counter() - began
    return Carried(messages, round(n_sockets * rate * wall), server.cpu_s() - cpu)


async def deliver(server: Running, n_sockets: int, n_frozen: int, seconds: float) -> Delivered:
    """Note the age of every message of every reader."""
    readers = [TimedReader() for _ in range(n_sockets)]
    await connect_all([FrozenReader() for _ in range(n_frozen)], server.port)
    await connect_all(readers, server.port)
    async with asyncio.timeout(60):
        await asyncio.gather(*(reader.told.wait() for reader in readers))
    await asyncio.sleep(WARM_UP_S)
    for reader in readers:
        reader.measures = True
    await asyncio.sleep(seconds)
    for reader in readers:
        reader.measures = False
    ages = [age for reader in readers for age in reader.latencies_s]
    cuts = quantiles(ages, n=100)
    return Delivered(len(ages), sum(reader.skipped for reader in readers), cuts[49], cuts[98])


async def hold(server: Running, n_sockets: int) -> float:
    """Return the bytes that each idle socket costs the server."""
    await connect_all([Reader(silent=True) for _ in range(100)], server.port)
    before = server.resident_bytes()
    await connect_all([Reader(silent=True) for _ in range(n_sockets)], server.port)
    await asyncio.sleep(1)
    return (server.resident_bytes() - before) / n_sockets


async def come_back(port: int, readers: Sequence[Reader], restart: Callable[[], None]) -> float:
    """Kill and restart the server; return the seconds until every client has quotes again."""
    await connect_all(readers, port)
    await asyncio.sleep(WARM_UP_S)
    began = time.perf_counter()
    returns = [asyncio.ensure_future(return_of(reader, port)) for reader in readers]
    await asyncio.to_thread(restart)
    async with asyncio.timeout(10 * STORM_MAX_S):
        await asyncio.gather(*returns)
    return time.perf_counter() - began


async def return_of(reader: Reader, port: int) -> None:
    """Wait for the end of a socket, then knock until a new one brings quotes."""
    await reader.lost
    wait_s = BACKOFF_FIRST_S
    while True:
        await asyncio.sleep(random.uniform(0, wait_s))  # noqa: S311 - jitter
        wait_s = min(2 * wait_s, BACKOFF_MAX_S)
        another = TimedReader()
        try:
            await connect(another, port)
        except OSError:
            continue
        await another.told.wait()
        if another.has_quotes:
            return


def measure_cpu(options: argparse.Namespace, folder: str) -> bool:
    """Compare what a CPU second carries."""
    results: dict[str, list[Carried]] = {server: [] for server in SERVERS}
    print(f"cpu: 500 sockets x 40 messages/s, {options.seconds} s, {options.rounds} rounds")
    for number in range(1, options.rounds + 1):
        for name in SERVERS:
            with running(name, rate=40, folder=folder) as server:
                result = uvloop.run(carry(server, 500, 40, options.seconds))
            results[name].append(result)
            print(
                f"  round {number} {name:9} {result.messages:8} of {result.expected}"
                f" messages, {result.cpu_s:5.2f} CPU s, {result.per_cpu_s:8.0f} per CPU s",
                flush=True,
            )
    per_cpu_s = {name: median(row.per_cpu_s for row in rows) for name, rows in results.items()}
    ratios = {name: carried / per_cpu_s["bare"] for name, carried in per_cpu_s.items()}
    for name in SERVERS[1:]:
        print(f"  {name}: {per_cpu_s[name]:.0f} per CPU s, {ratios[name]:.2f} of bare")
    return verdict(f"at least {CPU_RATIO_MIN} of bare", ratios["platform"] >= CPU_RATIO_MIN)


def measure_crowd(options: argparse.Namespace, folder: str) -> bool:
    """Deliver to many."""
    with running("platform", rate=5, folder=folder) as server:
        result = uvloop.run(deliver(server, 2000, 0, options.seconds))
    print(f"crowd: 2000 sockets x 5 messages/s, {options.seconds} s")
    show(result)
    is_good = result.skipped == 0 and result.p99_s <= P99_MAX_S
    return verdict(f"all of them, p99 at most {P99_MAX_S} s", is_good)


def measure_frozen(options: argparse.Namespace, folder: str) -> bool:
    """Compare what readers get without and with others that never read."""
    results = []
    for n_frozen in (0, 50):
        with running("platform", rate=5, folder=folder) as server:
            results.append(uvloop.run(deliver(server, 1000, n_frozen, options.seconds)))
        print(f"frozen: 1000 sockets x 5 messages/s beside {n_frozen} that never read")
        show(results[-1])
    alone, beside = results
    print(f"  p99 {beside.p99_s / alone.p99_s:.2f} of that without them")
    late_s = beside.p99_s - max(FROZEN_RATIO_MAX * alone.p99_s, alone.p99_s + FROZEN_NOISE_S)
    return verdict("nothing changes for the others", late_s <= 0 and beside.skipped == 0)


def measure_idle(options: argparse.Namespace, folder: str) -> bool:
    """Compare the memory of sockets that ask for nothing."""
    del options
    held = {}
    for name in ("bare", "platform"):
        with running(name, rate=0.001, folder=folder) as server:
            held[name] = uvloop.run(hold(server, 5000))
    print(f"idle: 5000 sockets, {held['platform'] / 1024:.1f} KB each,", end=" ")
    print(f"{held['platform'] / held['bare']:.2f} of bare ({held['bare'] / 1024:.1f} KB)")
    return verdict(f"at most {IDLE_BYTES_MAX // 1024} KB", held["platform"] <= IDLE_BYTES_MAX)


def measure_storm(options: argparse.Namespace, folder: str) -> bool:
    """Kill the server of many sockets."""
    del options
    servers = [Running("platform", rate=5, folder=folder, port=free_port())]

    def restart() -> None:
        servers[-1].kill()
        servers.append(Running("platform", rate=5, folder=folder, port=servers[-1].port))

    async def storm() -> float:
        return await come_back(servers[0].port, [Reader() for _ in range(2000)], restart)

    try:
        seconds = uvloop.run(storm())
    finally:
        servers[-1].kill()
    print(f"storm: 2000 sockets have quotes again {seconds:.1f} s after kill -9 of their server")
    return verdict(f"at most {STORM_MAX_S:.0f} s", seconds <= STORM_MAX_S)


def show(result: Delivered) -> None:
    """Print how messages came."""
    print(
        f"  {result.messages} messages, {result.skipped} left out,"
        f" p50 {1000 * result.p50_s:.0f} ms, p99 {1000 * result.p99_s:.0f} ms",
        flush=True,
    )


def verdict(target: str, is_reached: bool) -> bool:
    """Print whether a target was reached, and return it."""
    print(f"  target: {target}: {'reached' if is_reached else 'MISSED'}", flush=True)
    return is_reached


PARTS: dict[str, Callable[[argparse.Namespace, str], bool]] = {
    "cpu": measure_cpu,
    "crowd": measure_crowd,
    "frozen": measure_frozen,
    "idle": measure_idle,
    "storm": measure_storm,
}


def main() -> int:
    """Measure the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fanout-") as folder:
        reached = [PARTS[name](options, folder) for name in options.parts.split(",")]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
