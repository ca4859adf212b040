"""Closing an account: what the law needs stays (ledger, audit log), the rest is forgotten."""

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils.module_loading import import_string

from accounts.enums import AuditAction
from accounts.models import (
    FactorReset,
    InvestorProfile,
    MailToken,
    NotificationPreferences,
    SecurityAlert,
    Session,
    User,
    UserApiKey,
)
from accounts.services.api_keys import api_keys_end
from accounts.services.audit import audit_append
from accounts.services.exports import exports_forget
from accounts.services.factors import factors_forget
from accounts.services.passwords import password_confirm
from accounts.services.queue import start_soon
from accounts.services.sessions import sessions_end
from accounts.services.step_up import fresh_factor_required
from accounts.types import Device
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import after_commit, global_tx
from tradingplatform.errors import ConflictError
from tradingplatform.services.stored import stored_messages

NICKNAME_CLOSED = "closed account"
_AT_ONCE = 100


def account_close(*, owner: Principal, password: str, device: Device) -> None:
    """Close an account for good.

    Raises FreshFactorRequiredError, PasswordWrongError, LimitExceededError.

    At once nobody gets in any more, by password, session or key, and name and address are
    gone, so that the address can be used anew. A job forgets the rest.
    """
    fresh_factor_required(owner)
    user = password_confirm(owner=owner, password=password, device=device)
    global_tx(_close, user, make_password(None), device)


def account_forget(*, account_db_key: int) -> None:
    """Forget what is left of a closed account; a second run does no harm."""
    closed = User.objects.using(GLOBAL_ALIAS).filter(pk=account_db_key, closed_at__isnull=False)
    if not closed.filter(forgotten_at__isnull=True).exists():
        return
    exports_forget(account_db_key=account_db_key)
    for path in settings.ACCOUNT_CLOSERS:
        import_string(path)(account_db_key)
    closed.update(forgotten_at=now())


def accounts_forget() -> int:
    """Start the job of every closed account that is not forgotten yet; return how many."""
    users = User.objects.using(GLOBAL_ALIAS).filter(
        closed_at__isnull=False, forgotten_at__isnull=True
    )
    keys = list(users.order_by("closed_at").values_list("pk", flat=True)[:_AT_ONCE])
    for account_db_key in keys:
        start_soon("accounts.account_forget", account_db_key=account_db_key)
    return len(keys)


def _close(user: User, unusable: str, device: Device) -> None:
    moment = now()
    same = User.objects.using(GLOBAL_ALIAS).filter(
        pk=user.pk, password=user.password, is_active=True
    )
    closed = same.update(
        is_active=False,
        is_staff=False,
        is_superuser=False,
        email=f"{user.uid}@closed.invalid",
        nickname=NICKNAME_CLOSED,
        password=unusable,
        email_verified_at=None,
        closed_at=moment,
    )
    if not closed:
        raise ConflictError("The account was changed meanwhile.")
    MailToken.objects.using(GLOBAL_ALIAS).filter(user_id=user.pk).delete()
    FactorReset.objects.using(GLOBAL_ALIAS).filter(user_id=user.pk).delete()
    sent = SecurityAlert.objects.using(GLOBAL_ALIAS).filter(user_id=user.pk, sent_at__isnull=False)
    sent.delete()
    factors_forget(user.pk)
    UserApiKey.objects.using(GLOBAL_ALIAS).filter(user_id=user.pk).delete()
    InvestorProfile.objects.using(GLOBAL_ALIAS).filter(user_id=user.pk).delete()
    NotificationPreferences.objects.using(GLOBAL_ALIAS).filter(user_id=user.pk).delete()
    api_keys_end(owner=user)
    sessions_end(owner=user, device=device)
    Session.objects.using(GLOBAL_ALIAS).filter(user_id=user.pk).update(ip="", user_agent="")
    stored_messages().filter(recipient=user.email).delete()
    audit_append(action=AuditAction.ACCOUNT_CLOSED, account=user, device=device)
    after_commit(None, lambda: start_soon("accounts.account_forget", account_db_key=user.pk))
