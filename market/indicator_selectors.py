"""Indicators of one instrument over a range of bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from market import trading_days
from market.bar_selectors import BARS_MAX, ROLLED_BARS_MAX, bars_get
from market.indicators import INTRADAY_WIDTH_S, Lines, Series, Wanted, lines_of
from market.rollup import STORED_PER_BUCKET, IntArray
from market.selectors import instrument_get
from market.types import BarSeries, FloatArray

INDICATOR_BARS_DEFAULT = 500
INDICATOR_BARS_MAX = 2_000


@dataclass(frozen=True)
class IndicatorLines:
    """The lines of one indicator beside the bars shown.

    ``settled_from`` is the index of the first bar with all of its look-back before it; None
    when the history is too short for that.
    """

    wanted: Wanted
    lines: Lines
    settled_from: int | None


@dataclass(frozen=True)
class IndicatorAnswer:
    """The bars shown and what was computed beside them."""

    bars: BarSeries
    indicators: list[IndicatorLines]


def indicators_get(
    *,
    symbol: str,
    wanted: Sequence[Wanted],
    interval: str = "1d",
    start: date | datetime | None = None,
    end: date | datetime | None = None,
    limit: int = INDICATOR_BARS_DEFAULT,
) -> IndicatorAnswer:
    """Compute indicators beside the bars that ``bars_get`` returns for the same range.

    As many earlier bars are read as let the first value shown be settled. Raises
    SymbolUnknownError and BarRangeError.
    """
    shown = bars_get(symbol=symbol, interval=interval, start=start, end=end, limit=limit)
    if not len(shown):
        return IndicatorAnswer(shown, [_cut(one, (), 0, 0) for one in wanted])
    before = _before(shown, max(one.look_back(interval) for one in wanted))
    series = _series(symbol, before, shown)
    n_before = len(before) if before is not None else 0
    return IndicatorAnswer(shown, [_lines(one, series, n_before) for one in wanted])


def _before(shown: BarSeries, look_back: int) -> BarSeries | None:
    most = BARS_MAX if STORED_PER_BUCKET[shown.interval] == 1 else ROLLED_BARS_MAX
    count = min(look_back, most)
    if count == 0:
        return None
    first = datetime.fromtimestamp(int(shown.times[0]), UTC)
    # As an end an instant is exclusive, but a date includes its whole day.
    is_intraday = shown.interval in INTRADAY_WIDTH_S
    end = first if is_intraday else first.date() - timedelta(days=1)
    return bars_get(symbol=shown.symbol, interval=shown.interval, end=end, limit=count)


def _series(symbol: str, before: BarSeries | None, shown: BarSeries) -> Series:
    parts = [shown] if before is None else [before, shown]
    times = np.concatenate([part.times for part in parts])
    return Series(
        interval=shown.interval,
        highs=np.concatenate([part.highs() for part in parts]),
        lows=np.concatenate([part.lows() for part in parts]),
        closes=np.concatenate([part.closes() for part in parts]),
        volumes=np.concatenate([part.volumes for part in parts]).astype(np.float64),
        sessions=_sessions(symbol, shown.interval, times),
    )


def _sessions(symbol: str, interval: str, times: IntArray) -> FloatArray:
    """Number each bar's session; a session is asked for once an hour, not once a bar."""
    if interval not in INTRADAY_WIDTH_S:
        return np.arange(times.size, dtype=np.float64)
    exchange = instrument_get(symbol).exchange
    hours, hour_of = np.unique(times // 3600, return_inverse=True)
    days = [
        trading_days.session_date(exchange, datetime.fromtimestamp(hour * 3600, UTC)).toordinal()
        for hour in hours.tolist()
    ]
    return np.array(days, dtype=np.float64)[hour_of]


def _lines(wanted: Wanted, series: Series, n_before: int) -> IndicatorLines:
    if wanted.indicator.is_anchored:
        return _cut(wanted, lines_of(wanted, series.part(n_before)), 0, 0)
    lines = lines_of(wanted, series)
    return _cut(wanted, lines, n_before, wanted.look_back(series.interval))


def _cut(wanted: Wanted, lines: Lines, n_before: int, look_back: int) -> IndicatorLines:
    shown = tuple(line[n_before:] for line in lines)
    settled = max(0, look_back - n_before)
    has_settled = bool(shown) and settled < shown[0].size
    return IndicatorLines(wanted, shown, settled if has_settled else None)
