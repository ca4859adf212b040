"""What this app holds about a user (settings.EXPORTERS)."""

from typing import Any

from django.db.models import QuerySet

from accounts.enums import STAFF_ACTIONS
from accounts.models import (
    ApiKey,
    AuditEntry,
    InvestorProfile,
    NotificationPreferences,
    OtpFactor,
    Passkey,
    Session,
    User,
    UserApiKey,
)
from tradingplatform.db.shards import GLOBAL_ALIAS

Rows = list[dict[str, Any]]


def account_rows(account_db_key: int) -> dict[str, Rows]:
    """Return the account, where it was logged in, its keys without secrets, and its activity."""
    owned = {"user_id": account_db_key}
    users = User.objects.using(GLOBAL_ALIAS).filter(pk=account_db_key)
    entries = AuditEntry.objects.using(GLOBAL_ALIAS).filter(account_db_key=account_db_key)
    return {
        "account": _rows(
            users,
            "uid email nickname language currency theme colours blur_amounts display_chosen_at"
            " joined_at email_verified_at last_login",
        ),
        "investor_profiles": _rows(
            InvestorProfile.objects.using(GLOBAL_ALIAS).filter(**owned),
            "created_at version answers score scored_class risk_class capped_by monthly_budget"
            " budget_currency",
        ),
        "notification_preferences": _rows(
            NotificationPreferences.objects.using(GLOBAL_ALIAS).filter(**owned),
            "choices quiet_from quiet_until time_zone changed_at",
        ),
        "sessions": _rows(
            Session.objects.using(GLOBAL_ALIAS).filter(**owned),
            "sid created_at last_seen_at expires_at revoked_at ip user_agent",
        ),
        "api_keys": _rows(
            ApiKey.objects.using(GLOBAL_ALIAS).filter(**owned),
            "id name prefix scopes allowed_ips created_at expires_at last_used_at last_used_ip"
            " revoked_at",
        ),
        "broker_keys": _rows(
            UserApiKey.objects.using(GLOBAL_ALIAS).filter(**owned),
            "id provider environment masked created_at",
        ),
        "second_factor": _rows(
            OtpFactor.objects.using(GLOBAL_ALIAS).filter(**owned), "created_at confirmed_at"
        ),
        "passkeys": _rows(
            Passkey.objects.using(GLOBAL_ALIAS).filter(**owned),
            "id name aaguid transports is_syncable is_synced created_at last_used_at",
        ),
        # Where operators sit is nobody else's business.
        "security_activity": [
            *_rows(
                entries.exclude(action__in=STAFF_ACTIONS).order_by("seq"),
                "occurred_at action session_id ip user_agent details",
            ),
            *_rows(
                entries.filter(action__in=STAFF_ACTIONS).order_by("seq"),
                "occurred_at action details",
            ),
        ],
    }


def _rows(rows: QuerySet[Any], names: str) -> Rows:
    return list(rows.values(*names.split()))
