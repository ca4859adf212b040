"""Choices that a user has, and what the audit log calls what happened."""

from enum import StrEnum

from django.db.models import TextChoices


class Language(TextChoices):
    KO = "ko"
    EN = "en"


class Theme(TextChoices):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class AuditAction(StrEnum):
    """What an entry of the audit log says; a name is never given a second meaning."""

    API_KEY_MADE = "API_KEY_MADE"
    API_KEY_REFUSED = "API_KEY_REFUSED"
    API_KEY_REVOKED = "API_KEY_REVOKED"
    API_KEY_USED = "API_KEY_USED"  # for the first time, or from another address than before
    BROKER_KEY_DELETED = "BROKER_KEY_DELETED"
    BROKER_KEY_STORED = "BROKER_KEY_STORED"
    LOGGED_IN = "LOGGED_IN"
    LOGGED_OUT = "LOGGED_OUT"
    LOG_IN_REFUSED = "LOG_IN_REFUSED"
    REFRESH_TOKEN_REUSED = "REFRESH_TOKEN_REUSED"  # noqa: S105 - the name of an event
    SESSION_ENDED = "SESSION_ENDED"
    SESSIONS_ENDED = "SESSIONS_ENDED"
    SIGNED_UP = "SIGNED_UP"
    STAFF_VIEWED = "STAFF_VIEWED"
    TRADING_STATE_SET = "TRADING_STATE_SET"


class KeyProvider(TextChoices):
    """Whose keys a user can leave with us."""

    KIS = "KIS", "Korea Investment & Securities"
    FMP = "FMP", "Financial Modeling Prep"
    OPENAI = "OPENAI", "OpenAI"


class KeyEnvironment(TextChoices):
    LIVE = "LIVE"
    PAPER = "PAPER"
