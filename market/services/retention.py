"""Let bars go that are older than their interval is kept."""

from datetime import datetime, timedelta

from django.conf import settings

from market.bar_store import history_write
from market.enums import StoredInterval
from market.models import Bar, Instrument
from tradingplatform.db.transactions import global_tx


def bars_prune(*, at: datetime) -> int:
    """Delete the bars that settings.MARKET_BAR_DAYS no longer keeps; return how many.

    An interval without a number of days is kept for good. Bars of indices go with the others.
    Each instrument in a transaction of its own: the first time there may be millions of bars.
    """
    ids = list(Instrument.objects.values_list("pk", flat=True))
    kept = {interval: settings.MARKET_BAR_DAYS[interval] for interval in StoredInterval.values}
    return sum(
        global_tx(_prune, pk, interval, at - timedelta(days=days))
        for interval, days in kept.items()
        if days is not None
        for pk in ids
    )


def _prune(instrument_id: int, interval: str, before: datetime) -> int:
    old = Bar.objects.filter(instrument_id=instrument_id, interval=interval, opened_at__lt=before)
    n_deleted, _ = old.delete()
    if n_deleted and interval == StoredInterval.DAY:
        # Processes keep daily closes in memory: they must learn that the past has changed.
        history_write([], instrument_ids=[instrument_id])
    return n_deleted
