"""The sample market as a source of ticks: the intraday process on the wall clock."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from market import rules
from market.enums import Source
from market.feed import Line
from market.sample.depth import SampleDepth, ladder
from market.sample.process import (
    FloatArray,
    IntArray,
    SampleMarketProcess,
    Walker,
    activity_curve,
)
from market.ticks import Tick
from market.types import PRICE_UNIT, BookLevel, OrderBook

BoolArray = NDArray[np.bool_]

BOOK_EVERY_S = 1.0
_DEPTH_STREAM = 1
"""Sizes have random numbers of their own, so that prices do not depend on who looks at books."""
STEP_MAX_S = 5.0
"""A process that slept (laptop lid) goes on from here, it does not live through the night."""


class SampleProvider:
    """Steps the process with ``speed`` seconds of market time per second."""

    def __init__(
        self,
        walkers: Sequence[Walker],
        correlation: FloatArray,
        *,
        seed: Sequence[int],
        speed: float,
        on: date,
    ) -> None:
        self._process = SampleMarketProcess(walkers, correlation, seed=seed, on=on)
        self._speed = speed
        self._walkers = tuple(walkers)
        self._curves = {row.exchange: activity_curve(row.exchange, on) for row in walkers}
        self._activity = np.ones(len(walkers))
        self._minute: datetime | None = None
        self._told: list[tuple[int, int]] = [(0, 0)] * len(walkers)
        volumes = np.array([row.daily_volume for row in walkers])
        self._depth = SampleDepth(volumes, seed=[*seed, _DEPTH_STREAM])
        self._books_due = np.zeros(len(walkers), dtype=np.bool_)
        self._books_at = np.full(len(walkers), -BOOK_EVERY_S)
        self._quoted = np.zeros((2, len(walkers)), dtype=np.int64)

    def ticks(self, at: datetime, elapsed_s: float) -> Iterator[Tick]:
        """Advance to ``at`` and yield what traded or was quoted anew."""
        self._follow_clock(at)
        step = self._process.step(min(elapsed_s, STEP_MAX_S) * self._speed, self._activity)
        moved = (step.bids != self._quoted[0]) | (step.asks != self._quoted[1])
        self._books_due |= moved | step.traded
        self._quoted = np.stack([step.bids, step.asks])
        columns = (step.prices, step.bids, step.asks, step.volumes)
        for place, (price, bid, ask, size) in enumerate(zip(*map(np.ndarray.tolist, columns))):  # noqa: B905
            if size or self._told[place] != (bid, ask):
                self._told[place] = (bid, ask)
                symbol = self._walkers[place].symbol
                yield Tick(symbol, _price(price), _price(bid), _price(ask), size, at)

    def books(self, at: datetime) -> Iterator[OrderBook]:
        """Yield the order books around the quotes that changed, each at most once a second."""
        seconds = at.timestamp()
        due = self._books_due & (seconds - self._books_at >= BOOK_EVERY_S)
        self._books_due &= ~due
        self._books_at[due] = seconds
        lows, highs = self._process.limits()
        for exchange in self._curves:
            members = self._process.members(exchange)
            chosen = members[due[members]]
            prices = ladder(self._process.grid(exchange), *self._quoted[:, chosen])
            sizes = self._depth.sizes(chosen)
            inside = (prices >= lows[chosen, None, None]) & (prices <= highs[chosen, None, None])
            for row, place in enumerate(chosen.tolist()):
                asks, bids = (
                    _levels(prices[row, side], sizes[row, side], inside[row, side])
                    for side in (0, 1)
                )
                yield OrderBook(self._walkers[place].symbol, asks, bids, Source.SAMPLE, at)

    def session_start(self, exchange: str, on: date, base_prices: Sequence[Decimal]) -> None:
        """Begin a session with the closes of the one before as base prices."""
        units = np.array([int(price * PRICE_UNIT) for price in base_prices], dtype=np.int64)
        self._process.session_start(exchange, on, units)
        self._curves[exchange] = activity_curve(exchange, on)

    def symbols_of(self, exchange: str) -> list[str]:
        """Return the exchange's symbols in the order that session_start expects."""
        if exchange not in self._curves:
            return []
        return [self._walkers[place].symbol for place in self._process.members(exchange)]

    def vouched(self, symbols: Sequence[str], at: datetime) -> Sequence[str]:
        """Return all: nothing trades here that this process does not know of."""
        return symbols

    def lines_new(self) -> Iterable[Line]:
        """Return none: the sample market knows its symbols from the start."""
        return ()

    def close(self) -> None:
        """Do nothing: nothing was opened."""

    def _follow_clock(self, at: datetime) -> None:
        minute = at.replace(second=0, microsecond=0)
        if minute == self._minute:
            return
        self._minute = minute
        for exchange, curve in self._curves.items():
            local = at.astimezone(rules.exchange_timezone(exchange))
            level = curve[local.hour * 60 + local.minute]
            self._activity[self._process.members(exchange)] = level


def _levels(prices: IntArray, sizes: IntArray, inside: BoolArray) -> tuple[BookLevel, ...]:
    """Return the levels whose price the session allows."""
    pairs = zip(prices[inside].tolist(), sizes[inside].tolist(), strict=True)
    return tuple(BookLevel(_price(units), size) for units, size in pairs)


def _price(units: int) -> Decimal:
    return Decimal(units).scaleb(-6)
