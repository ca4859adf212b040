"""Shapes of the alert endpoints."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from market.api.watch_serializers import SymbolField
from market.enums import AlertDirection, AlertMeasure, AlertStatus, StoredInterval
from market.services import AlertTerms
from market.watch_models import NOTE_CHARACTERS
from tradingplatform.clock import now

COOLDOWN_DEFAULT_S = 300
COOLDOWN_MAX_S = 7 * 86_400
LIFE_MAX = timedelta(days=366)
_WINDOWS = {AlertMeasure.RSI: (14, 100), AlertMeasure.SMA_DISTANCE: (20, 250)}
_BOUNDS = {
    AlertMeasure.PRICE: (Decimal("0.000001"), Decimal(10) ** 9),
    AlertMeasure.CHANGE_RATE: (Decimal(-1), Decimal(10)),
    AlertMeasure.RSI: (Decimal("0.01"), Decimal("99.99")),
    AlertMeasure.SMA_DISTANCE: (Decimal("-0.5"), Decimal("0.5")),
    AlertMeasure.MACD: (Decimal(0), Decimal(0)),
}
_CROSSES_ZERO = (AlertMeasure.SMA_DISTANCE, AlertMeasure.MACD)


class AlertInput(serializers.Serializer[Any]):
    symbol = SymbolField()
    measure = serializers.ChoiceField(choices=AlertMeasure.choices)
    direction = serializers.ChoiceField(choices=AlertDirection.choices)
    level = serializers.DecimalField(
        max_digits=16,
        decimal_places=6,
        required=False,
        help_text="A price, a fraction (0.05 is 5 %), or an RSI; 0 and optional for a cross of"
        " SMA_DISTANCE and MACD.",
    )
    interval = serializers.ChoiceField(
        choices=StoredInterval.choices, required=False, help_text="Of indicators; 1d unless named."
    )
    window = serializers.IntegerField(
        min_value=2, max_value=250, required=False, help_text="Of RSI (14) and SMA_DISTANCE (20)."
    )
    repeats = serializers.BooleanField(default=False, help_text="Fire again after the cool-down.")
    cooldown_s = serializers.IntegerField(
        min_value=60, max_value=COOLDOWN_MAX_S, default=COOLDOWN_DEFAULT_S
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    note = serializers.CharField(max_length=NOTE_CHARACTERS, allow_blank=True, default="")

    def validate_expires_at(self, value: Any) -> Any:
        if value is not None and not now() < value <= now() + LIFE_MAX:
            raise serializers.ValidationError("In the future, and within a year.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        measure = AlertMeasure(attrs["measure"])
        attrs["level"] = _level(measure, attrs.get("level"))
        is_of_bars = measure not in (AlertMeasure.PRICE, AlertMeasure.CHANGE_RATE)
        if not is_of_bars and "interval" in attrs:
            raise serializers.ValidationError({"interval": ["Only indicators have an interval."]})
        attrs["interval"] = attrs.get("interval", StoredInterval.DAY) if is_of_bars else ""
        attrs["window"] = _window(measure, attrs.get("window"))
        return {"terms": AlertTerms(**attrs)}


class AlertsQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=AlertStatus.choices, required=False)


class TermsOutput(serializers.Serializer[Any]):
    """What an alert waits for: as `terms_payload` tells it."""

    symbol = serializers.CharField()
    measure = serializers.ChoiceField(choices=AlertMeasure.choices)
    direction = serializers.ChoiceField(choices=AlertDirection.choices)
    level = serializers.CharField()
    interval = serializers.CharField(allow_null=True)
    window = serializers.IntegerField(allow_null=True)
    note = serializers.CharField()


class AlertOutput(TermsOutput):
    id = serializers.UUIDField()
    repeats = serializers.BooleanField()
    cooldown_s = serializers.IntegerField()
    status = serializers.ChoiceField(choices=AlertStatus.choices)
    is_armed = serializers.BooleanField(
        help_text="False: the measure must first go back past the level."
    )
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    fired_at = serializers.DateTimeField(allow_null=True, help_text="When it last fired.")


class AlertsOutput(serializers.Serializer[Any]):
    results = AlertOutput(many=True)
    next = serializers.CharField(allow_null=True)


class TriggerOutput(TermsOutput):
    id = serializers.UUIDField()
    alert_id = serializers.UUIDField()
    value = serializers.CharField(help_text="What the measure was.")
    price = serializers.CharField()
    source = serializers.CharField(help_text="SAMPLE is not a real quotation.")  # type: ignore[assignment] # a name DRF also uses
    exchange_time = serializers.DateTimeField()
    fired_at = serializers.DateTimeField()


class TriggersOutput(serializers.Serializer[Any]):
    results = TriggerOutput(many=True)
    next = serializers.CharField(allow_null=True)


def _level(measure: AlertMeasure, level: Decimal | None) -> Decimal:
    if level is None and measure in _CROSSES_ZERO:
        return Decimal(0)
    low, high = _BOUNDS[measure]
    if level is None or not low <= level <= high:
        raise serializers.ValidationError({"level": [f"From {low} to {high} for {measure}."]})
    return level


def _window(measure: AlertMeasure, window: int | None) -> int | None:
    if measure not in _WINDOWS:
        if window is not None:
            raise serializers.ValidationError({"window": [f"{measure} has no window."]})
        return None
    usual, most = _WINDOWS[measure]
    if window is not None and window > most:
        raise serializers.ValidationError({"window": [f"At most {most} for {measure}."]})
    return usual if window is None else window
