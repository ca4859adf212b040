"""Tick tables and price bands on whole arrays of prices, in stored integer units."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from market import rules
from market.types import PRICE_UNIT

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class PriceGrid:
    """The prices an exchange allows on a date; the same rules as ``rules``, vectorised."""

    lower_bounds: IntArray
    ticks: IntArray
    band: Fraction | None

    def tick_at(self, units: IntArray) -> IntArray:
        """Return the tick that applies at each price."""
        return self.ticks[np.searchsorted(self.lower_bounds, units, side="right") - 1]

    def nearest(self, units: NDArray[np.float64]) -> IntArray:
        """Return the allowed price nearest to each price, at least one tick."""
        ticks = self.tick_at(np.maximum(units, 0).astype(np.int64))
        return np.maximum(np.rint(units / ticks).astype(np.int64), 1) * ticks

    def cut(self, units: IntArray) -> IntArray:
        """Return the allowed price at or below each price."""
        return units - units % self.tick_at(units)

    def above(self, units: IntArray) -> IntArray:
        """Return the next allowed price above each price."""
        return units + self.tick_at(units)

    def below(self, units: IntArray) -> IntArray:
        """Return the next allowed price below each price; 0 where there is none."""
        lower: IntArray = np.maximum(units - self.tick_at(np.maximum(units - 1, 0)), 0)
        return lower

    def limits(self, base_units: IntArray) -> tuple[IntArray, IntArray]:
        """Return the lowest and highest price of a day: of the band, or plausible without one."""
        if self.band is None:
            least = base_units // rules.PLAUSIBLE_FACTOR
            return self.cut(least) + self.tick_at(least), self.cut(
                base_units * rules.PLAUSIBLE_FACTOR
            )
        width = base_units * self.band.numerator // self.band.denominator
        width -= width % self.tick_at(base_units)
        return self.cut(base_units - width), self.cut(base_units + width)


def price_grid(exchange: str, on: date) -> PriceGrid:
    """Return the grid in force on a date."""
    return _grid(exchange, rules.tick_table(exchange, on), rules.band_rate(exchange, on))


@cache
def _grid(exchange: str, table: rules.TickTable, rate: object) -> PriceGrid:
    return PriceGrid(
        lower_bounds=np.array([int(b * PRICE_UNIT) for b in table.lower_bounds], dtype=np.int64),
        ticks=np.array([int(tick * PRICE_UNIT) for tick in table.ticks], dtype=np.int64),
        band=None if rate is None else Fraction(str(rate)),
    )
