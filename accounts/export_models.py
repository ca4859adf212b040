"""Copies of everything that is held about a user; see services.exports."""

from django.conf import settings
from django.db import models

from accounts.enums import ExportStatus
from tradingplatform.clock import now
from tradingplatform.ids import uuid7


class AccountExport(models.Model):
    """One copy that a user asked for; ``file`` names it in the file store until it expires."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exports"
    )
    status = models.CharField(
        max_length=8, choices=ExportStatus.choices, default=ExportStatus.PENDING
    )
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(db_index=True)
    file = models.CharField(max_length=200, blank=True)
    size_bytes = models.BigIntegerField(default=0)

    class Meta:
        db_table = "table_account_exports"
        indexes = [models.Index(fields=["status", "created_at"], name="export_open")]

    def __str__(self) -> str:
        return f"{self.id} {self.status}"
