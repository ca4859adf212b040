"""Who has an account, and where they are logged in."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

from accounts.alert_models import SecurityAlert
from accounts.audit_models import AuditEntry, AuditHead
from accounts.enums import Colours, Currency, Language, Theme
from accounts.export_models import AccountExport
from accounts.factor_models import (
    BackupCode,
    BackupKey,
    FactorReset,
    LogInTicket,
    OtpFactor,
    SessionFactor,
)
from accounts.key_models import ApiKey, UserApiKey
from accounts.passkey_models import Passkey, PasskeyChallenge
from accounts.profile_models import InvestorProfile, NotificationPreferences
from accounts.rules import NICKNAME_MAX, normalise_email
from accounts.token_models import MailToken
from tradingplatform.clock import now
from tradingplatform.ids import uuid7

__all__ = [
    "AccountExport",
    "ApiKey",
    "AuditEntry",
    "AuditHead",
    "BackupCode",
    "BackupKey",
    "FactorReset",
    "InvestorProfile",
    "LogInTicket",
    "MailToken",
    "NotificationPreferences",
    "OtpFactor",
    "Passkey",
    "PasskeyChallenge",
    "RefreshFamily",
    "RefreshToken",
    "SecurityAlert",
    "Session",
    "SessionFactor",
    "User",
    "UserApiKey",
    "UserManager",
]


class UserManager(BaseUserManager["User"]):
    """Finds users the way Django's authentication asks for them."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalise_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account; ``uid`` is the public name, ``account_db_key`` the shard key."""

    account_db_key = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(unique=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True, max_length=254)
    nickname = models.CharField(max_length=NICKNAME_MAX)
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.KO)
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    # Empty: what is usual in the language.
    currency = models.CharField(max_length=3, choices=Currency.choices, blank=True)
    colours = models.CharField(max_length=8, choices=Colours.choices, blank=True)
    blur_amounts = models.BooleanField(default=False)
    display_chosen_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=now)
    email_verified_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True, db_index=True)
    forgotten_at = models.DateTimeField(null=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["nickname"]

    class Meta:
        db_table = "table_users"

    def __str__(self) -> str:
        return f"#{self.pk} {self.nickname}"


class Session(models.Model):
    """One log-in; nothing works under it once it is revoked or has run out."""

    sid = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField(default=now)
    last_seen_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)
    ip = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)

    class Meta:
        db_table = "table_sessions"
        indexes = [models.Index(fields=["user", "ip"], name="session_user_ip")]

    def __str__(self) -> str:
        return f"{self.sid} of #{self.user_id}"


class RefreshFamily(models.Model):
    """All refresh tokens that descend from one log-in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="family")
    created_at = models.DateTimeField(default=now)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_refresh_families"
        verbose_name_plural = "refresh families"

    def __str__(self) -> str:
        return str(self.id)


class RefreshToken(models.Model):
    """One opaque token, kept only as a hash; it may be used once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    family = models.ForeignKey(RefreshFamily, on_delete=models.CASCADE, related_name="tokens")
    generation = models.PositiveIntegerField()
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=now)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_refresh_tokens"
        constraints = [
            # A family has one line of descent: two successors of one token cannot both exist.
            models.UniqueConstraint(fields=["family", "generation"], name="refresh_one_successor")
        ]

    def __str__(self) -> str:
        return f"{self.family_id} #{self.generation}"
