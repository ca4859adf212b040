"""Reads of panels: daily closes of many instruments on the dates that they share."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from market.adjusting import Factors, closes_adjusted, factors_of, is_raw
from market.enums import Adjustment, generated_names
from market.history import Closes, closes_read
from market.models import Instrument
from market.selectors import instruments_get
from market.types import PricePanel


def price_panel(
    *,
    symbols: Sequence[str],
    start: date | None = None,
    end: date | None = None,
) -> PricePanel:
    """Return daily closes on the dates that all ``symbols`` share, both ends included.

    All corporate actions are worked in, because returns are what panels are for. Here Decimal
    becomes float64. Raises SymbolUnknownError; an empty range gives an empty panel.
    """
    instruments = instruments_get(symbols)
    ids = [row.pk for row in instruments.values()]
    first, last = (None if edge is None else _day_number(edge) for edge in (start, end))
    histories = closes_read(ids, first=first, last=last)
    return _panel(instruments, histories, _panel_factors(instruments, histories))


def _panel_factors(
    instruments: dict[str, Instrument], histories: dict[int, Closes]
) -> dict[int, Factors]:
    raw = [row for row in instruments.values() if is_raw(histories[row.pk]).any()]
    return factors_of(raw, Adjustment.ALL)


def _panel(
    instruments: dict[str, Instrument],
    histories: dict[int, Closes],
    factors: dict[int, Factors],
) -> PricePanel:
    columns = [histories[row.pk] for row in instruments.values()]
    days = _shared_days([column.days for column in columns])
    closes = np.empty((days.size, len(columns)))
    mask = 0
    for place, (row, column) in enumerate(zip(instruments.values(), columns, strict=True)):
        chosen = np.isin(column.days, days, assume_unique=True, kind="table")
        closes[:, place] = closes_adjusted(column.part(chosen), factors.get(row.pk))
        mask |= column.generated_mask()
    return PricePanel(
        dates=days.astype("datetime64[D]"),
        symbols=tuple(instruments),
        closes=closes,
        sources=tuple(sorted(set().union(*(column.sources() for column in columns)))),
        generated_fields=tuple(generated_names(mask)),
        currencies=tuple(row.currency for row in instruments.values()),
    )


def _shared_days(columns: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Return the days that are in all columns, each of which is ascending."""
    if any(column.size == 0 for column in columns):
        return np.empty(0, np.int32)
    first = max(int(column[0]) for column in columns)
    last = min(int(column[-1]) for column in columns)
    counts = np.zeros(max(0, last - first + 1), np.int32)
    for column in columns:
        inside = column[np.searchsorted(column, first) : np.searchsorted(column, last, "right")]
        counts[inside - first] += 1
    return (np.flatnonzero(counts == len(columns)) + first).astype(np.int32)


def _day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days
