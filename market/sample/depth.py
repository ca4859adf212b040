"""The order books of the sample market: how many shares wait at the prices around a quote.

Log sizes of all levels are autoregressive around a mean that is largest a few ticks away from
the best price, as in the average shape of real books [1]. Pure: same seed, same books.

[1] Bouchaud, J.-P., Mézard, M. and Potters, M. (2002). Statistical properties of stock order
    books: empirical results and models. Quantitative Finance 2(4), 251-256.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from market.sample.grid import PriceGrid

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

LEVELS = 10
VOLUME_SHARE = 2e-4
"""Mean size of one level, as a part of the mean daily volume."""
SPREAD_OF_SIZES = 0.6
MEMORY = 0.9
_SHAPE = np.log([0.6, 0.9, 1.1, 1.2, 1.2, 1.1, 1.0, 0.9, 0.85, 0.8])


class SampleDepth:
    """What waits on both sides of the book of each symbol."""

    def __init__(self, daily_volumes: FloatArray, *, seed: Sequence[int]) -> None:
        self._rng = np.random.default_rng(list(seed))
        sizes = np.log(np.maximum(daily_volumes * VOLUME_SHARE, 1.0)) - SPREAD_OF_SIZES**2 / 2
        self._means = sizes[:, None, None] + _SHAPE[None, None, :] + np.zeros((1, 2, 1))
        self._logs = self._means + SPREAD_OF_SIZES * self._rng.standard_normal(self._means.shape)

    def sizes(self, chosen: IntArray) -> IntArray:
        """Let the books of the chosen symbols live on; return sizes of shape (n, 2, LEVELS).

        On the second axis the asks come first; on the third the best price does.
        """
        means = self._means[chosen]
        noise = SPREAD_OF_SIZES * np.sqrt(1 - MEMORY**2) * self._rng.standard_normal(means.shape)
        self._logs[chosen] = means + MEMORY * (self._logs[chosen] - means) + noise
        return np.maximum(np.rint(np.exp(self._logs[chosen])), 1).astype(np.int64)


def ladder(grid: PriceGrid, bids: IntArray, asks: IntArray) -> IntArray:
    """Return the prices of the levels in stored units, shape (n, 2, LEVELS), asks first."""
    prices = np.empty((bids.size, 2, LEVELS), dtype=np.int64)
    prices[:, 0, 0], prices[:, 1, 0] = asks, bids
    for level in range(1, LEVELS):
        prices[:, 0, level] = grid.above(prices[:, 0, level - 1])
        prices[:, 1, level] = grid.below(prices[:, 1, level - 1])
    return prices
