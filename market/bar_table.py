"""Read the last daily bars of many instruments into one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import BigIntegerField, ExpressionWrapper, F

from market.adjusting import Factors, factors_of
from market.enums import ADJUSTED_SOURCES, Adjustment, StoredInterval
from market.features import BARS_USED, BarTable
from market.models import Bar, Instrument
from market.rollup import DAY_S
from market.types import PRICE_UNIT
from quant.adjustments import back_adjustment

_LOOK_BACK = timedelta(days=600)
"""BARS_USED sessions and the days between them."""
_COLUMNS = ("opened_at", "high", "low", "close")


@dataclass(frozen=True)
class ReadTable:
    """A table with the ids and sources of its rows; instruments without bars have no row."""

    instrument_ids: list[int]
    sources: list[str]
    table: BarTable


def bar_table_read(instruments: Sequence[Instrument], *, newest_at: datetime) -> ReadTable:
    """Return the last BARS_USED daily bars of each instrument, splits worked in."""
    raw = {
        f"raw_{name}": ExpressionWrapper(F(name), output_field=BigIntegerField())
        for name in _COLUMNS
    }
    found = list(
        Bar.objects.filter(
            instrument_id__in=[row.pk for row in instruments],
            interval=StoredInterval.DAY,
            opened_at__gte=newest_at - _LOOK_BACK,
        )
        .annotate(**raw)
        .order_by("instrument_id", "opened_at")
        .values_list("instrument_id", *raw, "volume", "source")
    )
    figures = np.array([row[:6] for row in found], dtype=np.int64).reshape(-1, 6)
    ids, firsts = np.unique(figures[:, 0], return_index=True)
    ends = np.append(firsts[1:], len(found))
    sources = [
        "+".join(sorted({row[6] for row in found[first:end]}))
        for first, end in zip(firsts, ends, strict=True)
    ]
    table = _aligned(figures[:, 1:], firsts, ends)
    factors = factors_of(instruments, Adjustment.SPLIT)
    for row, (pk, first, end) in enumerate(zip(ids.tolist(), firsts, ends, strict=True)):
        if pk in factors:
            told_by = [one[6] for one in found[max(first, end - BARS_USED) : end]]
            _adjust(table, row, factors[pk], told_by)
    return ReadTable(ids.tolist(), sources, table)


def _adjust(table: BarTable, row: int, factors: Factors, told_by: Sequence[str]) -> None:
    """Work later splits into a row, but for bars whose source tells adjusted prices."""
    shown = slice(BARS_USED - len(told_by), BARS_USED)
    days = table.days[row, shown]
    is_raw = np.array([source not in ADJUSTED_SOURCES for source in told_by])
    prices = np.where(is_raw, back_adjustment(days, factors.days, factors.prices), 1.0)
    for column in (table.highs, table.lows, table.closes):
        column[row, shown] *= prices
    volumes = back_adjustment(days, factors.days, factors.volumes)
    table.volumes[row, shown] *= np.where(is_raw, volumes, 1.0)


def _aligned(figures: np.ndarray, firsts: np.ndarray, ends: np.ndarray) -> BarTable:
    days = np.zeros((firsts.size, BARS_USED), dtype=np.int64)
    numbers = np.full((4, firsts.size, BARS_USED), np.nan)
    for row, (first, end) in enumerate(zip(firsts, ends, strict=True)):
        part = figures[max(first, end - BARS_USED) : end]
        days[row, -len(part) :] = part[:, 0] // DAY_S
        numbers[:, row, -len(part) :] = part[:, 1:].T
    highs, lows, closes = numbers[:3] / PRICE_UNIT
    return BarTable(days=days, highs=highs, lows=lows, closes=closes, volumes=numbers[3])
