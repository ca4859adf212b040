"""Compute the figures that screens filter on, for many instruments at once. Pure.

Returns, ranges and averages are one numpy operation over all instruments; the recursive
indicators come from TA-Lib, row by row, so that they equal those of ``/indicators``.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from market.types import FloatArray
from quant import indicators
from quant.errors import InsufficientDataError

BARS_USED = 400
"""Enough for a year and for every average to have forgotten its start."""
YEAR = timedelta(days=365)
SESSIONS_PER_YEAR = 252
_MONTHS = {"close_1m": 1, "close_3m": 3, "close_6m": 6, "close_1y": 12}
_VOLATILITY_RETURNS = 60

DayArray = NDArray[np.int64]


@dataclass(frozen=True)
class BarTable:
    """The last daily bars of many instruments, each of shape (n_instruments, n_bars).

    Rows are aligned at their newest bar, on the right; what an instrument lacks on the left is
    NaN, with day 0. ``days`` counts from 1970-01-01.
    """

    days: DayArray
    highs: FloatArray
    lows: FloatArray
    closes: FloatArray
    volumes: FloatArray


@dataclass(frozen=True)
class Features:
    """One array of shape (n_instruments,) per figure; NaN where undefined."""

    columns: dict[str, FloatArray] = field(default_factory=dict)


def features_of(table: BarTable) -> Features:
    """Compute every figure of InstrumentFeatures."""
    columns = _past_closes(table)
    columns |= _year_range(table)
    columns["volume_20d"] = _mean_of_last(table.volumes, 20)
    columns["volatility_60d"] = _volatility(table.closes)
    for window in (20, 60, 120):
        columns[f"sma_{window}"] = _mean_of_last(table.closes, window)
    columns |= _by_talib(table)
    return Features(columns)


def _past_closes(table: BarTable) -> dict[str, FloatArray]:
    newest = table.days[:, -1]
    n_rows, n_bars = table.closes.shape
    columns = {"close_5d": table.closes[:, -6] if n_bars > 5 else np.full(n_rows, np.nan)}
    for name, months in _MONTHS.items():
        columns[name] = _close_at(table, np.array([_months_before(day, months) for day in newest]))
    year_starts = newest.astype("datetime64[D]").astype("datetime64[Y]").astype("datetime64[D]")
    columns["close_ytd"] = _close_at(table, year_starts.astype(np.int64) - 1)
    return columns


def _close_at(table: BarTable, days: DayArray) -> FloatArray:
    """Return each row's last close at or before its day; NaN when it is younger than that."""
    places = (table.days <= days[:, None]).sum(axis=1) - 1
    rows = np.arange(days.size)
    found = table.closes[rows, np.maximum(places, 0)]
    return np.where(places >= 0, found, np.nan)


def _months_before(day: int, months: int) -> int:
    on = date(1970, 1, 1) + timedelta(days=int(day))
    total = on.year * 12 + on.month - 1 - months
    month_after = np.datetime64(f"{(total + 1) // 12:04d}-{(total + 1) % 12 + 1:02d}-01")
    last = (month_after - 1).astype(object).day
    earlier = date(total // 12, total % 12 + 1, min(on.day, last))
    return (earlier - date(1970, 1, 1)).days


def _year_range(table: BarTable) -> dict[str, FloatArray]:
    since = table.days[:, -1:] - YEAR.days
    inside = table.days > since
    # A range of less than a year would call a young instrument's every move a record.
    oldest = np.where(np.isnan(table.closes), np.iinfo(np.int64).max, table.days).min(axis=1)
    is_whole = oldest <= since[:, 0] + 7
    inside &= ~np.isnan(table.closes)
    highs = table.highs.max(axis=1, initial=-np.inf, where=inside)
    lows = table.lows.min(axis=1, initial=np.inf, where=inside)
    return {
        "high_52w": np.where(is_whole, highs, np.nan),
        "low_52w": np.where(is_whole, lows, np.nan),
    }


def _mean_of_last(values: FloatArray, count: int) -> FloatArray:
    if values.shape[1] < count:
        return np.full(values.shape[0], np.nan)
    mean: FloatArray = values[:, -count:].mean(axis=1)
    return mean


def _volatility(closes: FloatArray) -> FloatArray:
    """Return the annualised standard deviation of the last daily log returns."""
    if closes.shape[1] <= _VOLATILITY_RETURNS:
        return np.full(closes.shape[0], np.nan)
    returns = np.diff(np.log(closes[:, -_VOLATILITY_RETURNS - 1 :]), axis=1)
    deviation: FloatArray = returns.std(axis=1, ddof=1) * np.sqrt(SESSIONS_PER_YEAR)
    return deviation


def _by_talib(table: BarTable) -> dict[str, FloatArray]:
    names = ("rsi_14", "atr_14", "macd_histogram", "macd_histogram_before")
    found = np.full((table.closes.shape[0], len(names)), np.nan)
    for row in range(table.closes.shape[0]):
        known = ~np.isnan(table.closes[row])
        closes = table.closes[row, known]
        found[row, 0] = _rsi(closes)
        found[row, 1] = _atr(table.highs[row, known], table.lows[row, known], closes)
        found[row, 2:] = _macd(closes)
    return dict(zip(names, found.T, strict=True))


def _rsi(closes: FloatArray) -> float:
    if closes.size and closes.max() == closes.min():
        return np.nan
    try:
        return float(indicators.relative_strength_index(closes, window=14)[-1])
    except InsufficientDataError:
        return np.nan


def _atr(highs: FloatArray, lows: FloatArray, closes: FloatArray) -> float:
    try:
        return float(indicators.average_true_range(highs, lows, closes, window=14)[-1])
    except InsufficientDataError:
        return np.nan


def _macd(closes: FloatArray) -> tuple[float, float]:
    try:
        histogram = indicators.moving_average_convergence_divergence(closes).histogram
    except InsufficientDataError:
        return np.nan, np.nan
    return float(histogram[-1]), float(histogram[-2])
