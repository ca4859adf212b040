"""Keep the figures of all instruments up to date; the job runs every five minutes."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from market.bar_table import bar_table_read
from market.feature_models import InstrumentFeatures
from market.features import features_of
from market.models import Instrument
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx

INSTRUMENTS_AT_ONCE = 250
"""So much is in memory, and in one transaction, at a time."""


def features_refresh() -> int:
    """Compute the figures of every active instrument anew; return how many have some."""
    rows = list(Instrument.objects.active().order_by("pk"))
    global_tx(InstrumentFeatures.objects.exclude(pk__in=[row.pk for row in rows]).delete)
    starts = range(0, len(rows), INSTRUMENTS_AT_ONCE)
    return sum(_refresh(rows[start : start + INSTRUMENTS_AT_ONCE]) for start in starts)


def _refresh(instruments: Sequence[Instrument]) -> int:
    read = bar_table_read(instruments, newest_at=now())
    columns = features_of(read.table).columns if read.instrument_ids else {}
    at = now()
    rows = [
        InstrumentFeatures(
            instrument_id=pk,
            session=date(1970, 1, 1) + timedelta(days=int(read.table.days[place, -1])),
            source=read.sources[place],
            computed_at=at,
            **{name: _known(values[place]) for name, values in columns.items()},
        )
        for place, pk in enumerate(read.instrument_ids)
    ]
    global_tx(_replace, [row.pk for row in instruments], rows)
    return len(rows)


def _replace(instrument_ids: Sequence[int], rows: Sequence[InstrumentFeatures]) -> None:
    InstrumentFeatures.objects.filter(pk__in=instrument_ids).delete()
    InstrumentFeatures.objects.bulk_create(rows)


def _known(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
