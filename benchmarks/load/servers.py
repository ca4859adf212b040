"""The servers of the fan-out benchmark, each in a process of its own."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

if TYPE_CHECKING:
    from market.types import Quote

ROOT = Path(__file__).resolve().parents[2]
SYMBOLS = [f"BENCH{number:02}" for number in range(40)]
SERVERS = ("bare", "platform", "portable")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@contextmanager
def running(server: str, *, rate: float, folder: str, port: int = 0) -> Iterator["Running"]:
    """Run one server for the length of a block; ``rate`` is how many quotes go out a second."""
    started = Running(server, rate=rate, folder=folder, port=port or free_port())
    try:
        yield started
    finally:
        started.kill()


class Running:
    """A server process that listens."""

    def __init__(self, server: str, *, rate: float, folder: str, port: int) -> None:
        self.port = port
        command = [sys.executable, "-m", "load.servers", server, str(port), str(rate)]
        environment = {**os.environ, "DATA_DIR": folder, "LOG_FILES": "0", "LOG_LEVEL": "WARNING"}
        self._process = subprocess.Popen(command, env=environment, cwd=ROOT / "benchmarks")
        self.pid = self._process.pid
        self._wait()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._process.kill()
        self._process.wait()

    def cpu_s(self) -> float:
        """Return the CPU seconds used so far, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def resident_bytes(self) -> int:
        """Return the memory that the process holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise SystemExit("The server did not start.")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve_bare(port: int, rate: float) -> None:
    """Serve with nothing but the websockets library."""
    from websockets.asyncio.server import ServerConnection, broadcast, serve

    connections: set[ServerConnection] = set()

    async def accept(connection: ServerConnection) -> None:
        connections.add(connection)
        try:
            await connection.wait_closed()
        finally:
            connections.discard(connection)

    async def main() -> None:
        messages = [bare_message(symbol) for symbol in SYMBOLS]
        async with serve(accept, "127.0.0.1", port, compression=None, backlog=2048):
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


def serve_platform(port: int, rate: float, *, portable: bool) -> None:
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

    common = {"exchange": "NASDAQ", "currency": "USD", "source": "SAMPLE", "base_price": 100}
    Instrument.objects.bulk_create(
        [Instrument(symbol=name, name_en=name, name_ko=name, **common) for name in SYMBOLS],
        ignore_conflicts=True,
    )


def publish(rate: float) -> None:
    """Tell quotes as the feed does, one at a time and evenly; numbered through all symbols.

    All symbols have a quote from the start, as on any day but the first.
    """
    from market.quotes import quotes_tell
    from tradingplatform.clock import now

    quotes_tell([quote_of(symbol, 0) for symbol in SYMBOLS], now())
    due = time.perf_counter()
    seq = 0
    while True:
        for symbol in SYMBOLS:
            seq += 1
            quote = quote_of(symbol, seq)
            quotes_tell([quote], quote.received_at)
            due += 1 / rate
            time.sleep(max(0.0, due - time.perf_counter()))


def quote_of(symbol: str, seq: int) -> "Quote":
    """Return the quote of a symbol that is told under this number, now."""
    from decimal import Decimal

    from market.types import Quote
    from tradingplatform.clock import now

    at = now()
    return Quote(
        symbol=symbol,
        exchange="NASDAQ",
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


def main(server: str, port: int, rate: float) -> None:
    """Serve until killed."""
    if server == "bare":
        serve_bare(port, rate)
    else:
        serve_platform(port, rate, portable=server == "portable")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
