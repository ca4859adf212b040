"""The level of an index that gives every member the same weight."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quant.errors import InvalidParameterError, InvalidSeriesError
from quant.types import FloatArray


def mean_relatives(prices: ArrayLike, bases: ArrayLike) -> FloatArray:
    """Return by how much an equally weighted basket stands above its value at the bases.

    Parameters
    ----------
    prices : array_like of shape (n_periods, n_members)
        Positive prices of the members.
    bases : array_like of shape (n_periods, n_members)
        Positive prices from which each period begins, usually the closes of the one before.

    Returns
    -------
    ndarray of shape (n_periods,)
        Gross returns: 1.01 where the basket gained one percent.

    Raises
    ------
    InvalidSeriesError
        If shapes differ, there is no member, or a price is NaN, infinite or not positive.

    Notes
    -----
    ``R_t = 1/n * sum_i P_it / B_it``: the same amount is in every member at the start of each
    period. A split that is worked into both price and base of a member changes nothing.
    Rebalancing at prices that bounce between bid and ask biases the mean upwards [1]_. O(n).

    References
    ----------
    .. [1] Blume, M. E. and Stambaugh, R. F. (1983). Biases in Computed Returns. Journal of
       Financial Economics 12(3), 387-404.

    Examples
    --------
    >>> mean_relatives([[110.0, 45.0]], [[100.0, 50.0]]).tolist()
    [1.0]
    """
    price, base = np.asarray(prices, np.float64), np.asarray(bases, np.float64)
    if price.ndim != 2 or price.shape != base.shape or price.shape[1] == 0:
        raise InvalidSeriesError("prices and bases need one shape of (n_periods, n_members)")
    for array in (price, base):
        if not (np.isfinite(array).all() and (array > 0.0).all()):
            raise InvalidSeriesError("prices and bases must be positive and finite")
    relatives: FloatArray = (price / base).mean(axis=1)
    return relatives


def levels_chained(relatives: Iterable[float], *, start: int) -> NDArray[np.int64]:
    """Link gross returns into levels, each rounded to a whole unit before the next goes on.

    Parameters
    ----------
    relatives : iterable of float of length n_periods
        Gross returns, oldest first.
    start : int
        Level before the first period, in units (for example hundredths of a point); positive.

    Returns
    -------
    ndarray of shape (n_periods,)
        Levels in the same units. Linking in parts, each from the last level of the part before,
        gives the same levels as linking at once.

    Raises
    ------
    InvalidParameterError
        If `start` is not positive.

    Notes
    -----
    ``L_t = round(L_(t-1) * R_t)``, half to even. O(n).

    Examples
    --------
    >>> levels_chained([1.01, 0.5], start=100_000).tolist()
    [101000, 50500]
    """
    if start <= 0:
        raise InvalidParameterError("start must be positive")
    levels = []
    level = start
    for relative in relatives:
        level = round(level * float(relative))
        levels.append(level)
    return np.array(levels, dtype=np.int64)
