"""Returns: how prices turn into period returns, of one asset and of a weighted portfolio."""

import numpy as np
from numpy.typing import ArrayLike

from quant import checks
from quant.errors import InvalidSeriesError
from quant.types import FloatArray


def simple_returns(prices: ArrayLike) -> FloatArray:
    """Return simple period returns of a price series.

    Returns
    -------
    ndarray of shape (n_observations - 1,)
        Fractions (0.01 is one percent), not annualised; positive when the price rose.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two prices.

    Notes
    -----
    ``r_t = p_t / p_(t-1) - 1``.

    Examples
    --------
    >>> simple_returns([100.0, 110.0, 99.0]).round(4).tolist()
    [0.1, -0.1]
    """
    array = checks.price_series(prices, name="prices", minimum=2)
    returns: FloatArray = array[1:] / array[:-1] - 1.0
    return returns


def log_returns(prices: ArrayLike) -> FloatArray:
    """Return continuously compounded period returns of a price series.

    Returns
    -------
    ndarray of shape (n_observations - 1,)
        Natural logarithms of price ratios, not annualised; they add up over time.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two prices.

    Notes
    -----
    ``r_t = ln(p_t) - ln(p_(t-1))``.

    Examples
    --------
    >>> log_returns([1.0, 1.0]).tolist()
    [0.0]
    """
    array = checks.price_series(prices, name="prices", minimum=2)
    returns: FloatArray = np.diff(np.log(array))
    return returns


def panel_returns(prices: ArrayLike) -> FloatArray:
    """Return simple period returns of several assets at once.

    Parameters
    ----------
    prices : array_like of shape (n_observations, n_assets)
        Positive prices of the same dates, oldest first; each column in its own currency.

    Returns
    -------
    ndarray of shape (n_observations - 1, n_assets)
        Fractions, not annualised.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two rows.

    Examples
    --------
    >>> panel_returns([[100.0, 10.0], [110.0, 9.0]]).round(4).tolist()
    [[0.1, -0.1]]
    """
    array = checks.matrix(prices, name="prices", minimum=2)
    if (array <= 0.0).any():
        raise InvalidSeriesError("prices must be positive")
    returns: FloatArray = array[1:] / array[:-1] - 1.0
    return returns


def normalised_weights(weights: ArrayLike, *, n_assets: int) -> FloatArray:
    """Return long-only weights scaled to add up to one.

    Parameters
    ----------
    n_assets : int
        Number of assets they must match.

    Returns
    -------
    ndarray of shape (n_assets,)
        Fractions that add up to one.

    Examples
    --------
    >>> normalised_weights([3.0, 1.0], n_assets=2).tolist()
    [0.75, 0.25]
    """
    array = checks.series(weights, name="weights", minimum=1)
    if array.size != n_assets:
        raise InvalidSeriesError(f"{array.size} weights for {n_assets} assets")
    if (array < 0.0).any():
        raise InvalidSeriesError("weights must not be negative")
    total = float(array.sum())
    if total <= 0.0:
        raise InvalidSeriesError("weights must not all be zero")
    scaled: FloatArray = array / total
    return scaled


def portfolio_returns(asset_returns: ArrayLike, weights: ArrayLike) -> FloatArray:
    """Return the period returns of a portfolio that is rebalanced to `weights` every period.

    Returns
    -------
    ndarray of shape (n_observations,)
        Simple period returns of the portfolio as fractions.

    Raises
    ------
    InsufficientDataError
        If there is no row.

    Notes
    -----
    ``r_p = R w``. Fixed weights answer "what would today's mix have returned", which is what a
    risk measure of the present portfolio needs.

    Examples
    --------
    >>> portfolio_returns([[0.1, -0.1], [0.0, 0.2]], [1.0, 1.0]).round(4).tolist()
    [0.0, 0.1]
    """
    array = checks.matrix(asset_returns, name="asset_returns", minimum=1)
    returns: FloatArray = array @ normalised_weights(weights, n_assets=array.shape[1])
    return returns
