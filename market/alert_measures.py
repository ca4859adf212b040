"""The indicators that alerts wait for, computed from stored bars once a minute."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from market import trading_days
from market.alert_book import Gauge
from market.bar_selectors import bars_get
from market.enums import AlertMeasure, StoredInterval
from market.indicators import INDICATORS, Series, Wanted, lines_of
from market.models import Instrument
from market.types import BarSeries

MINUTE_BAR_MAX_AGE = timedelta(minutes=3)
_NAMES = {
    AlertMeasure.RSI: "rsi",
    AlertMeasure.SMA_DISTANCE: "sma",
    AlertMeasure.MACD: "macd",
}


def measured(gauges: Iterable[Gauge], at: datetime) -> Iterator[tuple[Gauge, float]]:
    """Compute each gauge at its newest bar; what has no bar of now, or no value, is left out.

    Minute bars count once they are finished; the daily bar counts as it grows.
    """
    by_bars: dict[tuple[str, str], list[Gauge]] = {}
    for gauge in gauges:
        by_bars.setdefault((gauge.symbol, gauge.interval), []).append(gauge)
    symbols = {symbol for symbol, _ in by_bars}
    exchanges = dict(
        Instrument.objects.filter(symbol__in=symbols).values_list("symbol", "exchange")
    )
    for (symbol, interval), same in by_bars.items():
        if symbol not in exchanges:
            continue
        count = max(_wanted(gauge).look_back(interval) for gauge in same) + 1
        bars = _bars(symbol, interval, count, at)
        if len(bars) and _is_of_now(bars, exchanges[symbol], at):
            for gauge in same:
                value = _value(gauge, bars)
                if np.isfinite(value):
                    yield gauge, value


def _bars(symbol: str, interval: str, count: int, at: datetime) -> BarSeries:
    end = at.replace(second=0, microsecond=0) if interval == StoredInterval.MINUTE else None
    return bars_get(symbol=symbol, interval=interval, end=end, limit=count)


def _is_of_now(bars: BarSeries, exchange: str, at: datetime) -> bool:
    newest = datetime.fromtimestamp(int(bars.times[-1]), UTC)
    if bars.interval == StoredInterval.MINUTE:
        return at - newest <= MINUTE_BAR_MAX_AGE
    return newest.date() == trading_days.session_date(exchange, at)


def _wanted(gauge: Gauge) -> Wanted:
    indicator = INDICATORS[_NAMES[AlertMeasure(gauge.measure)]]
    usual = tuple(parameter.default for parameter in indicator.parameters)
    return Wanted(indicator, usual if gauge.window is None else (gauge.window,))


def _value(gauge: Gauge, bars: BarSeries) -> float:
    closes = bars.closes()
    none = np.empty(0)
    series = Series(bars.interval, bars.highs(), bars.lows(), closes, none, none)
    newest = float(lines_of(_wanted(gauge), series)[-1][-1])
    if gauge.measure == AlertMeasure.SMA_DISTANCE:
        return float(closes[-1]) / newest - 1
    if gauge.measure == AlertMeasure.MACD:
        return newest / float(closes[-1])
    return newest
