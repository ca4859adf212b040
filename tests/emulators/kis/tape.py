"""Plays a tape of trades into the emulator: in order, at a multiple of its own speed."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby


@dataclass(frozen=True)
class Mark:
    """One trade of a tape, so many seconds after its beginning."""

    after_s: float
    symbol: str
    price: Decimal | int | str
    quantity: int = 1


def play(
    marks: Iterable[Mark],
    print_trades: Callable[[str, list[tuple[Decimal | int | str, int]]], object],
    *,
    speed: float = 1,
    wait: Callable[[float], object] | None = None,
) -> None:
    """Print the marks; those of one symbol at one moment travel in one frame."""
    pause = wait or threading.Event().wait
    now = 0.0
    for (after_s, symbol), group in groupby(marks, key=lambda mark: (mark.after_s, mark.symbol)):
        if after_s > now:
            pause((after_s - now) / speed)
            now = after_s
        print_trades(symbol, [(mark.price, mark.quantity) for mark in group])
