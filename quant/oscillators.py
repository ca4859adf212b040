"""How far has a price swung within its recent range? Oscillators of one instrument.

Every result has the length of its input; the first values (the warm-up) are NaN, and so is
every value whose window holds no movement at all, where TA-Lib says 0.
"""

import numpy as np
from numpy.typing import ArrayLike

from quant import checks
from quant.indicators import Stochastic
from quant.types import FloatArray


def fast_stochastic_oscillator(
    highs: ArrayLike,
    lows: ArrayLike,
    closes: ArrayLike,
    *,
    window: int = 14,
    smoothing: int = 3,
) -> Stochastic:
    """Return the fast stochastic oscillator.

    Parameters
    ----------
    window : int, default=14
        Bars of the range, at least 2.
    smoothing : int, default=3
        Bars of the simple average %D of the raw %K.

    Returns
    -------
    Stochastic
        Arrays of shape (n_observations,), 0 to 100; the first ``window + smoothing - 2`` values
        of both are NaN.

    Raises
    ------
    InsufficientDataError
        If there are fewer than ``window + smoothing - 1`` bars.

    References
    ----------
    Lane, G. C. (1984), Lane's Stochastics, Technical Analysis of Stocks and Commodities 2(3).

    Examples
    --------
    >>> oscillator = fast_stochastic_oscillator([12.0] * 18, [8.0] * 18, [11.0] * 18)
    >>> round(float(oscillator.percent_k[-1]), 9)
    75.0
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    checks.periods(smoothing, name="smoothing", minimum=1)
    high, low, close = checks.bar_series(highs, lows, closes, minimum=window + smoothing - 1)
    percent_k, percent_d = talib.STOCHF(
        high, low, close, fastk_period=window, fastd_period=smoothing
    )
    flat = flat_windows(high, low, window=window)
    flat_of_d = _any_of_last(flat, smoothing)
    return Stochastic(
        percent_k=np.where(flat, np.nan, percent_k),
        percent_d=np.where(flat_of_d, np.nan, percent_d),
    )


def williams_percent_range(
    highs: ArrayLike, lows: ArrayLike, closes: ArrayLike, *, window: int = 14
) -> FloatArray:
    """Return Williams %R.

    Returns
    -------
    ndarray of shape (n_observations,)
        -100 to 0; the first ``window - 1`` values are NaN.

    Raises
    ------
    InsufficientDataError
        If there are fewer than `window` bars.

    References
    ----------
    Williams, L. (1979), How I Made One Million Dollars Last Year Trading Commodities.

    Examples
    --------
    >>> float(williams_percent_range([12.0, 12.0], [8.0, 8.0], [9.0, 11.0], window=2)[-1])
    -25.0
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    high, low, close = checks.bar_series(highs, lows, closes, minimum=window)
    values = talib.WILLR(high, low, close, timeperiod=window)
    return np.where(flat_windows(high, low, window=window), np.nan, values)


def commodity_channel_index(
    highs: ArrayLike, lows: ArrayLike, closes: ArrayLike, *, window: int = 20
) -> FloatArray:
    """Return the commodity channel index.

    Returns
    -------
    ndarray of shape (n_observations,)
        Dimensionless, mostly -100 to 100; the first ``window - 1`` values are NaN.

    Raises
    ------
    InsufficientDataError
        If there are fewer than `window` bars.

    Notes
    -----
    Distance of the typical price from its mean in units of 0.015 mean absolute deviations.

    References
    ----------
    Lambert, D. R. (1980), Commodity Channel Index, Commodities 9(10).

    Examples
    --------
    >>> prices = [1.0, 2.0, 3.0]
    >>> round(float(commodity_channel_index(prices, prices, prices, window=3)[-1]), 6)
    100.0
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    high, low, close = checks.bar_series(highs, lows, closes, minimum=window)
    typical = (high + low + close) / 3
    values = talib.CCI(high, low, close, timeperiod=window)
    return np.where(flat_windows(typical, typical, window=window), np.nan, values)


def money_flow_index(
    highs: ArrayLike,
    lows: ArrayLike,
    closes: ArrayLike,
    volumes: ArrayLike,
    *,
    window: int = 14,
) -> FloatArray:
    """Return the money flow index, an RSI weighted with the value traded.

    Returns
    -------
    ndarray of shape (n_observations,)
        0 to 100; the first `window` values are NaN, and so is a window in which less than one
        unit of money flowed up or down.

    Raises
    ------
    InsufficientDataError
        If there are not more than `window` bars.

    References
    ----------
    Quong, G. and Soudack, A. (1989), Volume-Weighted RSI: Money Flow, Stocks & Commodities 7(3).

    Examples
    --------
    >>> prices = [10.0, 11.0, 10.0]
    >>> round(float(money_flow_index(prices, prices, prices, [1, 10, 11], window=2)[-1]), 6)
    50.0
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    high, low, close = checks.bar_series(highs, lows, closes, minimum=window + 1)
    volume = checks.volume_series(volumes, n_bars=high.size)
    typical = (high + low + close) / 3
    moved = np.diff(typical, prepend=typical[0]) != 0
    flow = talib.SUM(np.where(moved, typical * volume, 0.0), timeperiod=window)
    values = talib.MFI(high, low, close, volume, timeperiod=window)
    return np.where(flow < 1, np.nan, values)


def flat_windows(highs: ArrayLike, lows: ArrayLike, *, window: int) -> np.ndarray:
    """Tell of each bar whether prices stood still in the `window` bars that end with it.

    The arrays are taken as they are: nothing is checked.

    Returns
    -------
    ndarray of bool of shape (n_observations,)
        False while the window is not full.

    Examples
    --------
    >>> flat_windows([2.0, 2.0, 2.0], [1.0, 2.0, 2.0], window=2).tolist()
    [False, False, True]
    """
    import talib

    highest = talib.MAX(np.asarray(highs, dtype=np.float64), timeperiod=window)
    lowest = talib.MIN(np.asarray(lows, dtype=np.float64), timeperiod=window)
    return np.equal(highest, lowest)


def _any_of_last(flags: np.ndarray, count: int) -> np.ndarray:
    summed = np.cumsum(flags)
    before = np.concatenate([np.zeros(min(count, flags.size), dtype=summed.dtype), summed[:-count]])
    return summed > before
