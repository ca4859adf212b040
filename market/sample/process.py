"""How the sample market moves within the day. Pure: same seed and steps, same prices.

Efficient prices follow a driftless geometric random walk with the joint correlation of the
daily returns, scaled by an intraday activity curve. Trades happen at the bid or the ask, the
ask with the probability that makes the expected trade price the efficient one, so the bounce
between them adds noise but no drift (the bid-ask bounce of Roll, 1984).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from market import rules
from market.sample.grid import PriceGrid, price_grid

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DAY_S = 86_400
TRADES_PER_SECOND = 1.6
"""Of one symbol at average activity; several within a step count as one print."""

_SESSION_SHARE = 0.6
"""Part of a day's volume that falls into the regular session; the rest keeps demos alive."""


@dataclass(frozen=True)
class Walker:
    """One symbol at the start of the process; prices in stored integer units."""

    symbol: str
    exchange: str
    price_units: int
    base_units: int
    daily_volatility: float
    daily_volume: float


@dataclass(frozen=True)
class Step:
    """What happened in one step, arrays of shape (n_symbols,) in the order of the walkers."""

    traded: NDArray[np.bool_]
    prices: IntArray
    bids: IntArray
    asks: IntArray
    volumes: IntArray


class SampleMarketProcess:
    """The state of all symbols; ``step`` advances it."""

    def __init__(
        self, walkers: Sequence[Walker], correlation: FloatArray, *, seed: Sequence[int], on: date
    ) -> None:
        self.walkers = tuple(walkers)
        self._rng = np.random.default_rng(list(seed))
        self._mixing = np.linalg.cholesky(correlation)
        self._volatility = np.array([row.daily_volatility for row in walkers])
        self._volume_per_s = np.array([row.daily_volume for row in walkers]) / DAY_S
        self._prices = np.array([row.price_units for row in walkers], dtype=np.int64)
        self._bases = np.array([row.base_units for row in walkers], dtype=np.int64)
        self._lows = np.zeros_like(self._prices)
        self._highs = np.zeros_like(self._prices)
        self._members = {
            exchange: np.flatnonzero([row.exchange == exchange for row in walkers])
            for exchange in {row.exchange: None for row in walkers}
        }
        self._grids: dict[str, PriceGrid] = {}
        for exchange in self._members:
            self.session_start(exchange, on, self._bases[self._members[exchange]])
        self._log_mids = np.log(self._prices.astype(np.float64))

    @property
    def prices(self) -> IntArray:
        """The last trade price of each symbol, in stored units."""
        return self._prices.copy()

    def members(self, exchange: str) -> IntArray:
        """Return the places of the exchange's symbols among the walkers."""
        return self._members[exchange]

    def grid(self, exchange: str) -> PriceGrid:
        """Return the prices that the exchange allows in the running session."""
        return self._grids[exchange]

    def limits(self) -> tuple[IntArray, IntArray]:
        """Return the lowest and highest price of each symbol in the running session."""
        return self._lows, self._highs

    def session_start(self, exchange: str, on: date, base_units: IntArray) -> None:
        """Begin a session: its base prices, hence its band, and the rules of its date."""
        chosen = self._members[exchange]
        grid = self._grids[exchange] = price_grid(exchange, on)
        self._bases[chosen] = base_units
        self._lows[chosen], self._highs[chosen] = grid.limits(base_units)
        nearest = grid.nearest(self._prices[chosen].astype(np.float64))
        self._prices[chosen] = np.clip(nearest, self._lows[chosen], self._highs[chosen])

    def step(self, seconds: float, activity: FloatArray) -> Step:
        """Advance by ``seconds`` of market time at ``activity`` (1 = the day's average)."""
        busy_s = activity * seconds
        self._walk(busy_s)
        mids = np.exp(self._log_mids)
        bids, asks = self._quotes(mids)
        chance = 1 - np.exp(-TRADES_PER_SECOND * busy_s)
        draws = self._rng.random((2, len(self.walkers)))
        traded = draws[0] < chance
        at_ask = draws[1] < (mids - bids) / (asks - bids)
        self._prices = np.where(traded, np.where(at_ask, asks, bids), self._prices)
        return Step(traded, self._prices, bids, asks, self._sizes(busy_s, chance, traded))

    def _walk(self, busy_s: FloatArray) -> None:
        sigma = self._volatility * np.sqrt(busy_s / DAY_S)
        shocks = self._mixing @ self._rng.standard_normal(len(self.walkers))
        self._log_mids += sigma * shocks - sigma**2 / 2
        np.clip(self._log_mids, np.log(self._lows), np.log(self._highs), out=self._log_mids)

    def _quotes(self, mids: FloatArray) -> tuple[IntArray, IntArray]:
        bids = np.empty_like(self._prices)
        asks = np.empty_like(self._prices)
        for exchange, chosen in self._members.items():
            grid = self._grids[exchange]
            bid = grid.cut(mids[chosen].astype(np.int64))
            # At the upper limit nobody may ask more: the pair moves one tick down.
            highs = self._highs[chosen]
            bid = np.where(bid >= highs, grid.cut(highs - 1), bid)
            bids[chosen] = bid = np.maximum(bid, self._lows[chosen])
            asks[chosen] = bid + grid.tick_at(bid)
        return bids, asks

    def _sizes(self, busy_s: FloatArray, chance: FloatArray, traded: NDArray[np.bool_]) -> IntArray:
        uneven = np.exp(0.8 * self._rng.standard_normal(len(self.walkers)) - 0.32)
        mean = self._volume_per_s * busy_s / np.maximum(chance, 1e-12)
        return np.where(traded, np.maximum(np.rint(mean * uneven), 1), 0).astype(np.int64)


def activity_curve(exchange: str, on: date) -> FloatArray:
    """Return activity by local minute of the day, shape (1440,), mean 1: U-shaped in session."""
    session = rules.regular_session(exchange, on)
    opens = session.opens_at.hour * 60 + session.opens_at.minute
    closes = session.closes_at.hour * 60 + session.closes_at.minute
    curve = np.full(1440, (1 - _SESSION_SHARE) / (1440 - (closes - opens)))
    place = np.linspace(-1, 1, closes - opens)
    shape = 0.6 + 1.2 * place**2
    curve[opens:closes] = _SESSION_SHARE * shape / shape.sum()
    scaled: FloatArray = curve / curve.mean()
    return scaled
