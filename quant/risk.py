"""How much do returns vary, and what makes them? Volatility, moments, shares of assets in risk."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quant import checks
from quant.returns import normalised_weights
from quant.types import FloatArray


@dataclass(frozen=True)
class Moments:
    """Sample mean, standard deviation (ddof=1), skewness and excess kurtosis of returns."""

    mean: float
    deviation: float
    skewness: float
    excess_kurtosis: float


def volatility(returns: ArrayLike, *, periods_per_year: float) -> float:
    """Return the annualised standard deviation of period returns.

    Parameters
    ----------
    returns : array_like of shape (n_observations,)
        Simple or logarithmic period returns as fractions.

    Returns
    -------
    float
        Fraction per year (square-root-of-time rule), never negative.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two returns.

    Notes
    -----
    ``std(r, ddof=1) * sqrt(periods_per_year)``.

    Examples
    --------
    >>> round(volatility([0.01, 0.03], periods_per_year=1), 6)
    0.014142
    """
    array = checks.series(returns, name="returns", minimum=2)
    years = checks.positive(periods_per_year, name="periods_per_year")
    return float(array.std(ddof=1) * math.sqrt(years))


def moments(returns: ArrayLike) -> Moments:
    """Return the first four sample moments of period returns.

    Returns
    -------
    Moments
        Mean and deviation as fractions per period (ddof=1); skewness and excess kurtosis are
        dimensionless, with population (ddof=0) scaling. Both are zero for constant returns.

    Raises
    ------
    InsufficientDataError
        If there are fewer than four returns.

    Examples
    --------
    >>> moments([-1.0, 0.0, 0.0, 1.0]).excess_kurtosis
    -1.0
    """
    array = checks.series(returns, name="returns", minimum=4)
    centred = array - array.mean()
    variance = float(np.mean(centred**2))
    if variance <= 0.0:
        return Moments(float(array.mean()), 0.0, 0.0, 0.0)
    return Moments(
        mean=float(array.mean()),
        deviation=float(array.std(ddof=1)),
        skewness=float(np.mean(centred**3) / variance**1.5),
        excess_kurtosis=float(np.mean(centred**4) / variance**2 - 3.0),
    )


def gaussian_risk_shares(asset_returns: ArrayLike, weights: ArrayLike) -> FloatArray:
    """Return the share of each asset in the volatility of a portfolio.

    Returns
    -------
    ndarray of shape (n_assets,)
        Fractions that add up to one; negative for an asset that hedges the others. All zero when
        the portfolio does not vary.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two rows.

    Notes
    -----
    Euler allocation ``w_i (S w)_i / (w' S w)`` with the sample covariance ``S`` (ddof=1).

    References
    ----------
    Tasche, D. (1999), Risk contributions and performance measurement, section 5.

    Examples
    --------
    >>> gaussian_risk_shares([[0.01, 0.0], [-0.01, 0.0]], [1.0, 1.0]).tolist()
    [1.0, 0.0]
    """
    array = checks.matrix(asset_returns, name="asset_returns", minimum=2)
    scaled = normalised_weights(weights, n_assets=array.shape[1])
    covariance = np.atleast_2d(np.cov(array, rowvar=False, ddof=1))
    marginal = covariance @ scaled
    variance = float(scaled @ marginal)
    if variance <= 0.0:
        return np.zeros_like(scaled)
    shares: FloatArray = scaled * marginal / variance
    return shares
