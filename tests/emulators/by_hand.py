"""Run an emulator by hand, for `manage.py emulate`."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.emulators.fmp import FmpEmulator
from tests.emulators.kis import KisEmulator
from tests.emulators.kis.codes import PAPER, REAL
from tests.emulators.web import Json

# Ports after the first one, in this order.
KIS_PORTS = ("real", "real_ws", "paper", "paper_ws")
Say = Callable[[str], object]


def run(service: str, options: Json, say: Say) -> None:
    """Run one until the process is interrupted."""
    common = {name: options[name] for name in ("port", "seed", "folder")} | {"say": say}
    per_second = options["trades_per_second"]
    if service == "kis":
        with kis(**common, paper=options["paper"]) as emulator:
            keep_trading(emulator, per_second)
    else:
        with fmp(**common) as other:
            keep_trading(other, per_second)


@contextmanager
def kis(
    *, port: int, seed: int, folder: Path | None, say: Say, paper: bool
) -> Iterator[KisEmulator]:
    emulator = KisEmulator(seed=seed, folder=folder)
    ports = {name: port + n if port else 0 for n, name in enumerate(KIS_PORTS)}
    with emulator.running(ports=ports):
        say("KIS emulator: made-up data, nothing of it is real. Put this into .env:")
        _tell(emulator.settings(PAPER if paper else REAL, keys=3), say)
        _steer(emulator.paper_rest_url if paper else emulator.rest_url, say)
        yield emulator


@contextmanager
def fmp(*, port: int, seed: int, folder: Path | None, say: Say) -> Iterator[FmpEmulator]:
    emulator = FmpEmulator(seed=seed, folder=folder)
    with emulator.running(port=port):
        say("FMP emulator: made-up data, nothing of it is real. Put this into .env:")
        _tell(emulator.settings(), say)
        _steer(emulator.url, say)
        yield emulator


def keep_trading(emulator: KisEmulator | FmpEmulator, per_second: float) -> None:
    """Let the seeded walk print trades until the process is interrupted."""
    never = threading.Event()
    symbols = emulator.market.symbols()
    turn = 0
    while not never.wait(1 / per_second if per_second else 3600):
        if per_second:
            emulator.walk(1, [symbols[turn % len(symbols)]])
            turn += 1


def _tell(settings: dict[str, str], say: Say) -> None:
    for name, value in settings.items():
        say(f"{name}={value}")


def _steer(url: str, say: Say) -> None:
    say(f"Truth: {url}/__truth   Switches: {url}/__misbehave   Ctrl-C stops.")
