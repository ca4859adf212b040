"""Reads of alerts: a user's own, and all that the feed has to watch."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from market.alert_book import Gauge, Watch
from market.alert_models import AlertTrigger, PriceAlert
from market.errors import AlertNotFoundError


def alerts_get(*, account_db_key: int, statuses: Sequence[str] = ()) -> QuerySet[PriceAlert]:
    """Return a user's alerts, unordered; ``statuses`` limits them."""
    rows = PriceAlert.objects.for_user(account_db_key)
    return rows.filter(status__in=statuses) if statuses else rows


def alert_get(*, account_db_key: int, alert_id: UUID) -> PriceAlert:
    """Return one alert; AlertNotFoundError when the user has none such."""
    row = PriceAlert.objects.for_user(account_db_key).filter(pk=alert_id).first()
    if row is None:
        raise AlertNotFoundError("There is no such alert.")
    return row


def triggers_get(*, account_db_key: int) -> QuerySet[AlertTrigger]:
    """Return when a user's alerts fired, unordered, each with its alert."""
    return AlertTrigger.objects.for_user(account_db_key).select_related("alert")


def alerts_changed(alias: str, since: datetime | None) -> list[PriceAlert]:
    """Return the alerts of a shard that changed since an instant, or all active ones."""
    rows = PriceAlert.objects.using(alias)
    if since is None:
        return list(rows.active())
    return list(rows.filter(updated_at__gte=since))


def watch_of(alert: PriceAlert) -> Watch:
    """Return an active alert as the feed's book keeps it."""
    rests_until = None
    if not alert.is_armed and alert.fired_at is not None:
        rests_until = alert.fired_at + timedelta(seconds=alert.cooldown_s)
    return Watch(
        alert_id=alert.pk,
        account_db_key=alert.account_db_key,
        gauge=Gauge(alert.symbol, alert.measure, alert.interval, alert.window),
        direction=alert.direction,
        level=float(alert.level),
        is_armed=alert.is_armed,
        generation=alert.generation,
        version=alert.version,
        rests_until=rests_until,
        expires_at=alert.expires_at,
    )
