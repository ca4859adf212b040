"""Choices that a user has, and what the audit log calls what happened."""

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Language(TextChoices):
    KO = "ko"
    EN = "en"


class Theme(TextChoices):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Colours(TextChoices):
    """Which colour rising prices wear."""

    RED_UP = "red-up"
    GREEN_UP = "green-up"


class Currency(TextChoices):
    """The currency that a user thinks in."""

    KRW = "KRW"
    USD = "USD"


class RiskClass(TextChoices):
    """How much risk an investor can bear and wants, in the five steps of Korean practice."""

    STABLE = "STABLE", _("Stable")
    STABILITY_SEEKING = "STABILITY_SEEKING", _("Stability-seeking")
    NEUTRAL = "NEUTRAL", _("Risk-neutral")
    GROWTH_SEEKING = "GROWTH_SEEKING", _("Growth-seeking")
    AGGRESSIVE = "AGGRESSIVE", _("Aggressive")


class NotificationKind(TextChoices):
    """What a user can be told about."""

    SECURITY = "SECURITY"
    ORDERS = "ORDERS"
    PRICE_ALERTS = "PRICE_ALERTS"
    SIGNALS = "SIGNALS"
    PORTFOLIO = "PORTFOLIO"
    NEWS = "NEWS"
    PRODUCT = "PRODUCT"


class NotificationChannel(TextChoices):
    IN_APP = "IN_APP"
    EMAIL = "EMAIL"
    SMS = "SMS"


class ExportStatus(TextChoices):
    """How far the copy of a user's data is."""

    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"


class FactorMethod(TextChoices):
    """What a user can show as a second factor."""

    TOTP = "totp"
    PASSKEY = "passkey"
    BACKUP_CODE = "backup_code"


class PasskeyPurpose(TextChoices):
    """What a passkey is shown, or made, for."""

    REGISTER = "REGISTER"
    LOG_IN = "LOG_IN"
    STEP_UP = "STEP_UP"


class TokenPurpose(TextChoices):
    """What a mailed link is for."""

    FACTOR_KEEP = "FACTOR_KEEP"

    EMAIL_VERIFY = "EMAIL_VERIFY"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105


class AuditAction(StrEnum):
    """What an entry of the audit log says; a name is never given a second meaning."""

    ACCESS_REFUSED = "ACCESS_REFUSED"
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED"
    ACCOUNT_LOCKED = "ACCOUNT_LOCKED"
    ACCOUNT_UNLOCKED = "ACCOUNT_UNLOCKED"
    API_KEY_MADE = "API_KEY_MADE"
    API_KEY_REFUSED = "API_KEY_REFUSED"
    API_KEY_REVOKED = "API_KEY_REVOKED"
    API_KEY_USED = "API_KEY_USED"  # for the first time, or from another address than before
    BACKUP_CODES_MADE = "BACKUP_CODES_MADE"
    BACKUP_CODE_USED = "BACKUP_CODE_USED"
    BROKER_KEY_DELETED = "BROKER_KEY_DELETED"
    BROKER_KEY_STORED = "BROKER_KEY_STORED"
    BROKER_KEY_TESTED = "BROKER_KEY_TESTED"
    EMAIL_VERIFIED = "EMAIL_VERIFIED"
    EXPORT_ASKED = "EXPORT_ASKED"
    EXPORT_FETCHED = "EXPORT_FETCHED"
    FACTOR_RESET_ASKED = "FACTOR_RESET_ASKED"
    FACTOR_RESET_CANCELED = "FACTOR_RESET_CANCELED"
    FACTOR_RESET_DONE = "FACTOR_RESET_DONE"
    LOGGED_IN = "LOGGED_IN"
    LOGGED_OUT = "LOGGED_OUT"
    LOG_IN_REFUSED = "LOG_IN_REFUSED"
    OTP_OFF = "OTP_OFF"
    OTP_ON = "OTP_ON"
    OTP_REFUSED = "OTP_REFUSED"
    OTP_SHOWN = "OTP_SHOWN"
    PASSKEY_ADDED = "PASSKEY_ADDED"
    PASSKEY_CLONED = "PASSKEY_CLONED"  # its counter ran backwards: there are two of it
    PASSKEY_REFUSED = "PASSKEY_REFUSED"
    PASSKEY_REMOVED = "PASSKEY_REMOVED"
    PASSKEY_SHOWN = "PASSKEY_SHOWN"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - names of events, as below
    PASSWORD_REFUSED = "PASSWORD_REFUSED"  # noqa: S105
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105
    PASSWORD_RESET_ASKED = "PASSWORD_RESET_ASKED"  # noqa: S105
    REFERENCE_DATA_CHANGED = "REFERENCE_DATA_CHANGED"
    REFRESH_TOKEN_REUSED = "REFRESH_TOKEN_REUSED"  # noqa: S105
    SESSION_ENDED = "SESSION_ENDED"
    SESSIONS_ENDED = "SESSIONS_ENDED"
    SIGNED_UP = "SIGNED_UP"
    STAFF_VIEWED = "STAFF_VIEWED"
    TRADING_STATE_SET = "TRADING_STATE_SET"


# What operators do to an account: where they sit is nobody else's business.
STAFF_ACTIONS = frozenset(
    {
        AuditAction.ACCOUNT_LOCKED,
        AuditAction.ACCOUNT_UNLOCKED,
        AuditAction.FACTOR_RESET_ASKED,
        AuditAction.STAFF_VIEWED,
    }
)


class KeyProvider(TextChoices):
    """Whose keys a user can leave with us."""

    KIS = "KIS", "Korea Investment & Securities"
    FMP = "FMP", "Financial Modeling Prep"
    OPENAI = "OPENAI", "OpenAI"


class KeyEnvironment(TextChoices):
    LIVE = "LIVE"
    PAPER = "PAPER"
