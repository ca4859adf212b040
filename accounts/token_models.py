"""Links that are sent by mail; see services.mail_tokens."""

from django.conf import settings
from django.db import models

from accounts.enums import TokenPurpose
from accounts.rules import EMAIL_MAX
from tradingplatform.clock import now
from tradingplatform.ids import uuid7


class MailToken(models.Model):
    """One link that was, or is to be, sent to somebody; it works once.

    A row without a user was asked for by an address that has no account: it makes asking
    cost the same, and nothing is ever sent for it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purpose = models.CharField(max_length=16, choices=TokenPurpose.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="mail_tokens"
    )
    email = models.CharField(max_length=EMAIL_MAX, blank=True)
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(db_index=True)
    sent_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_mail_tokens"

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"
