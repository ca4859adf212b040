"""Prices and volume together, for one instrument."""

import numpy as np
from numpy.typing import ArrayLike

from quant import checks
from quant.errors import InvalidSeriesError
from quant.types import FloatArray


def on_balance_volume(closes: ArrayLike, volumes: ArrayLike) -> FloatArray:
    """Return the running sum of volume, added where the close rose, taken off where it fell.

    Returns
    -------
    ndarray of shape (n_observations,)
        Shares; it starts with the first bar's volume, so only its changes mean something.

    Raises
    ------
    InsufficientDataError
        If there is no bar.

    References
    ----------
    Granville, J. E. (1963), Granville's New Key to Stock Market Profits.

    Examples
    --------
    >>> on_balance_volume([10.0, 11.0, 10.5], [100, 50, 20]).tolist()
    [100.0, 150.0, 130.0]
    """
    import talib

    close = checks.price_series(closes, name="closes", minimum=1)
    volume = checks.volume_series(volumes, n_bars=close.size)
    balance: FloatArray = talib.OBV(close, volume)
    return balance


def session_average_price(
    highs: ArrayLike, lows: ArrayLike, closes: ArrayLike, volumes: ArrayLike, sessions: ArrayLike
) -> FloatArray:
    """Return the volume-weighted average price since the start of each bar's session (VWAP).

    Parameters
    ----------
    sessions : array_like of shape (n_observations,)
        A number per bar that rises from session to session.

    Returns
    -------
    ndarray of shape (n_observations,)
        Price units; NaN until the session's first share has traded.

    Raises
    ------
    InsufficientDataError
        If there is no bar.

    Examples
    --------
    >>> prices = [10.0, 20.0, 30.0]
    >>> session_average_price(prices, prices, prices, [1, 1, 5], [1, 1, 2]).tolist()
    [10.0, 15.0, 30.0]
    """
    value, volume = _traded(highs, lows, closes, volumes, minimum=1)
    labels = np.asarray(sessions)
    if labels.shape != value.shape:
        raise InvalidSeriesError("sessions and prices must have one length")
    starts = np.flatnonzero(np.diff(labels, prepend=labels[0] - 1))
    before = np.repeat(starts, np.diff(np.append(starts, labels.size)))
    return _ratio(_since(value, before), _since(volume, before))


def rolling_average_price(
    highs: ArrayLike, lows: ArrayLike, closes: ArrayLike, volumes: ArrayLike, *, window: int = 20
) -> FloatArray:
    """Return the volume-weighted average price of the last `window` bars.

    Returns
    -------
    ndarray of shape (n_observations,)
        Price units; the first ``window - 1`` values are NaN, and so is a window without volume.

    Raises
    ------
    InsufficientDataError
        If there are fewer than `window` bars.

    Examples
    --------
    >>> prices = [10.0, 20.0, 30.0]
    >>> rolling_average_price(prices, prices, prices, [1, 1, 3], window=2).tolist()
    [nan, 15.0, 27.5]
    """
    checks.periods(window, name="window", minimum=2)
    value, volume = _traded(highs, lows, closes, volumes, minimum=window)
    average = np.full(value.size, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view
    average[window - 1 :] = _ratio(
        windows(value, window).sum(axis=1), windows(volume, window).sum(axis=1)
    )
    return average


def _traded(
    highs: ArrayLike, lows: ArrayLike, closes: ArrayLike, volumes: ArrayLike, *, minimum: int
) -> tuple[FloatArray, FloatArray]:
    high, low, close = checks.bar_series(highs, lows, closes, minimum=minimum)
    volume = checks.volume_series(volumes, n_bars=high.size)
    return (high + low + close) / 3 * volume, volume


def _since(values: FloatArray, starts: np.ndarray) -> FloatArray:
    """Sum up from each bar's start, restarting in each session so that no digits are lost."""
    total = np.empty(values.size)
    for start in np.unique(starts):
        chosen = starts == start
        total[chosen] = np.cumsum(values[chosen])
    return total


def _ratio(value: FloatArray, volume: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(volume > 0, value / volume, np.nan)
