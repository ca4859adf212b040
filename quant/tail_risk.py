"""How much may be lost? Value-at-Risk and expected shortfall of returns and portfolios.

Both are positive loss fractions: 0.02 means "a loss of two percent". A negative value means that
even the tail is a gain. They are of the whole horizon and never annualised. Two returns are the
least that a method needs, unless it says more.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from quant import checks
from quant.errors import InvalidParameterError
from quant.returns import portfolio_returns
from quant.risk import moments

_STANDARD_NORMAL = NormalDist()
_QUANTILE_RANGE = 5.0


@dataclass(frozen=True)
class TailRisk:
    """Value-at-Risk and expected shortfall of one horizon, as positive loss fractions."""

    value_at_risk: float
    expected_shortfall: float
    confidence: float
    horizon_periods: int
    n_observations: int


def historical_tail_risk(
    returns: ArrayLike, *, confidence: float = 0.95, horizon_periods: int = 1
) -> TailRisk:
    """Return tail risk from the empirical distribution of returns.

    Notes
    -----
    ``VaR = -quantile(r, 1 - confidence)`` with linear interpolation; the expected shortfall is
    the mean loss of the returns at or below that quantile, so it is never smaller. A horizon of
    more than one period is scaled by its square root, which assumes independent returns.

    References
    ----------
    Jorion, P. (2006), Value at Risk, 3rd ed., ch. 5 and 10.2.
    Acerbi, C. and Tasche, D. (2002), On the coherence of expected shortfall, J. Banking and
    Finance 26, eq. 4.

    Examples
    --------
    >>> historical_tail_risk([-0.04, -0.02, 0.0, 0.02, 0.04], confidence=0.75).value_at_risk
    0.02
    """
    array = checks.series(returns, name="returns", minimum=2)
    level = checks.confidence_level(confidence)
    scale = math.sqrt(checks.periods(horizon_periods, name="horizon_periods"))
    quantile = float(np.quantile(array, _tail_probability(level)))
    shortfall = float(array[array <= quantile].mean())
    return TailRisk(-quantile * scale, -shortfall * scale, level, horizon_periods, array.size)


def gaussian_tail_risk(
    returns: ArrayLike, *, confidence: float = 0.95, horizon_periods: int = 1
) -> TailRisk:
    """Return tail risk under normally distributed returns.

    Notes
    -----
    ``VaR = -(h mu + z sigma sqrt(h))`` and ``ES = -(h mu - sigma sqrt(h) phi(z) / (1 - c))`` with
    ``z = Phi^-1(1 - c)``. It understates the tail of returns with excess kurtosis.

    References
    ----------
    McNeil, Frey and Embrechts (2015), Quantitative Risk Management, 2nd ed., ex. 2.11 and 2.14.

    Examples
    --------
    >>> round(gaussian_tail_risk([-0.01, 0.01], confidence=0.95).value_at_risk, 6)
    0.023262
    """
    array = checks.series(returns, name="returns", minimum=2)
    level = checks.confidence_level(confidence)
    horizon = checks.periods(horizon_periods, name="horizon_periods")
    drift = float(array.mean()) * horizon
    spread = float(array.std(ddof=1)) * math.sqrt(horizon)
    z = _STANDARD_NORMAL.inv_cdf(1.0 - level)
    tail = _STANDARD_NORMAL.pdf(z) / (1.0 - level)
    return TailRisk(-(drift + z * spread), -(drift - tail * spread), level, horizon, array.size)


def cornish_fisher_tail_risk(
    returns: ArrayLike, *, confidence: float = 0.95, horizon_periods: int = 1
) -> TailRisk:
    """Return tail risk under a normal distribution corrected for skewness and fat tails.

    Raises
    ------
    InsufficientDataError
        If there are fewer than four returns.
    InvalidParameterError
        Also if the sample moments lie outside the domain in which the expansion is a distribution
        (`cornish_fisher_is_valid`).

    Notes
    -----
    The normal quantile ``z`` becomes
    ``w = z + (z^2 - 1) S/6 + (z^3 - 3z) K/24 - (2z^3 - 5z) S^2/36``. The shortfall is the exact
    mean of ``w`` over the tail, by the partial moments of the normal density. Over ``h``
    independent periods skewness shrinks by ``sqrt(h)`` and excess kurtosis by ``h``.

    References
    ----------
    Cornish, E. A. and Fisher, R. A. (1938), Moments and cumulants in the specification of
    distributions. Maillard, D. (2012), A user's guide to the Cornish Fisher expansion, eq. 5-9.

    Examples
    --------
    >>> fat = [-0.05, 0.05] + [-0.01, 0.01] * 9
    >>> cornish_fisher_tail_risk(fat).value_at_risk > 0.02
    True
    """
    array = checks.series(returns, name="returns", minimum=4)
    level = checks.confidence_level(confidence)
    horizon = checks.periods(horizon_periods, name="horizon_periods")
    sample = moments(array)
    skewness = sample.skewness / math.sqrt(horizon)
    kurtosis = sample.excess_kurtosis / horizon
    if not cornish_fisher_is_valid(skewness=skewness, excess_kurtosis=kurtosis):
        raise InvalidParameterError(
            "skewness and kurtosis of the returns are outside the range of the expansion"
        )
    drift, spread = sample.mean * horizon, sample.deviation * math.sqrt(horizon)
    z = _STANDARD_NORMAL.inv_cdf(1.0 - level)
    quantile = _cornish_fisher_quantile(z, skewness, kurtosis)
    tail_mean = _cornish_fisher_tail_mean(z, skewness, kurtosis) / (1.0 - level)
    return TailRisk(
        -(drift + quantile * spread), -(drift + tail_mean * spread), level, horizon, array.size
    )


def cornish_fisher_is_valid(*, skewness: float, excess_kurtosis: float) -> bool:
    """Tell whether the Cornish-Fisher quantile rises with its level wherever it is used.

    Parameters
    ----------
    skewness : float
        Skewness parameter of the expansion.
    excess_kurtosis : float
        Excess kurtosis parameter of the expansion.

    Returns
    -------
    bool
        True if the quantile is monotone for normal quantiles from -5 to 5, which hold all but
        6e-7 of the probability; otherwise its "quantiles" are none.

    Notes
    -----
    ``dw/dz = 1 + z S/3 + (z^2 - 1) K/8 - (6 z^2 - 5) S^2/36`` is a quadratic in ``z``; its least
    value on the interval is at an end or at its vertex. The domain for the whole line, which is
    smaller, is the one of the reference.

    References
    ----------
    Maillard, D. (2012), A user's guide to the Cornish Fisher expansion, eq. 8.

    Examples
    --------
    >>> cornish_fisher_is_valid(skewness=0.0, excess_kurtosis=4.0)
    True
    >>> cornish_fisher_is_valid(skewness=0.0, excess_kurtosis=9.0)
    False
    """
    square = excess_kurtosis / 8.0 - skewness**2 / 6.0
    linear = skewness / 3.0
    constant = 1.0 - excess_kurtosis / 8.0 + 5.0 * skewness**2 / 36.0
    vertex = -linear / (2.0 * square) if square > 0.0 else 0.0
    places = [
        -_QUANTILE_RANGE,
        _QUANTILE_RANGE,
        max(-_QUANTILE_RANGE, min(vertex, _QUANTILE_RANGE)),
    ]
    return all(constant + linear * z + square * z**2 >= 0.0 for z in places)


def portfolio_tail_risk(
    asset_returns: ArrayLike,
    weights: ArrayLike,
    *,
    method: str = "historical",
    confidence: float = 0.95,
    horizon_periods: int = 1,
) -> TailRisk:
    """Return the tail risk of a portfolio held at fixed weights.

    Parameters
    ----------
    method : {"historical", "gaussian", "cornish_fisher"}, default="historical"
        How the distribution of the portfolio's returns is modelled.

    Returns
    -------
    TailRisk
        Positive loss fractions of the portfolio's value over the horizon.

    Raises
    ------
    InsufficientDataError
        If there are too few rows for the method.

    Examples
    --------
    >>> portfolio_tail_risk([[-0.04], [0.0], [0.04]], [1.0], confidence=0.75).value_at_risk
    0.02
    """
    if method not in TAIL_RISK_METHODS:
        raise InvalidParameterError(f"method must be one of {sorted(TAIL_RISK_METHODS)}")
    return TAIL_RISK_METHODS[method](
        portfolio_returns(asset_returns, weights),
        confidence=confidence,
        horizon_periods=horizon_periods,
    )


def _tail_probability(level: float) -> float:
    """Return one minus the level without the binary dust that would split ties off the tail."""
    return round(1.0 - level, 12)


def _cornish_fisher_quantile(z: float, skewness: float, kurtosis: float) -> float:
    return (
        z
        + (z**2 - 1.0) * skewness / 6.0
        + (z**3 - 3.0 * z) * kurtosis / 24.0
        - (2.0 * z**3 - 5.0 * z) * skewness**2 / 36.0
    )


def _cornish_fisher_tail_mean(z: float, skewness: float, kurtosis: float) -> float:
    """Integrate the quantile against the normal density from minus infinity to ``z``."""
    return -_STANDARD_NORMAL.pdf(z) * (
        1.0
        + z * skewness / 6.0
        + (z**2 - 1.0) * kurtosis / 24.0
        - (2.0 * z**2 - 1.0) * skewness**2 / 36.0
    )


TAIL_RISK_METHODS = {
    "historical": historical_tail_risk,
    "gaussian": gaussian_tail_risk,
    "cornish_fisher": cornish_fisher_tail_risk,
}
