"""The second factor: the seed of an app, backup codes, and where it was shown."""

from django.conf import settings
from django.db import models

from accounts.rules import REASON_MAX
from tradingplatform.clock import now
from tradingplatform.ids import uuid7


class OtpFactor(models.Model):
    """A user's authenticator app; it counts once a first code has confirmed it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="otp_factor",
    )
    sealed = models.TextField()
    last_used_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=now)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_otp_factors"

    def __str__(self) -> str:
        return f"second factor of #{self.user_id}"


class BackupKey(models.Model):
    """The key under which a user's backup codes are hashed, itself kept only sealed."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="backup_key",
    )
    sealed = models.TextField()

    class Meta:
        db_table = "table_backup_keys"

    def __str__(self) -> str:
        return f"backup codes of #{self.user_id}"


class BackupCode(models.Model):
    """A code for the day the phone is lost; good once, kept only as a keyed hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.ForeignKey(BackupKey, on_delete=models.CASCADE, related_name="codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_backup_codes"
        constraints = [
            models.UniqueConstraint(fields=["key", "code_hash"], name="backup_code_once")
        ]

    def __str__(self) -> str:
        return f"backup code of #{self.key_id}"


class LogInTicket(models.Model):
    """Says that a password was right; with a code it becomes a log-in, once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="log_in_tickets"
    )
    ticket_hash = models.CharField(max_length=64, unique=True)
    # Of the password that was shown: another password ends the ticket.
    password_mark = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_log_in_tickets"

    def __str__(self) -> str:
        return f"log-in ticket of #{self.user_id}"


class FactorReset(models.Model):
    """An operator's help for somebody who lost every second factor; takes effect later."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="factor_resets"
    )
    operator_uid = models.UUIDField()
    reason = models.CharField(max_length=REASON_MAX)
    asked_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField(db_index=True)
    canceled_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_factor_resets"

    def __str__(self) -> str:
        return f"reset of #{self.user_id} due {self.due_at}"


class SessionFactor(models.Model):
    """When the second factor was last shown within a session."""

    session = models.OneToOneField(
        "accounts.Session", on_delete=models.CASCADE, primary_key=True, related_name="factor"
    )
    verified_at = models.DateTimeField()

    class Meta:
        db_table = "table_session_factors"

    def __str__(self) -> str:
        return f"{self.session_id} at {self.verified_at}"
