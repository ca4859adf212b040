"""Where is a price heading? Averages, directional movement and clouds of one instrument.

Every result has the length of its input; what is not defined yet is NaN.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quant import checks
from quant.types import FloatArray


@dataclass(frozen=True)
class DirectionalMovement:
    """Average directional index and both directional indicators, from 0 to 100."""

    adx: FloatArray
    plus_di: FloatArray
    minus_di: FloatArray


@dataclass(frozen=True)
class Ichimoku:
    """The five lines of a cloud chart, in price units, each where a chart draws it."""

    conversion: FloatArray
    base: FloatArray
    span_a: FloatArray
    span_b: FloatArray
    lagging: FloatArray


def weighted_moving_average(closes: ArrayLike, *, window: int) -> FloatArray:
    """Return the mean of the last `window` closes with weights that fall linearly to 1.

    Parameters
    ----------
    window : int
        Number of bars, at least 2; the newest has the weight `window`.

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
    >>> weighted_moving_average([1.0, 4.0], window=2).tolist()
    [nan, 3.0]
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    array = checks.price_series(closes, name="closes", minimum=window)
    average: FloatArray = talib.WMA(array, timeperiod=window)
    return average


def directional_movement(
    highs: ArrayLike, lows: ArrayLike, closes: ArrayLike, *, window: int = 14
) -> DirectionalMovement:
    """Return Wilder's average directional index with +DI and -DI.

    Returns
    -------
    DirectionalMovement
        Arrays of shape (n_observations,), 0 to 100; the first `window` values of the indicators
        and the first ``2 * window - 1`` of the index are NaN.

    Raises
    ------
    InsufficientDataError
        If there are fewer than ``2 * window`` bars.

    References
    ----------
    Wilder, J. W. (1978), New Concepts in Technical Trading Systems, section IV.

    Examples
    --------
    >>> rising = [float(price) for price in range(10, 20)]
    >>> movement = directional_movement(rising, rising, rising, window=3)
    >>> [round(float(line[-1]), 9) for line in (movement.adx, movement.plus_di)]
    [100.0, 100.0]
    """
    import talib

    checks.periods(window, name="window", minimum=2)
    high, low, close = checks.bar_series(highs, lows, closes, minimum=2 * window)
    return DirectionalMovement(
        adx=talib.ADX(high, low, close, timeperiod=window),
        plus_di=talib.PLUS_DI(high, low, close, timeperiod=window),
        minus_di=talib.MINUS_DI(high, low, close, timeperiod=window),
    )


def ichimoku_cloud(
    highs: ArrayLike,
    lows: ArrayLike,
    closes: ArrayLike,
    *,
    conversion: int = 9,
    base: int = 26,
    span: int = 52,
) -> Ichimoku:
    """Return the five lines of Ichimoku Kinko Hyo.

    Parameters
    ----------
    conversion : int, default=9
        Bars of the conversion line (Tenkan-sen), at least 2.
    base : int, default=26
        Bars of the base line (Kijun-sen), and by how many bars spans and closes are moved.
    span : int, default=52
        Bars of the second leading span (Senkou B).

    Returns
    -------
    Ichimoku
        Arrays of shape (n_observations,) in price units. Both spans stand `base` bars after the
        bars they were computed from, so their first ``base + max(base, conversion) - 1`` and
        ``base + span - 1`` values are NaN; the lagging close stands `base` bars before its own
        bar, so its last `base` values are NaN.

    Raises
    ------
    InsufficientDataError
        If there are fewer bars than the longest of the three windows.

    References
    ----------
    Hosoda, G. (1969), Ichimoku Kinko Hyo; Elliott, N. (2007), Ichimoku Charts, ch. 3.

    Examples
    --------
    >>> flat = [5.0] * 8
    >>> cloud = ichimoku_cloud(flat, flat, flat, conversion=2, base=3, span=4)
    >>> cloud.span_b.tolist()
    [nan, nan, nan, nan, nan, nan, 5.0, 5.0]
    """
    for name, count in (("conversion", conversion), ("base", base), ("span", span)):
        checks.periods(count, name=name, minimum=2)
    longest = max(conversion, base, span)
    high, low, close = checks.bar_series(highs, lows, closes, minimum=longest)
    conversion_line = _midpoint(high, low, conversion)
    base_line = _midpoint(high, low, base)
    return Ichimoku(
        conversion=conversion_line,
        base=base_line,
        span_a=_later((conversion_line + base_line) / 2, base),
        span_b=_later(_midpoint(high, low, span), base),
        lagging=_earlier(close, base),
    )


def _midpoint(high: FloatArray, low: FloatArray, window: int) -> FloatArray:
    import talib

    middle: FloatArray = talib.MIDPRICE(high, low, timeperiod=window)
    return middle


def _later(values: FloatArray, n_bars: int) -> FloatArray:
    moved = np.full(values.size, np.nan)
    moved[n_bars:] = values[: max(0, values.size - n_bars)]
    return moved


def _earlier(values: FloatArray, n_bars: int) -> FloatArray:
    moved = np.full(values.size, np.nan)
    moved[: max(0, values.size - n_bars)] = values[n_bars:]
    return moved
