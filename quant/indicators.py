"""Technical indicators of one instrument, computed by TA-Lib.

Every result has the length of its input; the first values, for which the window is not yet full,
are NaN (the warm-up). Inputs hold no NaN: a gap is refused, never bridged.
"""

from dataclasses import dataclass

from numpy.typing import ArrayLike

from quant import checks
from quant.errors import InvalidParameterError
from quant.types import FloatArray


@dataclass(frozen=True)
class Macd:
    """MACD line, its signal line and their difference, in price units."""

    line: FloatArray
    signal: FloatArray
    histogram: FloatArray


@dataclass(frozen=True)
class Bands:
    """Upper, middle and lower Bollinger band, in price units."""

    upper: FloatArray
    middle: FloatArray
    lower: FloatArray


@dataclass(frozen=True)
class Stochastic:
    """Slow stochastic oscillator %K and %D, from 0 to 100."""

    percent_k: FloatArray
    percent_d: FloatArray


def simple_moving_average(closes: ArrayLike, *, window: int) -> FloatArray:
    """Return the mean of the last `window` closes.

    Returns
    -------
    ndarray of shape (n_observations,)
        Price units; the first ``window - 1`` values are NaN.

    Raises
    ------
    InsufficientDataError
        If there are fewer than `window` closes.

    Examples
    --------
    >>> simple_moving_average([1.0, 2.0, 3.0], window=2).tolist()
    [nan, 1.5, 2.5]
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    array = checks.price_series(closes, name="closes", minimum=window)
    average: FloatArray = talib.SMA(array, timeperiod=window)
    return average


def exponential_moving_average(closes: ArrayLike, *, window: int) -> FloatArray:
    """Return the exponentially weighted mean of closes.

    Parameters
    ----------
    window : int
        Number of bars, at least 2; the smoothing factor is ``2 / (window + 1)``.

    Returns
    -------
    ndarray of shape (n_observations,)
        Price units; the first ``window - 1`` values are NaN. The first value is the simple mean.

    Raises
    ------
    InsufficientDataError
        If there are fewer than `window` closes.

    Examples
    --------
    >>> exponential_moving_average([1.0, 3.0, 5.0], window=2).round(6).tolist()
    [nan, 2.0, 4.0]
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    array = checks.price_series(closes, name="closes", minimum=window)
    average: FloatArray = talib.EMA(array, timeperiod=window)
    return average


def relative_strength_index(closes: ArrayLike, *, window: int = 14) -> FloatArray:
    """Return Wilder's relative strength index.

    Returns
    -------
    ndarray of shape (n_observations,)
        0 to 100; the first `window` values are NaN. It is 0 where prices have not moved.

    Raises
    ------
    InsufficientDataError
        If there are not more than `window` closes.

    Notes
    -----
    ``100 * gain / (gain + loss)`` with Wilder's smoothing (factor ``1 / window``), started with
    the simple mean of the first `window` changes.

    References
    ----------
    Wilder, J. W. (1978), New Concepts in Technical Trading Systems, section VI.

    Examples
    --------
    >>> float(relative_strength_index([10.0, 11.0, 10.0], window=2)[-1])
    50.0
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    array = checks.price_series(closes, name="closes", minimum=window + 1)
    index: FloatArray = talib.RSI(array, timeperiod=window)
    return index


def moving_average_convergence_divergence(
    closes: ArrayLike, *, fast: int = 12, slow: int = 26, signal: int = 9
) -> Macd:
    """Return the difference of a fast and a slow exponential average, and its own average.

    Parameters
    ----------
    fast : int, default=12
        Bars of the fast average, at least 2 and smaller than `slow`.
    slow : int, default=26
        Bars of the slow average.
    signal : int, default=9
        Bars of the average of the line.

    Returns
    -------
    Macd
        Arrays of shape (n_observations,) in price units; the first ``slow + signal - 2`` values
        of each are NaN.

    Raises
    ------
    InsufficientDataError
        If there are fewer than ``slow + signal - 1`` closes.

    References
    ----------
    Appel, G. (2005), Technical Analysis: Power Tools for Active Investors, ch. 8.

    Examples
    --------
    >>> line = moving_average_convergence_divergence([5.0] * 34).line
    >>> float(line[-1])
    0.0
    """
    import talib

    checks.periods(fast, name="fast", minimum=2)
    checks.periods(signal, name="signal", minimum=1)
    if fast >= slow:
        raise InvalidParameterError(f"fast ({fast}) must be below slow ({slow})")
    array = checks.price_series(closes, name="closes", minimum=slow + signal - 1)
    line, signal_line, histogram = talib.MACD(
        array, fastperiod=fast, slowperiod=slow, signalperiod=signal
    )
    return Macd(line=line, signal=signal_line, histogram=histogram)


def bollinger_bands(closes: ArrayLike, *, window: int = 20, width: float = 2.0) -> Bands:
    """Return a moving average with bands a number of standard deviations away.

    Parameters
    ----------
    width : float, default=2.0
        Distance of the bands in standard deviations (ddof=0), positive.

    Returns
    -------
    Bands
        Arrays of shape (n_observations,) in price units; the first ``window - 1`` values are NaN.

    Raises
    ------
    InsufficientDataError
        If there are fewer than `window` closes.

    References
    ----------
    Bollinger, J. (2001), Bollinger on Bollinger Bands, ch. 7.

    Examples
    --------
    >>> float(bollinger_bands([1.0, 3.0], window=2, width=2.0).upper[-1])
    4.0
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    checks.positive(width, name="width")
    array = checks.price_series(closes, name="closes", minimum=window)
    upper, middle, lower = talib.BBANDS(array, timeperiod=window, nbdevup=width, nbdevdn=width)
    return Bands(upper=upper, middle=middle, lower=lower)


def average_true_range(
    highs: ArrayLike, lows: ArrayLike, closes: ArrayLike, *, window: int = 14
) -> FloatArray:
    """Return Wilder's average true range.

    Returns
    -------
    ndarray of shape (n_observations,)
        Price units; the first `window` values are NaN.

    Raises
    ------
    InsufficientDataError
        If there are not more than `window` bars.

    Notes
    -----
    The true range is ``max(high, previous close) - min(low, previous close)``; its average is
    smoothed with factor ``1 / window`` and starts with a simple mean.

    References
    ----------
    Wilder, J. W. (1978), New Concepts in Technical Trading Systems, section III.

    Examples
    --------
    >>> float(average_true_range([2.0] * 3, [1.0] * 3, [1.5] * 3, window=2)[-1])
    1.0
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    high, low, close = checks.bar_series(highs, lows, closes, minimum=window + 1)
    average: FloatArray = talib.ATR(high, low, close, timeperiod=window)
    return average


def stochastic_oscillator(
    highs: ArrayLike,
    lows: ArrayLike,
    closes: ArrayLike,
    *,
    window: int = 14,
    smoothing: int = 3,
) -> Stochastic:
    """Return the slow stochastic oscillator.

    Parameters
    ----------
    window : int, default=14
        Bars of the range, at least 2.
    smoothing : int, default=3
        Bars of both simple averages (%K of the raw value, %D of %K).

    Returns
    -------
    Stochastic
        Arrays of shape (n_observations,), 0 to 100; the first ``window + 2 * smoothing - 3``
        values of both are NaN.

    Raises
    ------
    InsufficientDataError
        If there are fewer than ``window + 2 * smoothing - 2`` bars.

    References
    ----------
    Lane, G. C. (1984), Lane's Stochastics, Technical Analysis of Stocks and Commodities 2(3).

    Examples
    --------
    >>> bars = [10.0] * 18
    >>> oscillator = stochastic_oscillator([12.0] * 18, [8.0] * 18, bars)
    >>> round(float(oscillator.percent_k[-1]), 9)
    50.0
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    checks.periods(smoothing, name="smoothing", minimum=1)
    high, low, close = checks.bar_series(highs, lows, closes, minimum=window + 2 * smoothing - 2)
    percent_k, percent_d = talib.STOCH(
        high,
        low,
        close,
        fastk_period=window,
        slowk_period=smoothing,
        slowd_period=smoothing,
    )
    return Stochastic(percent_k=percent_k, percent_d=percent_d)
