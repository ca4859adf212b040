"""The keys of an account: those that let programs in, and those that it has with others."""

from django.conf import settings
from django.db import models

from accounts.enums import KeyEnvironment, KeyProvider
from accounts.rules import KEY_NAME_MAX
from tradingplatform.clock import now
from tradingplatform.ids import uuid7


class ApiKey(models.Model):
    """A key with which a program acts for a user; the secret is kept only as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(max_length=KEY_NAME_MAX)
    prefix = models.CharField(max_length=16)
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    allowed_ips = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    last_used_ip = models.CharField(max_length=45, blank=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_api_keys"
        indexes = [models.Index(fields=["user", "created_at"], name="api_key_user_created")]

    def __str__(self) -> str:
        return f"{self.prefix} of #{self.user_id}"


class UserApiKey(models.Model):
    """What a user has with a broker or a data provider; the secrets are sealed together."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="broker_keys"
    )
    provider = models.CharField(max_length=16, choices=KeyProvider.choices)
    environment = models.CharField(max_length=8, choices=KeyEnvironment.choices)
    masked = models.JSONField(default=dict)
    sealed = models.TextField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "table_user_api_keys"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "provider", "environment"], name="broker_key_one_each"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.environment} of #{self.user_id}"
