"""Counts the quotes that one CPU second carries to sockets, beside bare `websockets.broadcast`.

usage: fanout.py [--sockets 500] [--rate 40] [--seconds 10] [--rounds 3]

Each socket subscribes to 40 symbols; one quote goes out every 1/rate s, so that each socket
gets `rate` messages a second. Servers run one after the other, in processes of their own, on
the same loop (uvloop) with the same load generator (this process):

- bare      `websockets.broadcast` of ready-made text to a set of connections;
- platform  /ws/market of the real application: subscribe, bus, hub, uvicorn; quotes are made,
            cached and encoded by `market.quotes.quotes_tell` in the measured process;
- portable  the same through uvicorn's own protocol, one ASGI event per message.

CPU is user + system time of the server process from /proc. Ends with 1 when the platform
carries less than half of what bare carries.
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import cast

import uvloop

ROOT = Path(__file__).resolve().parents[1]
SYMBOLS = [f"BENCH{number:02}" for number in range(40)]
TARGET = 0.5
WARM_UP_S = 2.0
SERVERS = ("bare", "platform", "portable")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What is asked of each server."""

    sockets: int
    rate: int
    seconds: int


@dataclass(frozen=True)
class Result:
    """What one server did in one round."""

    messages: int
    expected: int
    cpu_s: float

    @property
    def per_cpu_s(self) -> float:
        """Return messages per second of the server's CPU time."""
        return self.messages / self.cpu_s


class Reader(asyncio.Protocol):
    """A client that subscribes and counts the messages it gets."""

    total = 0

    def __init__(self) -> None:
        self.subscribed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rest = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a socket."""
        self._transport = cast("asyncio.Transport", transport)
        self._write(
            b"GET /ws/market HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        """Count whole frames."""
        data = self._rest + data
        if not self._open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            self._open = True
            self._subscribe()
        count, used = whole_frames(data)
        self._rest = data[used:]
        Reader.total += count

    def _subscribe(self) -> None:
        message = json.dumps({"type": "subscribe", "symbols": SYMBOLS}).encode()
        # A zero mask leaves the bytes as they are.
        self._write(bytes((0x81, 0xFE)) + len(message).to_bytes(2, "big") + bytes(4) + message)
        self.subscribed.set_result(None)

    def _write(self, data: bytes) -> None:
        self._transport.write(data)


def whole_frames(data: bytes) -> tuple[int, int]:
    """Return how many whole server frames ``data`` begins with, and their bytes."""
    count = at = 0
    while len(data) - at >= 4:
        size, head = data[at + 1] & 0x7F, 2
        if size == 126:
            size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
        if len(data) - at < head + size:
            break
        at += head + size
        count += 1
    return count, at


async def read(port: int, pid: int, load: Load) -> Result:
    """Open the sockets, wait until all is steady, and measure."""
    loop = asyncio.get_running_loop()
    readers: list[Reader] = []
    for _ in range(load.sockets):
        _, reader = await loop.create_connection(Reader, "127.0.0.1", port)
        readers.append(reader)
    async with asyncio.timeout(30):
        await asyncio.gather(*(reader.subscribed for reader in readers))
    await asyncio.sleep(WARM_UP_S)
    Reader.total = 0
    cpu, began = cpu_of(pid), time.perf_counter()
    await asyncio.sleep(load.seconds)
    messages, wall = Reader.total, time.perf_counter() - began
    return Result(messages, round(load.sockets * load.rate * wall), cpu_of(pid) - cpu)


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def run_round(server: str, load: Load, folder: str) -> Result:
    """Start one server, load it, stop it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, __file__, "--serve", server, "--port", str(port)]
    command += ["--rate", str(load.rate)]
    environment = {**os.environ, "DATA_DIR": folder, "LOG_FILES": "0", "LOG_LEVEL": "WARNING"}
    process = subprocess.Popen(command, env=environment)
    try:
        wait_for(port, process)
        return uvloop.run(read(port, process.pid, load))
    finally:
        process.kill()
        process.wait()


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the server listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("The server did not start.")


def serve_bare(port: int, rate: int) -> None:
    """Serve with nothing but the websockets library."""
    from websockets.asyncio.server import ServerConnection, broadcast, serve

    connections: set[ServerConnection] = set()

    async def accept(connection: ServerConnection) -> None:
        await connection.recv()
        connections.add(connection)
        try:
            await connection.wait_closed()
        finally:
            connections.discard(connection)

    async def main() -> None:
        messages = [bare_message(symbol) for symbol in SYMBOLS]
        async with serve(accept, "127.0.0.1", port, compression=None):
            due = time.perf_counter()
            while True:
                for message in messages:
                    broadcast(connections, message)
                    due += 1 / rate
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))

    uvloop.run(main())


def bare_message(symbol: str) -> str:
    """Return a frame like the platform's, of the same length."""
    quote = {
        "symbol": symbol,
        "price": "101.25",
        "bid": "101.24",
        "ask": "101.26",
        "change": "1.25",
        "change_rate": 0.0125,
        "volume": 123456,
        "exchange_time": "2026-11-23T05:00:00.123456+00:00",
        "age_ms": 0,
        "source": "SAMPLE",
        "currency": "USD",
        "base_price": "100",
        "received_at": "2026-11-23T05:00:00.123456+00:00",
        "epoch": "1",
        "seq": 12345,
    }
    body = {
        "type": "market",
        "stream": f"market:{symbol}",
        "epoch": "1",
        "seq": 12345,
        "ts": "2026-11-23T05:00:00.123456+00:00",
        "data": quote,
    }
    return json.dumps(body, separators=(",", ":"))


def serve_platform(port: int, rate: int, *, portable: bool) -> None:
    """Serve the real application with a publisher thread, as the one-process product does."""
    prepare_django()
    from tradingplatform.hosting import server
    from tradingplatform.routing import sockets_only

    make_instruments()
    threading.Thread(target=publish, args=(rate,), daemon=True).start()
    config = server.server_config(sockets_only)
    if portable:
        config.ws = "websockets-sansio"
    sock = server.bind("127.0.0.1", port)
    asyncio.Runner(loop_factory=config.get_loop_factory()).run(
        server.Server(config).serve(sockets=[sock])
    )


def prepare_django() -> None:
    """Load the platform and make its tables."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradingplatform.settings")
    import django
    from django.core.management import call_command

    django.setup()
    with Path(os.devnull).open("w") as nowhere:
        call_command("migrate_all", verbosity=0, stdout=nowhere)


def make_instruments() -> None:
    """Make the symbols known."""
    from market.models import Instrument

    Instrument.objects.bulk_create(
        [
            Instrument(
                symbol=symbol,
                exchange="NASDAQ",
                name_en=symbol,
                name_ko=symbol,
                currency="USD",
                source="SAMPLE",
                base_price=100,
            )
            for symbol in SYMBOLS
        ],
        ignore_conflicts=True,
    )


def publish(rate: int) -> None:
    """Tell quotes as the feed does, one at a time and evenly."""
    from decimal import Decimal

    from market.quotes import quotes_tell
    from market.types import Quote
    from tradingplatform.clock import now

    due = time.perf_counter()
    seq = 0
    while True:
        seq += 1
        for symbol in SYMBOLS:
            at = now()
            quote = Quote(
                symbol=symbol,
                price=Decimal("101.25"),
                bid=Decimal("101.24"),
                ask=Decimal("101.26"),
                change=Decimal("1.25"),
                change_rate=0.0125,
                volume=123456,
                exchange_time=at,
                received_at=at,
                source="SAMPLE",
                currency="USD",
                base_price=Decimal(100),
                epoch="1",
                seq=seq,
            )
            quotes_tell([quote], at)
            due += 1 / rate
            time.sleep(max(0.0, due - time.perf_counter()))


def measure(load: Load, rounds: int) -> int:
    """Run every server in each round, print what each did, and compare."""
    results: dict[str, list[Result]] = {server: [] for server in SERVERS}
    print(f"{load.sockets} sockets x {load.rate} messages/s, {load.seconds} s, {rounds} rounds")
    with tempfile.TemporaryDirectory(prefix="fanout-") as folder:
        for number in range(1, rounds + 1):
            for server in SERVERS:
                result = run_round(server, load, folder)
                results[server].append(result)
                print(
                    f"  round {number} {server:9} {result.messages:8} of {result.expected}"
                    f" messages, {result.cpu_s:5.2f} CPU s, {result.per_cpu_s:8.0f} per CPU s",
                    flush=True,
                )
    bare = median(result.per_cpu_s for result in results["bare"])
    for server in SERVERS[1:]:
        carried = median(result.per_cpu_s for result in results[server])
        print(f"{server}: {carried:.0f} per CPU s, {carried / bare:.2f} of bare ({bare:.0f})")
    ratio = median(result.per_cpu_s for result in results["platform"]) / bare
    print(f"target {TARGET}: {'reached' if ratio >= TARGET else 'MISSED'}")
    return 0 if ratio >= TARGET else 1


def main() -> int:
    """Serve (in a child) or measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--rate", type=int, default=40)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve == "bare":
        serve_bare(options.port, options.rate)
    elif options.serve:
        serve_platform(options.port, options.rate, portable=options.serve == "portable")
    return measure(Load(options.sockets, options.rate, options.seconds), options.rounds)


if __name__ == "__main__":
    sys.exit(main())
