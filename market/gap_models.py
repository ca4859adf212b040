"""Bars that are missing, and what came of asking for them."""

from typing import Self

from django.db import models

from market.enums import GapState, StoredInterval
from market.fields import EpochSecondsField
from tradingplatform.clock import now


class BarGapQuerySet(models.QuerySet["BarGap"]):
    def due(self) -> Self:
        """Gaps that may be asked for now, those that waited longest first."""
        waiting = self.filter(state=GapState.OPEN, try_at__lte=now())
        return waiting.order_by("try_at", "pk")


class BarGap(models.Model):
    """A range ``[starts_at, ends_at)`` in which an instrument lacks bars of one interval.

    The range of daily bars spans their dates at 00:00 UTC. ``EMPTY`` means that the source was
    asked and has nothing there (a halt, a day before the listing): nobody asks again.
    """

    instrument = models.ForeignKey("market.Instrument", models.CASCADE, related_name="+")
    interval = models.CharField(max_length=2, choices=StoredInterval.choices)
    starts_at = EpochSecondsField()
    ends_at = EpochSecondsField()
    state = models.CharField(max_length=8, choices=GapState.choices, default=GapState.OPEN)
    attempts = models.PositiveSmallIntegerField(default=0)
    found_at = models.DateTimeField(default=now)
    try_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True)
    bars_filled = models.PositiveIntegerField(default=0)
    source = models.CharField(max_length=8, blank=True)
    fault = models.CharField(max_length=200, blank=True)

    objects = models.Manager.from_queryset(BarGapQuerySet)()

    class Meta:
        db_table = "table_bar_gaps"
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "interval", "starts_at"], name="bar_gap_once"
            )
        ]
        indexes = [models.Index(fields=["state", "try_at"], name="bar_gap_due")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.interval} of #{self.instrument_id} {self.state}"
