"""Mails that tell a user what happened to the security of the account; see services.alerts."""

from django.conf import settings
from django.db import models

from accounts.rules import EMAIL_MAX
from tradingplatform.clock import now
from tradingplatform.ids import uuid7


class SecurityAlert(models.Model):
    """One mail about an entry of the audit log; at most one of a kind in an hour."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="security_alerts"
    )
    action = models.CharField(max_length=64)
    hour = models.DateTimeField()
    # No foreign key: nothing hangs on the audit log, which is never deleted.
    entry_id = models.UUIDField()
    # Kept here, because closing an account takes the address from the user.
    email = models.CharField(max_length=EMAIL_MAX)
    created_at = models.DateTimeField(default=now, db_index=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_security_alerts"
        constraints = [
            models.UniqueConstraint(fields=["user", "action", "hour"], name="alert_one_an_hour")
        ]

    def __str__(self) -> str:
        return f"{self.action} for #{self.user_id}"
