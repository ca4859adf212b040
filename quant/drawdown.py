"""The deepest fall of a price series from its peak."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quant import checks


@dataclass(frozen=True)
class Drawdown:
    """The deepest fall of a price series from a running peak."""

    depth: float
    peak_index: int
    trough_index: int


def max_drawdown(prices: ArrayLike) -> Drawdown:
    """Return the deepest fall of a price series from a running peak.

    Returns
    -------
    Drawdown
        `depth` is a positive fraction of the peak (0 when prices never fall), with the indices of
        the peak and of the trough.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two prices.

    Notes
    -----
    ``max_t (1 - p_t / max_(s<=t) p_s)``; the first deepest trough wins a tie. O(n).

    Examples
    --------
    >>> max_drawdown([100.0, 120.0, 90.0, 130.0]).depth
    0.25
    """
    array = checks.price_series(prices, name="prices", minimum=2)
    peaks = np.maximum.accumulate(array)
    falls = 1.0 - array / peaks
    trough = int(falls.argmax())
    peak = int(array[: trough + 1].argmax())
    return Drawdown(depth=float(falls[trough]), peak_index=peak, trough_index=trough)
