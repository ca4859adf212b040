"""Alerts as REST and the user's sockets show them."""

from collections.abc import Sequence
from typing import Any

from market.alert_models import AlertTrigger, PriceAlert
from tradingplatform.money import decimal_text


def terms_payload(alert: PriceAlert) -> dict[str, Any]:
    """Return what an alert waits for."""
    return {
        "symbol": alert.symbol,
        "measure": alert.measure,
        "direction": alert.direction,
        "level": decimal_text(alert.level),
        "interval": alert.interval or None,
        "window": alert.window,
        "note": alert.note,
    }


def alert_payload(alert: PriceAlert) -> dict[str, Any]:
    """Return one alert."""
    return {
        "id": str(alert.pk),
        **terms_payload(alert),
        "repeats": alert.repeats,
        "cooldown_s": alert.cooldown_s,
        "status": alert.status,
        "is_armed": alert.is_armed,
        "created_at": alert.created_at.isoformat(),
        "expires_at": None if alert.expires_at is None else alert.expires_at.isoformat(),
        "fired_at": None if alert.fired_at is None else alert.fired_at.isoformat(),
    }


def alerts_payload(rows: Sequence[PriceAlert]) -> list[dict[str, Any]]:
    """Return a list of alerts."""
    return [alert_payload(row) for row in rows]


def trigger_payload(trigger: AlertTrigger) -> dict[str, Any]:
    """Return one firing, with what it fired on."""
    alert = trigger.alert
    return {
        "id": str(trigger.pk),
        "alert_id": str(alert.pk),
        **terms_payload(alert),
        "value": decimal_text(trigger.value),
        "price": decimal_text(trigger.price),
        "source": trigger.source,
        "exchange_time": trigger.exchange_time.isoformat(),
        "fired_at": trigger.fired_at.isoformat(),
    }


def triggers_payload(rows: Sequence[AlertTrigger]) -> list[dict[str, Any]]:
    """Return a list of firings."""
    return [trigger_payload(row) for row in rows]
