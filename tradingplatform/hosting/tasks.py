"""The platform's own periodic work."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings

from tradingplatform.clock import now
from tradingplatform.db.models import IdempotencyRecord, InboxMessage, JobRun, OutboxEvent
from tradingplatform.db.shards import GLOBAL_ALIAS, shard_aliases
from tradingplatform.jobs import job, run_slot

JOB_RUN_KEEP = timedelta(days=30)
INBOX_KEEP = timedelta(days=30)


@shared_task(name="platform.slot_run")
def slot_run(*, name: str, **_: Any) -> None:
    """Run the current slot of a periodic job, if no other process has."""
    run_slot(name)


@job(name="platform.tables_prune", queue="bulk")
def tables_prune(**_: Any) -> None:
    """Delete kernel rows that nothing can ask for any more."""
    at = now()
    keep = timedelta(seconds=settings.OUTBOX_KEEP_S)
    for alias in shard_aliases():
        OutboxEvent.objects.using(alias).filter(published_at__lt=at - keep).delete()
        IdempotencyRecord.objects.using(alias).filter(created_at__lt=at - keep).delete()
        InboxMessage.objects.using(alias).filter(received_at__lt=at - INBOX_KEEP).delete()
    JobRun.objects.using(GLOBAL_ALIAS).filter(started_at__lt=at - JOB_RUN_KEEP).delete()
