"""Reads of bars: stored ones, and the longer intervals rolled up from them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import BigIntegerField, ExpressionWrapper, F, QuerySet

from market import rollup, rules
from market.adjusting import bars_adjusted, factors_of
from market.enums import ADJUSTED_SOURCES, Adjustment, BarInterval, StoredInterval
from market.errors import BarRangeError
from market.models import Bar, Instrument
from market.selectors import instrument_get
from market.types import BarSeries

BARS_DEFAULT = 1000
BARS_MAX = 10_000
ROLLED_BARS_MAX = 2_000

_SCALED = ("opened_at", "open", "high", "low", "close")
_INTRADAY = {"1m", "5m", "15m", "1h"}
_YEARS = range(1900, 2200)


def bars_get(
    *,
    symbol: str,
    interval: str = "1d",
    start: date | datetime | None = None,
    end: date | datetime | None = None,
    limit: int = BARS_DEFAULT,
    adjustment: str = Adjustment.SPLIT,
) -> BarSeries:
    """Return bars, oldest first; the longer intervals are rolled up from what is stored.

    A date counts in the zone of the exchange and ``end`` includes the whole day; an instant
    as ``end`` is exclusive. With ``start`` the first ``limit`` bars of the range, without it
    the last. ``adjustment`` says which later corporate actions are worked in: none (RAW),
    those that change the number of shares (SPLIT), or dividends, rights and spin-offs too
    (ALL). Raises SymbolUnknownError and BarRangeError.
    """
    _check_range(interval, start, end, limit)
    instrument = instrument_get(symbol)
    since, until = _bounds(instrument.exchange, interval, start, end)
    stored = StoredInterval.MINUTE if interval in _INTRADAY else StoredInterval.DAY
    rows = Bar.objects.filter(instrument_id=instrument.pk, interval=stored)
    if since is not None:
        rows = rows.filter(opened_at__gte=since)
    if until is not None:
        rows = rows.filter(opened_at__lt=until)
    stored_bars, told_by = _read(rows, (limit + 1) * rollup.STORED_PER_BUCKET[interval], since)
    adjusted, left_out = _adjusted(instrument, interval, stored_bars, told_by, adjustment)
    bars, has_more = _limited(adjusted, interval, limit, forward=since is not None)
    series = _series(instrument, interval, bars, sorted(set(told_by)), has_more=has_more)
    return replace(series, adjustment=adjustment, left_out=left_out)


def _check_range(
    interval: str, start: date | datetime | None, end: date | datetime | None, limit: int
) -> None:
    if interval not in BarInterval.values:
        raise BarRangeError(
            "The interval is not one of 1m 5m 15m 1h 1d 1w 1mo.", interval=interval[:20]
        )
    most = BARS_MAX if rollup.STORED_PER_BUCKET[interval] == 1 else ROLLED_BARS_MAX
    if not 1 <= limit <= most:
        raise BarRangeError(f"The limit must lie between 1 and {most}.", limit=str(limit)[:20])
    for edge in (start, end):
        if edge is not None and edge.year not in _YEARS:
            raise BarRangeError("The range lies outside 1900 to 2199.", edge=edge.isoformat())
    if start is not None and end is not None and _as_date(start) > _as_date(end):
        raise BarRangeError(
            "The range ends before it starts.", start=start.isoformat(), end=end.isoformat()
        )


def _as_date(edge: date | datetime) -> date:
    return edge.date() if isinstance(edge, datetime) else edge


def _bounds(
    exchange: str, interval: str, start: date | datetime | None, end: date | datetime | None
) -> tuple[datetime | None, datetime | None]:
    since = until = None
    if start is not None:
        first = int(_edge(exchange, interval, start).timestamp())
        bucket = rollup.bucket_starts(np.array([first], dtype=np.int64), interval)
        since = datetime.fromtimestamp(int(bucket[0]), UTC)
    if end is not None:
        last = _edge(exchange, interval, end)
        if interval not in _INTRADAY or not isinstance(end, datetime):
            last += timedelta(days=1)
        until = datetime.fromtimestamp(rollup.bucket_end(int(last.timestamp()) - 1, interval), UTC)
    return since, until


def _edge(exchange: str, interval: str, edge: date | datetime) -> datetime:
    if interval not in _INTRADAY:
        return _midnight(_as_date(edge))
    if isinstance(edge, datetime):
        return edge.astimezone(UTC)
    zone = rules.exchange_timezone(exchange)
    return datetime(edge.year, edge.month, edge.day, tzinfo=zone).astimezone(UTC)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _with_raw(rows: QuerySet[Bar], *names: str) -> QuerySet[Any]:
    # The columns as the integers they are stored as: no Decimal, no datetime per row.
    raw = {
        f"raw_{name}": ExpressionWrapper(F(name), output_field=BigIntegerField()) for name in names
    }
    return rows.annotate(**raw)


def _read(
    rows: QuerySet[Bar], most: int, since: datetime | None
) -> tuple[rollup.BarArrays, list[str]]:
    ordered = rows.order_by("opened_at" if since is not None else "-opened_at")
    found = list(
        _with_raw(ordered, *_SCALED).values_list(
            *(f"raw_{name}" for name in _SCALED), "volume", "generated_mask", "source"
        )[:most]
    )
    if since is None:
        found.reverse()
    table = np.array([row[:7] for row in found], dtype=np.int64).reshape(-1, 7)
    return rollup.BarArrays(*table.T), [row[7] for row in found]


def _adjusted(
    instrument: Instrument,
    interval: str,
    bars: rollup.BarArrays,
    told_by: Sequence[str],
    adjustment: str,
) -> tuple[rollup.BarArrays, tuple[date, ...]]:
    raw = np.array([source not in ADJUSTED_SOURCES for source in told_by], dtype=np.bool_)
    if not raw.any():
        return bars, ()
    factors = factors_of([instrument], adjustment).get(instrument.pk)
    if factors is None:
        return bars, ()
    adjusted = bars_adjusted(
        bars, factors, raw=raw, exchange=instrument.exchange, intraday=interval in _INTRADAY
    )
    return adjusted, factors.left_out


def _limited(
    stored: rollup.BarArrays, interval: str, limit: int, *, forward: bool
) -> tuple[rollup.BarArrays, bool]:
    bars = rollup.rolled_up(stored, interval)
    was_cut = len(stored) == (limit + 1) * rollup.STORED_PER_BUCKET[interval]
    if was_cut and len(bars) > 1 and rollup.STORED_PER_BUCKET[interval] > 1:
        # The bucket at the cut may lack some of its stored bars.
        bars = bars.part(slice(None, -1) if forward else slice(1, None))
    has_more = was_cut or len(bars) > limit
    return bars.part(slice(None, limit) if forward else slice(-limit, None)), has_more


def _series(
    instrument: Instrument,
    interval: str,
    bars: rollup.BarArrays,
    sources: Sequence[str],
    *,
    has_more: bool,
) -> BarSeries:
    return BarSeries(
        symbol=instrument.symbol,
        interval=interval,
        currency=instrument.currency,
        times=bars.times,
        open_units=bars.opens,
        high_units=bars.highs,
        low_units=bars.lows,
        close_units=bars.closes,
        volumes=bars.volumes,
        generated_mask=bars.masks,
        sources=tuple(sources),
        has_more=has_more,
    )
