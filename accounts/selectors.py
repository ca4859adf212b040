"""Reads about users and sessions; always from the primary, because access hangs on them."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet

from accounts.agents import device_name
from accounts.enums import Colours, Currency, FactorMethod, Language
from accounts.models import (
    AccountExport,
    ApiKey,
    AuditEntry,
    BackupCode,
    FactorReset,
    InvestorProfile,
    NotificationPreferences,
    OtpFactor,
    Passkey,
    Session,
    User,
    UserApiKey,
)
from accounts.notification_rules import QuietHours, Wishes, wishes_of
from accounts.types import Display
from tradingplatform.api.client_ip import rate_identity
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.errors import NotFoundError

# What people expect who read a language.
USUAL = {
    Language.KO: (Currency.KRW, Colours.RED_UP),
    Language.EN: (Currency.USD, Colours.GREEN_UP),
}
# Every log-in asks this; making it of query sets took ten times as long as asking.
_FACTORS = f"""
    SELECT EXISTS(SELECT 1 FROM {OtpFactor._meta.db_table}
                  WHERE user_id = %s AND confirmed_at IS NOT NULL),
           EXISTS(SELECT 1 FROM {Passkey._meta.db_table} WHERE user_id = %s),
           EXISTS(SELECT 1 FROM {BackupCode._meta.db_table}
                  WHERE key_id = %s AND used_at IS NULL)
"""  # noqa: S608 - nothing but names of our own tables
_ADDRESSES_MAX = 1000
_AT_ONCE = 500


def user_by_key(account_db_key: int) -> User:
    """Return the user who owns a shard key; NotFoundError if nobody does."""
    user = User.objects.using(GLOBAL_ALIAS).filter(pk=account_db_key).first()
    if user is None:
        raise NotFoundError("There is no such user.")
    return user


def user_by_email(email: str) -> User | None:
    """Return the user with a normalised address."""
    return User.objects.using(GLOBAL_ALIAS).filter(email=email).first()


def otp_factor_get(account_db_key: int) -> OtpFactor | None:
    """Return the authenticator app of a user, confirmed or not."""
    return OtpFactor.objects.using(GLOBAL_ALIAS).filter(pk=account_db_key).first()


def factor_methods(account_db_key: int) -> list[FactorMethod]:
    """Return what a user can show as a second factor, in one query; nothing: there is none.

    This is the one place that says what a second factor is: a confirmed authenticator app or
    a passkey. Backup codes stand in for either and are none by themselves.
    """
    with connections[GLOBAL_ALIAS].cursor() as cursor:
        cursor.execute(_FACTORS, [account_db_key, account_db_key, account_db_key])
        has = cursor.fetchone()
    if not any(has[:2]):
        return []
    return [method for method, is_there in zip(FactorMethod, has, strict=True) if is_there]


def has_second_factor(account_db_key: int) -> bool:
    """Whether a user must show a second factor to log in."""
    return bool(factor_methods(account_db_key))


def open_factor_resets(account_db_key: int) -> QuerySet[FactorReset]:
    """Return the removal of a user's second factor that waits, if there is one."""
    resets = FactorReset.objects.using(GLOBAL_ALIAS).filter(user_id=account_db_key)
    return resets.filter(canceled_at__isnull=True, done_at__isnull=True)


def passkeys_get(account_db_key: int) -> list[Passkey]:
    """Return the passkeys of a user, the oldest first."""
    passkeys = Passkey.objects.using(GLOBAL_ALIAS).filter(user_id=account_db_key)
    return list(passkeys.order_by("created_at", "pk"))


def passkey_get(*, account_db_key: int, passkey_id: UUID) -> Passkey:
    """Return one passkey of a user; NotFoundError otherwise."""
    passkeys = Passkey.objects.using(GLOBAL_ALIAS).filter(user_id=account_db_key)
    passkey = passkeys.filter(pk=passkey_id).first()
    if passkey is None:
        raise NotFoundError("There is no such passkey.")
    return passkey


def is_new_device(*, account_db_key: int, ip: str, user_agent: str) -> bool:
    """Whether a user who has logged in before comes from a new address or by a new program."""
    sessions = Session.objects.using(GLOBAL_ALIAS).filter(user_id=account_db_key)
    programs = sessions.filter(ip=ip).values_list("user_agent", flat=True).distinct()
    # By name: browsers change their version every few weeks.
    if device_name(user_agent) in {device_name(program) for program in programs}:
        return False
    return sessions.exists()


def session_with_user(sid: UUID) -> Session | None:
    """Return a session with its user, in one query."""
    return Session.objects.using(GLOBAL_ALIAS).select_related("user").filter(sid=sid).first()


def api_keys_get(account_db_key: int) -> list[ApiKey]:
    """Return the keys of a user that were not revoked, the newest first."""
    keys = ApiKey.objects.using(GLOBAL_ALIAS).filter(user_id=account_db_key)
    return list(keys.filter(revoked_at__isnull=True).order_by("-created_at", "-pk"))


def api_key_with_user(secret_hash: str) -> ApiKey | None:
    """Return the key whose secret this is the hash of, with its user, in one query."""
    keys = ApiKey.objects.using(GLOBAL_ALIAS).select_related("user")
    return keys.filter(secret_hash=secret_hash).first()


def api_key_is_live(key_id: UUID) -> bool:
    """Whether a key still lets its owner's programs in."""
    keys = ApiKey.objects.using(GLOBAL_ALIAS).filter(pk=key_id, user__is_active=True)
    return keys.filter(revoked_at__isnull=True, expires_at__gt=now()).exists()


def holders_live(ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these sessions and API keys still let somebody in, by few queries."""
    live = {"user__is_active": True, "revoked_at__isnull": True, "expires_at__gt": now()}
    found: set[UUID] = set()
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        sessions = Session.objects.using(GLOBAL_ALIAS).filter(sid__in=some, **live)
        keys = ApiKey.objects.using(GLOBAL_ALIAS).filter(pk__in=some, **live)
        found.update(sessions.values_list("sid", flat=True), keys.values_list("pk", flat=True))
    return found


def broker_keys_get(account_db_key: int) -> list[UserApiKey]:
    """Return what a user has with brokers and providers, without the secrets."""
    keys = UserApiKey.objects.using(GLOBAL_ALIAS).filter(user_id=account_db_key)
    return list(keys.defer("sealed").order_by("provider", "environment"))


def broker_key_get(*, account_db_key: int, key_id: UUID) -> UserApiKey:
    """Return one of a user's broker keys with its user; NotFoundError otherwise."""
    keys = UserApiKey.objects.using(GLOBAL_ALIAS).select_related("user")
    key = keys.filter(pk=key_id, user_id=account_db_key).first()
    if key is None:
        raise NotFoundError("There is no such key.")
    return key


def live_sessions(account_db_key: int) -> QuerySet[Session]:
    """Return where a user is logged in right now."""
    sessions = Session.objects.using(GLOBAL_ALIAS).filter(user_id=account_db_key)
    return sessions.filter(revoked_at__isnull=True, expires_at__gt=now())


def is_known_address(*, account_db_key: int, ip: str) -> bool:
    """Whether this user has ever logged in from an address, or from the same IPv6 site."""
    sessions = Session.objects.using(GLOBAL_ALIAS).filter(user_id=account_db_key)
    if ":" not in ip:
        return bool(ip) and sessions.filter(ip=ip).exists()
    # A phone changes the lower half of its address every day.
    seen = sessions.filter(ip__contains=":").values_list("ip", flat=True).distinct()
    return rate_identity(ip) in {rate_identity(known) for known in seen[:_ADDRESSES_MAX]}


def security_activity(account_db_key: int) -> QuerySet[AuditEntry]:
    """Return what happened to the security of an account."""
    return AuditEntry.objects.using(GLOBAL_ALIAS).filter(account_db_key=account_db_key)


def live_exports(account_db_key: int) -> QuerySet[AccountExport]:
    """Return the copies of a user's data that are not due to be deleted."""
    exports = AccountExport.objects.using(GLOBAL_ALIAS).filter(user_id=account_db_key)
    return exports.filter(expires_at__gt=now())


def display_of(user: User) -> Display:
    """Return how a user sees the pages; what was never chosen is as usual in the language."""
    currency, colours = USUAL[Language(user.language)]
    return Display(
        language=user.language,
        currency=user.currency or currency.value,
        theme=user.theme,
        colours=user.colours or colours.value,
        blur_amounts=user.blur_amounts,
    )


def investor_profiles(account_db_key: int) -> QuerySet[InvestorProfile]:
    """Return all that a user has ever said as an investor."""
    return InvestorProfile.objects.using(GLOBAL_ALIAS).filter(user_id=account_db_key)


def investor_profile_newest(account_db_key: int) -> InvestorProfile | None:
    """Return the profile that counts."""
    return investor_profiles(account_db_key).order_by("-created_at", "-id").first()


def notification_wishes(account_db_key: int) -> Wishes:
    """Return what a user wants to be told about, the usual where nothing was chosen."""
    rows = NotificationPreferences.objects.using(GLOBAL_ALIAS).filter(pk=account_db_key)
    row = rows.first()
    if row is None:
        return Wishes(choices=wishes_of({}), quiet_hours=None)
    quiet = None
    if row.quiet_from is not None and row.quiet_until is not None:
        quiet = QuietHours(row.quiet_from, row.quiet_until, row.time_zone)
    return Wishes(choices=wishes_of(row.choices), quiet_hours=quiet)
