"""Read the last daily bars of many instruments into one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import BigIntegerField, ExpressionWrapper, F

from market.enums import StoredInterval
from market.features import BARS_USED, BarTable
from market.models import Bar
from market.rollup import DAY_S
from market.types import PRICE_UNIT

_LOOK_BACK = timedelta(days=600)
"""BARS_USED sessions and the days between them."""
_COLUMNS = ("opened_at", "high", "low", "close")


@dataclass(frozen=True)
class ReadTable:
    """A table with the ids and sources of its rows; instruments without bars have no row."""

    instrument_ids: list[int]
    sources: list[str]
    table: BarTable


def bar_table_read(instrument_ids: Sequence[int], *, newest_at: datetime) -> ReadTable:
    """Return the last BARS_USED daily bars of each instrument, in one query."""
    raw = {
        f"raw_{name}": ExpressionWrapper(F(name), output_field=BigIntegerField())
        for name in _COLUMNS
    }
    found = list(
        Bar.objects.filter(
            instrument_id__in=instrument_ids,
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
    return ReadTable(ids.tolist(), sources, _aligned(figures[:, 1:], firsts, ends))


def _aligned(figures: np.ndarray, firsts: np.ndarray, ends: np.ndarray) -> BarTable:
    days = np.zeros((firsts.size, BARS_USED), dtype=np.int64)
    numbers = np.full((4, firsts.size, BARS_USED), np.nan)
    for row, (first, end) in enumerate(zip(firsts, ends, strict=True)):
        part = figures[max(first, end - BARS_USED) : end]
        days[row, -len(part) :] = part[:, 0] // DAY_S
        numbers[:, row, -len(part) :] = part[:, 1:].T
    highs, lows, closes = numbers[:3] / PRICE_UNIT
    return BarTable(days=days, highs=highs, lows=lows, closes=closes, volumes=numbers[3])
