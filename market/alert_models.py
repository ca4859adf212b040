"""What users want to be told of, and when they were; on the user's shard."""

from typing import ClassVar, Self

from django.db import models

from market.enums import AlertDirection, AlertMeasure, AlertStatus
from market.watch_models import NOTE_CHARACTERS
from tradingplatform.clock import now
from tradingplatform.db.fields import PriceField
from tradingplatform.db.models import ShardedManager, ShardedQuerySet, UserRow


class PriceAlertQuerySet(ShardedQuerySet["PriceAlert"]):
    def active(self) -> Self:
        """Alerts that can still fire."""
        return self.filter(status=AlertStatus.ACTIVE)


class PriceAlert(UserRow):
    """Tell the user when a measure of an instrument goes above or below a level.

    ``generation`` counts how often the alert was made ready to fire; together with the id it
    names one firing for ever. While ``is_armed`` is false the measure must first go back past
    the level. ``version`` rises with every change, so that the feed knows the newer row.
    """

    reads_primary = True

    symbol = models.CharField(max_length=16)
    measure = models.CharField(max_length=12, choices=AlertMeasure.choices)
    direction = models.CharField(max_length=5, choices=AlertDirection.choices)
    level = PriceField()
    interval = models.CharField(max_length=2, blank=True)
    window = models.PositiveSmallIntegerField(null=True)
    repeats = models.BooleanField(default=False)
    cooldown_s = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=NOTE_CHARACTERS, blank=True)
    status = models.CharField(
        max_length=10, choices=AlertStatus.choices, default=AlertStatus.ACTIVE
    )
    is_armed = models.BooleanField(default=True)
    generation = models.PositiveIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(null=True)
    fired_at = models.DateTimeField(null=True)

    objects = models.Manager.from_queryset(PriceAlertQuerySet)()

    class Meta:
        db_table = "table_price_alerts"
        indexes = [
            models.Index(fields=["account_db_key", "status"], name="alert_owner_status"),
            models.Index(fields=["updated_at"], name="alert_updated"),
            models.Index(fields=["status", "expires_at"], name="alert_expiry"),
            models.Index(fields=["symbol", "status"], name="alert_symbol"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"


class AlertTrigger(UserRow):
    """One firing of an alert: what the measure was, at which price, told by whom."""

    reads_primary = True

    alert = models.ForeignKey(PriceAlert, models.CASCADE, related_name="triggers")
    generation = models.PositiveIntegerField()
    value = PriceField()
    price = PriceField()
    source = models.CharField(max_length=16)
    exchange_time = models.DateTimeField()
    fired_at = models.DateTimeField()

    objects: ClassVar[ShardedManager["AlertTrigger"]] = ShardedManager()

    class Meta:
        db_table = "table_alert_triggers"
        constraints = [
            models.UniqueConstraint(fields=["alert", "generation"], name="alert_fires_once")
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
