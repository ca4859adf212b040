"""Checks of inputs: which arrays and scalars are accepted at all."""

import math

import numpy as np
from numpy.typing import ArrayLike

from quant.errors import InsufficientDataError, InvalidParameterError, InvalidSeriesError
from quant.types import FloatArray


def series(values: ArrayLike, *, name: str, minimum: int) -> FloatArray:
    """Return a one-dimensional finite float64 array.

    Parameters
    ----------
    values : array_like of shape (n_observations,)
        Any numeric sequence.
    name : str
        What the error message calls it.
    minimum : int
        Smallest accepted number of observations.

    Returns
    -------
    ndarray of shape (n_observations,)
        The same numbers as float64.

    Raises
    ------
    InvalidSeriesError
        If the array is not one-dimensional or holds NaN or infinity. Nothing is filled or dropped.
    InsufficientDataError
        If there are fewer than `minimum` observations.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise InvalidSeriesError(f"{name} must be one-dimensional, not {array.ndim}-dimensional")
    if array.size < minimum:
        raise InsufficientDataError(f"{name} needs at least {minimum} values, got {array.size}")
    if not np.isfinite(array).all():
        raise InvalidSeriesError(f"{name} must not contain NaN or infinity")
    return array


def price_series(values: ArrayLike, *, name: str, minimum: int) -> FloatArray:
    """Return a one-dimensional array of positive prices.

    Parameters
    ----------
    values : array_like of shape (n_observations,)
        Prices, oldest first.
    name : str
        What the error message calls it.
    minimum : int
        Smallest accepted number of observations.

    Returns
    -------
    ndarray of shape (n_observations,)
        The same prices as float64.

    Raises
    ------
    InvalidSeriesError
        As `series`, and if a price is zero or negative.
    InsufficientDataError
        If there are fewer than `minimum` observations.
    """
    array = series(values, name=name, minimum=minimum)
    if (array <= 0.0).any():
        raise InvalidSeriesError(f"{name} must be positive")
    return array


def bar_series(
    highs: ArrayLike, lows: ArrayLike, closes: ArrayLike, *, minimum: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the highs, lows and closes of the same bars as float64.

    Parameters
    ----------
    highs, lows, closes : array_like of shape (n_observations,)
        Positive prices, oldest first.
    minimum : int
        Smallest number of bars that the caller can work with.

    Returns
    -------
    tuple of ndarray of shape (n_observations,)
        Highs, lows and closes.

    Raises
    ------
    InvalidSeriesError
        If a price is NaN, infinite or not positive, lengths differ, or a high is below its low.
    InsufficientDataError
        If there are fewer than `minimum` bars.
    """
    high = price_series(highs, name="highs", minimum=minimum)
    low = price_series(lows, name="lows", minimum=minimum)
    close = price_series(closes, name="closes", minimum=minimum)
    if not high.size == low.size == close.size:
        raise InvalidSeriesError("highs, lows and closes must have one length")
    if np.any(high < low):
        raise InvalidSeriesError("a high is below its low")
    return high, low, close


def volume_series(values: ArrayLike, *, n_bars: int) -> FloatArray:
    """Return the volumes of bars as float64.

    Parameters
    ----------
    values : array_like of shape (n_bars,)
        Volumes, zero or more, oldest first.
    n_bars : int
        Number of bars that they belong to.

    Returns
    -------
    ndarray of shape (n_bars,)
        The volumes.

    Raises
    ------
    InvalidSeriesError
        If a volume is NaN, infinite or negative, or their number is not `n_bars`.
    """
    array = series(values, name="volumes", minimum=0)
    if array.size != n_bars:
        raise InvalidSeriesError("volumes and prices must have one length")
    if np.any(array < 0):
        raise InvalidSeriesError("volumes must not be negative")
    return array


def matrix(values: ArrayLike, *, name: str, minimum: int) -> FloatArray:
    """Return a two-dimensional finite float64 array.

    Parameters
    ----------
    values : array_like of shape (n_observations, n_assets)
        One row per period, one column per asset.
    name : str
        What the error message calls it.
    minimum : int
        Smallest accepted number of rows.

    Returns
    -------
    ndarray of shape (n_observations, n_assets)
        The same numbers as float64.

    Raises
    ------
    InvalidSeriesError
        If the array is not two-dimensional, has no column, or holds NaN or infinity.
    InsufficientDataError
        If there are fewer than `minimum` rows.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] == 0:
        raise InvalidSeriesError(f"{name} must have shape (n_observations, n_assets)")
    if array.shape[0] < minimum:
        raise InsufficientDataError(f"{name} needs at least {minimum} rows, got {array.shape[0]}")
    if not np.isfinite(array).all():
        raise InvalidSeriesError(f"{name} must not contain NaN or infinity")
    return array


def confidence_level(confidence: float) -> float:
    """Return a confidence level that lies in [0.5, 1).

    Parameters
    ----------
    confidence : float
        Probability that the loss stays below the measure.

    Returns
    -------
    float
        The same number.

    Raises
    ------
    InvalidParameterError
        If it is below one half, one or more, or not finite.
    """
    if not (math.isfinite(confidence) and 0.5 <= confidence < 1.0):
        raise InvalidParameterError(f"confidence must be in [0.5, 1), got {confidence}")
    return confidence


def periods(count: int, *, name: str, minimum: int = 1) -> int:
    """Return a number of periods that is at least `minimum`.

    Parameters
    ----------
    count : int
        A window length or a horizon, in bars.
    name : str
        What the error message calls it.
    minimum : int, default=1
        Smallest accepted value.

    Returns
    -------
    int
        The same number.

    Raises
    ------
    InvalidParameterError
        If it is smaller than `minimum`.
    """
    if count < minimum:
        raise InvalidParameterError(f"{name} must be at least {minimum}, got {count}")
    return count


def positive(value: float, *, name: str) -> float:
    """Return a number that is positive and finite.

    Parameters
    ----------
    value : float
        Any scalar.
    name : str
        What the error message calls it.

    Returns
    -------
    float
        The same number.

    Raises
    ------
    InvalidParameterError
        If it is zero, negative, NaN or infinite.
    """
    if not (math.isfinite(value) and value > 0.0):
        raise InvalidParameterError(f"{name} must be positive, got {value}")
    return value
