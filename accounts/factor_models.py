"""The second factor: its seed, its backup codes, and where it was shown."""

from django.conf import settings
from django.db import models

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


class BackupCode(models.Model):
    """A code for the day the phone is lost; good once, kept only as a keyed hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    factor = models.ForeignKey(OtpFactor, on_delete=models.CASCADE, related_name="codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_backup_codes"
        constraints = [
            models.UniqueConstraint(fields=["factor", "code_hash"], name="backup_code_once")
        ]

    def __str__(self) -> str:
        return f"backup code of #{self.factor_id}"


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
