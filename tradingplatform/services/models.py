"""What the embedded e-mail and SMS services keep instead of sending."""

from django.db import models

from tradingplatform.clock import now
from tradingplatform.ids import uuid7


class StoredMessage(models.Model):
    """A message that a real system would have sent; the admin shows it to operators."""

    class Channel(models.TextChoices):
        EMAIL = "EMAIL"
        SMS = "SMS"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    recipient = models.CharField(max_length=320, db_index=True)
    subject = models.CharField(max_length=255, blank=True)
    text = models.TextField()
    html = models.TextField(blank=True)
    created_at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        db_table = "stored_message"

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"


class ProviderToken(models.Model):
    """A token that a provider gave to one of its keys; sealed, and useless after its end."""

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=16)
    key_identity = models.UUIDField()
    kind = models.CharField(max_length=16)
    sealed = models.TextField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "provider_token"
        constraints = [
            models.UniqueConstraint(fields=["key_identity", "kind"], name="provider_token_key_kind")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} until {self.expires_at:%Y-%m-%d %H:%M}"
