"""Passkeys (WebAuthn credentials), and the challenges that they answer."""

from django.conf import settings
from django.db import models

from accounts.enums import PasskeyPurpose
from accounts.rules import KEY_NAME_MAX
from tradingplatform.clock import now
from tradingplatform.ids import uuid7


class Passkey(models.Model):
    """The public half of a credential that a device, or a vendor's cloud, holds for a user."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkeys"
    )
    name = models.CharField(max_length=KEY_NAME_MAX)
    credential_id = models.BinaryField()
    # Ids may have 1023 bytes, which is more than an index takes.
    credential_hash = models.CharField(max_length=64, unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    transports = models.JSONField(default=list)
    aaguid = models.UUIDField()
    is_syncable = models.BooleanField(default=False)
    is_synced = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_passkeys"

    def __str__(self) -> str:
        return f"{self.name} of #{self.user_id}"


class PasskeyChallenge(models.Model):
    """What a device has to sign: for one purpose, one session or log-in, once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purpose = models.CharField(max_length=8, choices=PasskeyPurpose.choices)
    challenge = models.CharField(max_length=64)
    session = models.ForeignKey(
        "accounts.Session", on_delete=models.CASCADE, null=True, related_name="challenges"
    )
    ticket = models.ForeignKey(
        "accounts.LogInTicket", on_delete=models.CASCADE, null=True, related_name="challenges"
    )
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_passkey_challenges"

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"
