"""Set alerts, cancel them, and fire them: once per generation, whoever asks how often."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import F

from market.alert_book import Watch
from market.alert_models import AlertTrigger, PriceAlert
from market.alert_selectors import alert_get
from market.alerts import alert_payload, trigger_payload
from market.enums import AlertMeasure, AlertStatus
from market.errors import AlertEndedError, AlertLimitError
from market.following import InstrumentEvent
from market.metrics import ALERTS_FIRED
from market.selectors import instrument_get
from market.types import Quote
from tradingplatform.clock import now
from tradingplatform.db.outbox import emit, user_lock
from tradingplatform.db.shards import shard_aliases, shard_for
from tradingplatform.db.transactions import after_commit, tx
from tradingplatform.errors import UnavailableError
from tradingplatform.services import services

log = structlog.get_logger(__name__)

CHANGED, TRIGGERED = "market.alert_changed", "market.alert_triggered"
MESSAGE_TYPE = "alert"
WAKE_CHANNEL = "wake:alerts:"
KEEP_FOR = timedelta(days=180)
_BATCH = 500
_LEVELS = (AlertMeasure.PRICE, AlertMeasure.CHANGE_RATE)


@dataclass(frozen=True, slots=True)
class AlertTerms:
    """What a user wants to be told of; the interface has checked that the parts fit."""

    symbol: str
    measure: str
    direction: str
    level: Decimal
    interval: str = ""
    window: int | None = None
    repeats: bool = False
    cooldown_s: int = 0
    note: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Firing:
    """That a measure reached an alert's level, at which quote."""

    watch: Watch
    value: float
    quote: Quote


def alert_set(*, account_db_key: int, terms: AlertTerms) -> PriceAlert:
    """Set an alert. Raises SymbolUnknownError and AlertLimitError.

    A level of the price or the day's change fires as soon as the measure is beyond it, also if
    it already is; one of an indicator only when the measure crosses it.
    """
    symbol = instrument_get(terms.symbol).symbol
    alert = PriceAlert(
        account_db_key=account_db_key,
        symbol=symbol,
        measure=terms.measure,
        direction=terms.direction,
        level=terms.level,
        interval=terms.interval,
        window=terms.window,
        repeats=terms.repeats,
        cooldown_s=terms.cooldown_s,
        note=terms.note,
        expires_at=terms.expires_at,
        is_armed=terms.measure in _LEVELS,
    )
    return tx(account_db_key, _set, alert)


def alert_cancel(*, account_db_key: int, alert_id: UUID) -> PriceAlert:
    """Cancel an active alert; canceling twice changes nothing, AlertEndedError after its end."""
    return tx(account_db_key, _cancel, account_db_key, alert_id)


def alert_fire(firing: Firing, *, at: datetime) -> PriceAlert:
    """Note that an alert fired and tell its owner; return the alert as it is now.

    Nothing happens unless the alert is still active, armed and of the generation seen, so
    neither a second feed nor a second look can fire it twice.
    """
    return tx(firing.watch.account_db_key, _fire, firing, at)


def alert_arm(watch: Watch) -> None:
    """Note that an alert is ready to fire again."""
    tx(watch.account_db_key, _arm, watch)


def alert_end(*, account_db_key: int, alert_id: UUID) -> None:
    """End an alert whose instrument is no longer traded; one that has ended stays as it is."""
    tx(account_db_key, _end_active, account_db_key, alert_id)


def alert_rename(*, account_db_key: int, alert_id: UUID, event: InstrumentEvent) -> None:
    """Give an active alert the new symbol of its instrument, and tell its owner."""
    tx(account_db_key, _rename, account_db_key, alert_id, event)


def alerts_tend() -> None:
    """End the alerts that ran out, and delete what ended long ago."""
    at = now()
    for alias in shard_aliases():
        rows = PriceAlert.objects.using(alias)
        due = rows.active().filter(expires_at__lte=at)
        for key, alert_id in list(due.values_list("account_db_key", "pk")[:_BATCH]):
            tx(key, _expire, key, alert_id, at)
        ended = rows.exclude(status=AlertStatus.ACTIVE).filter(updated_at__lt=at - KEEP_FOR)
        for key, alert_id in list(ended.values_list("account_db_key", "pk")[:_BATCH]):
            tx(key, PriceAlert.objects.for_user(key).filter(pk=alert_id).delete)


def alerts_forget(account_db_key: int) -> None:
    """Delete the alerts of a closed account (settings.ACCOUNT_CLOSERS)."""
    tx(account_db_key, PriceAlert.objects.for_user(account_db_key).delete)
    _wake_feed(account_db_key)


def _set(alert: PriceAlert) -> PriceAlert:
    key = alert.account_db_key
    user_lock(key)
    most = settings.ALERTS_PER_USER
    if PriceAlert.objects.for_user(key).active().count() >= most:
        raise AlertLimitError(f"A user may have {most} active alerts.", limit=most)
    alert.save(force_insert=True)
    return _told(alert)


def _cancel(account_db_key: int, alert_id: UUID) -> PriceAlert:
    user_lock(account_db_key)
    alert = alert_get(account_db_key=account_db_key, alert_id=alert_id)
    if alert.status == AlertStatus.CANCELED:
        return alert
    if alert.status != AlertStatus.ACTIVE:
        raise AlertEndedError("The alert has ended.", status=alert.status)
    return _ended(alert, AlertStatus.CANCELED, now())


def _expire(account_db_key: int, alert_id: UUID, at: datetime) -> None:
    user_lock(account_db_key)
    rows = PriceAlert.objects.for_user(account_db_key).active()
    alert = rows.filter(pk=alert_id, expires_at__lte=at).first()
    if alert is not None:
        _ended(alert, AlertStatus.EXPIRED, at)


def _end_active(account_db_key: int, alert_id: UUID) -> None:
    user_lock(account_db_key)
    alert = PriceAlert.objects.for_user(account_db_key).active().filter(pk=alert_id).first()
    if alert is not None:
        _ended(alert, AlertStatus.EXPIRED, now())


def _rename(account_db_key: int, alert_id: UUID, event: InstrumentEvent) -> None:
    user_lock(account_db_key)
    rows = PriceAlert.objects.for_user(account_db_key).active()
    alert = rows.filter(pk=alert_id, symbol=event.old_symbol).first()
    if alert is not None:
        alert.symbol, alert.updated_at = event.symbol, now()
        alert.version += 1
        alert.save(update_fields=["symbol", "updated_at", "version"])
        _told(alert)


def _ended(alert: PriceAlert, status: AlertStatus, at: datetime) -> PriceAlert:
    alert.status, alert.updated_at = status, at
    alert.version += 1
    alert.save(update_fields=["status", "updated_at", "version"])
    return _told(alert)


def _fire(firing: Firing, at: datetime) -> PriceAlert:
    watch = firing.watch
    user_lock(watch.account_db_key)
    alert = alert_get(account_db_key=watch.account_db_key, alert_id=watch.alert_id)
    is_due = alert.expires_at is None or alert.expires_at > at
    if not (alert.status == AlertStatus.ACTIVE and alert.is_armed and is_due):
        return alert
    if alert.generation != watch.generation:
        return alert
    trigger = AlertTrigger(
        account_db_key=watch.account_db_key,
        alert=alert,
        generation=alert.generation,
        value=Decimal(repr(round(firing.value, 6))),
        price=firing.quote.price,
        source=firing.quote.source,
        exchange_time=firing.quote.exchange_time,
        fired_at=at,
    )
    trigger.save(force_insert=True)
    _disarm(alert, at)
    _tell(alert, TRIGGERED, {"kind": "triggered", "trigger": trigger_payload(trigger)})
    after_commit(watch.account_db_key, ALERTS_FIRED.labels(alert.measure).inc)
    return alert


def _disarm(alert: PriceAlert, at: datetime) -> None:
    alert.status = AlertStatus.ACTIVE if alert.repeats else AlertStatus.TRIGGERED
    alert.is_armed = False
    alert.generation += 1
    alert.version += 1
    alert.fired_at = alert.updated_at = at
    alert.save(
        update_fields=["status", "is_armed", "generation", "version", "fired_at", "updated_at"]
    )


def _arm(watch: Watch) -> None:
    rows = PriceAlert.objects.for_user(watch.account_db_key).active()
    same = rows.filter(pk=watch.alert_id, is_armed=False, generation=watch.generation)
    same.update(is_armed=True, version=F("version") + 1, updated_at=now())


def _told(alert: PriceAlert) -> PriceAlert:
    _tell(alert, CHANGED, {"kind": "alert"})
    _wake_feed(alert.account_db_key)
    return alert


def _tell(alert: PriceAlert, topic: str, news: dict[str, object]) -> None:
    emit(
        account_db_key=alert.account_db_key,
        topic=topic,
        aggregate_id=str(alert.pk),
        payload={**news, "alert": alert_payload(alert)},
        stream="user",
        message_type=MESSAGE_TYPE,
    )


def _wake_feed(account_db_key: int) -> None:
    """Hint to the feed that an alert changed; losing it costs one look at the table."""
    after_commit(account_db_key, partial(_publish, shard_for(account_db_key)))


def _publish(alias: str) -> None:
    try:
        services.websocket.publish(f"{WAKE_CHANNEL}{alias}", b"")
    except UnavailableError:
        log.info("feed_not_woken", shard=alias)
