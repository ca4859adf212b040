"""Daily closes of many instruments as arrays, read once per process while nobody changes them.

A panel of 500 symbols over ten years is 1.26 million rows, which costs a database seconds. What
is older than SETTLED_AFTER changes only with its HistoryRevision, so a process keeps it; what
is younger is read each time. The database stays the truth: the copies can be lost at any time.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import BigIntegerField, Case, ExpressionWrapper, F, IntegerField, Value, When
from numpy.typing import NDArray

from market.enums import Source, StoredInterval
from market.models import Bar, HistoryRevision
from market.rollup import DAY_S
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS

SETTLED_AFTER = timedelta(days=7)
"""The feed writes the newest session only, late by minutes; a week is more than enough."""
KEPT_FOR = timedelta(days=30)
"""A copy this old is read again, so that the part read each time stays short."""
BARS_KEPT_MAX = 4_000_000
"""About 80 MB a process: 500 symbols over 30 years."""

SOURCE_CODES = {source: code for code, source in enumerate(Source.values)}
_MASK_BITS = 5
_FETCH_ROWS = 50_000

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Closes:
    """Daily closes of one instrument, times ascending; arrays of shape (n_bars,).

    ``days`` counts from 1970-01-01, ``units`` is the price in stored units, ``origins`` packs
    the code of the source and the mask of generated figures.
    """

    days: NDArray[np.int32]
    units: IntArray
    origins: NDArray[np.int16]

    def __len__(self) -> int:
        return int(self.days.size)

    def within(self, first: int | None, last: int | None) -> "Closes":
        """Return the bars from day ``first`` to day ``last``, both included."""
        low = 0 if first is None else int(np.searchsorted(self.days, first))
        high = len(self) if last is None else int(np.searchsorted(self.days, last, side="right"))
        return Closes(self.days[low:high], self.units[low:high], self.origins[low:high])

    def followed_by(self, later: "Closes") -> "Closes":
        """Return both one after the other."""
        if not len(later):
            return self
        return Closes(
            np.concatenate([self.days, later.days]),
            np.concatenate([self.units, later.units]),
            np.concatenate([self.origins, later.origins]),
        )

    def part(self, chosen: NDArray[np.bool_]) -> "Closes":
        """Return the bars of a selection."""
        return Closes(self.days[chosen], self.units[chosen], self.origins[chosen])

    def are_from(self, sources: Collection[str]) -> NDArray[np.bool_]:
        """Return which bars come from one of these sources."""
        codes = [code for source, code in SOURCE_CODES.items() if source in sources]
        return np.isin(self.origins >> _MASK_BITS, codes)

    def sources(self) -> set[str]:
        """Return where the bars come from."""
        codes = np.unique(self.origins >> _MASK_BITS).tolist()
        return {source for source, code in SOURCE_CODES.items() if code in codes}

    def generated_mask(self) -> int:
        """Return the bits of all figures that a generator made in at least one bar."""
        return int(np.bitwise_or.reduce(self.origins, initial=0)) & ((1 << _MASK_BITS) - 1)


_NOTHING = Closes(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int16))


@dataclass(frozen=True)
class _Copy:
    """What a process keeps of one instrument: every bar before ``settled``, at a revision."""

    revision: UUID
    settled: int
    closes: Closes


class HistoryCopies:
    """The copies of this process, the least recently used ones let go first."""

    def __init__(self, *, bars_max: int = BARS_KEPT_MAX) -> None:
        self._bars_max = bars_max
        self._copies: OrderedDict[int, _Copy] = OrderedDict()
        self._n_bars = 0
        self._lock = threading.Lock()

    def good(self, revisions: dict[int, UUID], *, settled_since: int) -> dict[int, _Copy]:
        """Return the copies that are of these revisions and young enough."""
        found = {}
        with self._lock:
            for pk, revision in revisions.items():
                copy = self._copies.get(pk)
                if copy and copy.revision == revision and copy.settled >= settled_since:
                    self._copies.move_to_end(pk)
                    found[pk] = copy
        return found

    def keep(self, copies: dict[int, _Copy]) -> None:
        """Take copies in and let others go where there is no room."""
        with self._lock:
            for pk, copy in copies.items():
                self._drop(pk)
                self._copies[pk] = copy
                self._n_bars += len(copy.closes)
            while self._n_bars > self._bars_max:
                self._drop(next(iter(self._copies)))

    def _drop(self, pk: int) -> None:
        copy = self._copies.pop(pk, None)
        if copy is not None:
            self._n_bars -= len(copy.closes)


_copies = HistoryCopies()


def closes_read(
    instrument_ids: Sequence[int], *, first: int | None = None, last: int | None = None
) -> dict[int, Closes]:
    """Return the daily closes of each instrument from day ``first`` to ``last``, both included.

    Three queries at most: revisions, histories that are not kept, and the last days.
    """
    settled = int((now() - SETTLED_AFTER).timestamp()) // DAY_S
    revisions = _revisions(instrument_ids)
    settled_since = settled - KEPT_FOR.days
    copies = _copies.good(revisions, settled_since=settled_since)
    missing = [pk for pk in instrument_ids if pk not in copies]
    copies |= _loaded(missing, revisions, settled)
    since = min((copy.settled for copy in copies.values()), default=settled)
    news = {} if last is not None and last < since else _read(instrument_ids, since=since)
    closes = {}
    for pk in instrument_ids:
        settled_part = copies[pk].closes.within(first, last)
        since_then = max(copies[pk].settled, first or 0)
        closes[pk] = settled_part.followed_by(news.get(pk, _NOTHING).within(since_then, last))
    return closes


def _revisions(instrument_ids: Sequence[int]) -> dict[int, UUID]:
    rows = HistoryRevision.objects.filter(pk__in=instrument_ids)
    return dict(rows.values_list("pk", "revision"))


def _loaded(
    instrument_ids: Sequence[int], revisions: dict[int, UUID], settled: int
) -> dict[int, _Copy]:
    """Read histories; keep those that have a revision by which their end will be noticed."""
    if not instrument_ids:
        return {}
    histories = _read(instrument_ids, before=settled)
    nameless = UUID(int=0)
    copies = {
        pk: _Copy(revisions.get(pk, nameless), settled, histories.get(pk, _NOTHING))
        for pk in instrument_ids
    }
    _copies.keep({pk: copy for pk, copy in copies.items() if pk in revisions})
    return copies


def _read(
    instrument_ids: Sequence[int], *, since: int | None = None, before: int | None = None
) -> dict[int, Closes]:
    # From the primary: a revision must never be kept with bars that a replica still lacks.
    rows = Bar.objects.using(GLOBAL_ALIAS).filter(
        instrument_id__in=instrument_ids, interval=StoredInterval.DAY
    )
    if since is not None:
        rows = rows.filter(opened_at__gte=_instant(since))
    if before is not None:
        rows = rows.filter(opened_at__lt=_instant(before))
    columns = rows.order_by("instrument_id", "opened_at").values_list(
        "instrument_id", _raw("opened_at"), _raw("close"), _origin()
    )
    flat = chain.from_iterable(columns.iterator(chunk_size=_FETCH_ROWS))
    table = np.fromiter(flat, dtype=np.int64).reshape(-1, 4)
    starts = np.flatnonzero(np.diff(table[:, 0], prepend=-1))
    return {
        int(part[0, 0]): Closes(
            (part[:, 1] // DAY_S).astype(np.int32),
            part[:, 2].copy(),
            part[:, 3].astype(np.int16),
        )
        for part in (np.split(table, starts[1:]) if table.size else ())
    }


def _raw(name: str) -> Any:
    # The column as the integer it is stored as: no Decimal, no datetime per row.
    return ExpressionWrapper(F(name), output_field=BigIntegerField())


def _origin() -> Any:
    codes = [
        When(source=source, then=Value(code << _MASK_BITS)) for source, code in SOURCE_CODES.items()
    ]
    return Case(*codes, output_field=IntegerField()) + F("generated_mask")


def _instant(day: int) -> datetime:
    return datetime.fromtimestamp(day * DAY_S, UTC)
