"""Figures of instruments computed from their daily bars, and users' saved screens."""

from typing import ClassVar

from django.db import models

from tradingplatform.clock import now
from tradingplatform.db.models import ShardedManager, UserRow

SCREEN_NAME_CHARACTERS = 60


class InstrumentFeatures(models.Model):
    """What a screen filters on, as of the newest stored session; null where undefined.

    Computed by the job ``market.features_refresh`` from the bars, so it can be lost at any time.
    Past closes rather than returns: with the live price they give the return of now.
    """

    instrument = models.OneToOneField(
        "market.Instrument", models.CASCADE, primary_key=True, related_name="+"
    )
    session = models.DateField()
    source = models.CharField(max_length=64)
    computed_at = models.DateTimeField()
    close_5d = models.FloatField(null=True)
    close_1m = models.FloatField(null=True)
    close_3m = models.FloatField(null=True)
    close_6m = models.FloatField(null=True)
    close_1y = models.FloatField(null=True)
    close_ytd = models.FloatField(null=True)
    high_52w = models.FloatField(null=True)
    low_52w = models.FloatField(null=True)
    volume_20d = models.FloatField(null=True)
    volatility_60d = models.FloatField(null=True)
    sma_20 = models.FloatField(null=True)
    sma_60 = models.FloatField(null=True)
    sma_120 = models.FloatField(null=True)
    rsi_14 = models.FloatField(null=True)
    atr_14 = models.FloatField(null=True)
    macd_histogram = models.FloatField(null=True)
    macd_histogram_before = models.FloatField(null=True)

    class Meta:
        db_table = "table_instrument_features"

    def __str__(self) -> str:
        return f"#{self.pk} {self.session}"


class SavedScreen(UserRow):
    """Filters and an order that a user gave a name; checked when it was saved."""

    reads_primary = True

    name = models.CharField(max_length=SCREEN_NAME_CHARACTERS)
    definition = models.JSONField()
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)

    objects: ClassVar[ShardedManager["SavedScreen"]] = ShardedManager()

    class Meta:
        db_table = "table_saved_screens"

    def __str__(self) -> str:
        return f"#{self.pk}"
