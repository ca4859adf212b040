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

    LOGGED_IN = "LOGGED_IN"
    LOGGED_OUT = "LOGGED_OUT"
    LOG_IN_REFUSED = "LOG_IN_REFUSED"
    REFRESH_TOKEN_REUSED = "REFRESH_TOKEN_REUSED"  # noqa: S105 - the name of an event
    SESSION_ENDED = "SESSION_ENDED"
    SESSIONS_ENDED = "SESSIONS_ENDED"
    SIGNED_UP = "SIGNED_UP"
    STAFF_VIEWED = "STAFF_VIEWED"
    TRADING_STATE_SET = "TRADING_STATE_SET"
