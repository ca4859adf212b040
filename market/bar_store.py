"""Fast writes and reads of whole columns of bars, past the ORM's row objects."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import islice, repeat

from django.db import connections, router
from django.db.models import Max
from django.db.models.constants import OnConflict

from market.enums import StoredInterval
from market.models import Bar, HistoryRevision, Instrument
from market.rollup import BarArrays
from tradingplatform.db.shards import GLOBAL_ALIAS

KEY = ("instrument_id", "interval", "opened_at")
FIGURES = ("open", "high", "low", "close", "volume", "source", "generated_mask")

BATCH_ROWS = 10_000

BarRow = tuple[int, str, int, int, int, int, int, int, str, int]
"""Instrument, interval, epoch seconds, four prices in stored units, volume, source, mask."""


def bar_rows(instrument_id: int, interval: str, bars: BarArrays, source: str) -> Iterator[BarRow]:
    """Turn columns into rows for bars_write."""
    times, *prices, masks = (column.tolist() for column in bars.columns())
    return zip(repeat(instrument_id), repeat(interval), times, *prices, repeat(source), masks)


def bars_write(rows: Iterable[BarRow]) -> int:
    """Insert bars or replace the figures of those that are there; return how many came.

    Call inside global_tx. Takes the rows in batches, so that a generator of many stays small.
    """
    n_rows = 0
    connection = connections[router.db_for_write(Bar)]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(name) for name in (*KEY, *FIGURES))
    places = ", ".join(["%s"] * (len(KEY) + len(FIGURES)))
    conflict = connection.ops.on_conflict_suffix_sql([], OnConflict.UPDATE, FIGURES, KEY)
    # Table, columns and suffix are constants of this module; the values are parameters.
    statement = f"INSERT INTO {quote('table_bars')} ({columns}) VALUES ({places}) {conflict}"  # noqa: S608
    remaining = iter(rows)
    with connection.cursor() as cursor:
        while batch := list(islice(remaining, BATCH_ROWS)):
            cursor.executemany(statement, batch)
            n_rows += len(batch)
    return n_rows


def history_write(rows: Iterable[BarRow], *, instrument_ids: Iterable[int]) -> int:
    """Write bars of any age of these instruments; copies kept in memory end with the commit.

    Call inside global_tx. ``instrument_ids`` also names those that only lost bars.
    """
    revisions = [HistoryRevision(instrument_id=pk) for pk in sorted(set(instrument_ids))]
    HistoryRevision.objects.using(GLOBAL_ALIAS).bulk_create(
        revisions,
        update_conflicts=True,
        update_fields=["revision"],
        unique_fields=None if _keys_are_implied() else ["instrument"],
    )
    return bars_write(rows)


def _keys_are_implied() -> bool:
    """Whether an upsert names no key, as in MySQL."""
    return not connections[GLOBAL_ALIAS].features.supports_update_conflicts_with_target


def last_sessions(instruments: Iterable[Instrument]) -> dict[int, datetime]:
    """Return by instrument id when its newest daily bar opened; absent without bars."""
    ids = [row.pk for row in instruments]
    rows = (
        Bar.objects.filter(instrument_id__in=ids, interval=StoredInterval.DAY)
        .values("instrument_id")
        .annotate(newest=Max("opened_at"))
        .values_list("instrument_id", "newest")
    )
    return dict(rows)


def closes_before(instruments: Iterable[Instrument], day: date) -> dict[int, Bar]:
    """Return by instrument id its last daily bar strictly before ``day``."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    newest = dict(
        Bar.objects.filter(
            instrument_id__in=[row.pk for row in instruments],
            interval=StoredInterval.DAY,
            opened_at__lt=midnight,
        )
        .values("instrument_id")
        .annotate(newest=Max("opened_at"))
        .values_list("instrument_id", "newest")
    )
    return bars_at(newest)


def bars_at(opened: dict[int, datetime]) -> dict[int, Bar]:
    """Return the daily bar that each instrument id has at its instant."""
    rows = Bar.objects.filter(
        instrument_id__in=list(opened),
        interval=StoredInterval.DAY,
        opened_at__in=set(opened.values()),
    )
    return {row.instrument_id: row for row in rows if opened[row.instrument_id] == row.opened_at}
