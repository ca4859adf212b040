"""Let bars go that are older than their interval is kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from market.bar_store import history_write
from market.enums import StoredInterval
from market.models import Bar, Instrument
from tradingplatform.db.transactions import global_tx


def bars_prune(*, at: datetime) -> int:
    """Delete the bars that settings.MARKET_BAR_DAYS no longer keeps; return how many.

    An interval without a number of days is kept for good. Bars of indices go with the others.
    """
    # Naming the instruments lets the database walk the primary key, not the whole table.
    ids = list(Instrument.objects.values_list("pk", flat=True))
    kept = {interval: settings.MARKET_BAR_DAYS[interval] for interval in StoredInterval.values}
    return sum(
        global_tx(_prune, ids, interval, at - timedelta(days=days))
        for interval, days in kept.items()
        if days is not None
    )


def _prune(ids: Sequence[int], interval: str, before: datetime) -> int:
    old = Bar.objects.filter(instrument_id__in=ids, interval=interval, opened_at__lt=before)
    if interval == StoredInterval.DAY:
        # Processes keep daily closes in memory: they must learn that the past has changed.
        shorter = list(old.values_list("instrument_id", flat=True).distinct())
        if shorter:
            history_write([], instrument_ids=shorter)
    return old.delete()[0]
