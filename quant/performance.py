"""Performance: what a price series gained, per year and per unit of risk."""

import math

from numpy.typing import ArrayLike

from quant import checks
from quant.errors import InsufficientDataError
from quant.risk import volatility


def total_return(prices: ArrayLike) -> float:
    """Return the whole gain of a price series from its first to its last price.

    Returns
    -------
    float
        Fraction, not annualised; positive when the last price is above the first.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two prices.

    Examples
    --------
    >>> total_return([100.0, 90.0, 125.0])
    0.25
    """
    array = checks.price_series(prices, name="prices", minimum=2)
    return float(array[-1] / array[0] - 1.0)


def annualised_return(prices: ArrayLike, *, periods_per_year: float) -> float:
    """Return the constant yearly growth that leads from the first to the last price.

    Returns
    -------
    float
        Fraction per year (compound annual growth rate).

    Raises
    ------
    InsufficientDataError
        If there are fewer than two prices.

    Notes
    -----
    ``(p_T / p_0) ** (periods_per_year / (T)) - 1`` with ``T = n_observations - 1``. Over less than
    a year this extrapolates; show it only beside the length of the window.

    Examples
    --------
    >>> round(annualised_return([100.0, 110.0, 121.0], periods_per_year=1), 12)
    0.1
    """
    array = checks.price_series(prices, name="prices", minimum=2)
    years = (array.size - 1) / checks.positive(periods_per_year, name="periods_per_year")
    return float((array[-1] / array[0]) ** (1.0 / years) - 1.0)


def sharpe_ratio(
    returns: ArrayLike, *, periods_per_year: float, risk_free_return: float = 0.0
) -> float:
    """Return the annualised mean excess return per unit of volatility.

    Parameters
    ----------
    risk_free_return : float, default=0.0
        Risk-free return of one period, as a fraction.

    Returns
    -------
    float
        Dimensionless, annualised by the square root of time.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two returns, or they do not vary at all.

    Notes
    -----
    ``sqrt(periods_per_year) * mean(r - r_f) / std(r, ddof=1)``; exact for independent returns only.

    References
    ----------
    Sharpe, W. F. (1994), The Sharpe Ratio, Journal of Portfolio Management 21(1), eq. 3-6.

    Examples
    --------
    >>> round(sharpe_ratio([0.01, 0.03], periods_per_year=1), 6)
    1.414214
    """
    array = checks.series(returns, name="returns", minimum=2)
    spread = volatility(array, periods_per_year=1.0)
    if math.isclose(spread, 0.0, abs_tol=1e-15):
        raise InsufficientDataError("the returns do not vary, so the ratio is not defined")
    years = checks.positive(periods_per_year, name="periods_per_year")
    return float((array.mean() - risk_free_return) / spread * math.sqrt(years))
