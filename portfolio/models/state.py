"""The kill switch."""

from django.db import models

from portfolio.enums import TradingMode
from tradingplatform.clock import now


class TradingState(models.Model):
    """Whether orders may go out at all; the newest row counts, no row means ACTIVE.

    Rows are only added, so the table is also the history of who stopped trading and why.
    """

    mode = models.CharField(max_length=16, choices=TradingMode.choices)
    reason = models.CharField(max_length=200)
    changed_by = models.CharField(max_length=150)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "trading_state"

    def __str__(self) -> str:
        return f"{self.mode} since {self.changed_at:%Y-%m-%d %H:%M:%S}"
