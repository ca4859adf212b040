"""Security alerts: which entries of the audit log their owner is mailed about, and how.

An alert is written in the transaction of the entry, so neither exists without the other. Of
one kind there is at most one in an hour of the clock: who is attacked is not to be flooded.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.agents import device_name
from accounts.enums import STAFF_ACTIONS, AuditAction, Language
from accounts.models import AuditEntry, SecurityAlert, User
from accounts.services.queue import start_soon
from accounts.types import Account
from tradingplatform.clock import KST, now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import after_commit
from tradingplatform.errors import UpstreamError
from tradingplatform.services import services

logger = logging.getLogger(__name__)

_LOST = timedelta(minutes=1)
_KEEP = timedelta(days=1)
_AT_ONCE = 100

# What happened, as the subject says it; values in it come from the details of the entry.
ALERTS: Mapping[AuditAction, Promise] = {
    AuditAction.ACCOUNT_CLOSED: gettext_lazy("Your account was closed"),
    AuditAction.API_KEY_MADE: gettext_lazy("An API key was made for your account"),
    AuditAction.BACKUP_CODE_USED: gettext_lazy(
        "A backup code was used; %(codes_left)d of them are left"
    ),
    AuditAction.BACKUP_CODES_MADE: gettext_lazy("Your backup codes were replaced"),
    AuditAction.BROKER_KEY_DELETED: gettext_lazy("A broker or provider key was deleted"),
    AuditAction.BROKER_KEY_STORED: gettext_lazy("A key of %(provider)s was stored"),
    AuditAction.FACTOR_RESET_CANCELED: gettext_lazy("Your second factor stays as it is"),
    AuditAction.FACTOR_RESET_DONE: gettext_lazy("Your second factor was removed by an operator"),
    AuditAction.LOGGED_IN: gettext_lazy("Your account was logged in to from a new device"),
    AuditAction.OTP_OFF: gettext_lazy("The authenticator app of your account was turned off"),
    AuditAction.OTP_ON: gettext_lazy("An authenticator app was turned on for your account"),
    AuditAction.PASSKEY_ADDED: gettext_lazy("A passkey was added to your account"),
    AuditAction.PASSKEY_CLONED: gettext_lazy("A copy of one of your passkeys was refused"),
    AuditAction.PASSKEY_REMOVED: gettext_lazy("A passkey was removed from your account"),
    AuditAction.PASSWORD_CHANGED: gettext_lazy("Your password was changed"),
    AuditAction.PASSWORD_RESET: gettext_lazy("Your password was changed by a mailed link"),
    AuditAction.REFRESH_TOKEN_REUSED: gettext_lazy(
        "A session was ended, because its token was used twice"
    ),
}


def alert_note(entry: AuditEntry, account: Account | None, details: Mapping[str, object]) -> None:
    """Write the alert about an entry, if there is one; call inside the entry's transaction."""
    action = AuditAction(entry.action)
    if account is None or action not in ALERTS:
        return
    if action is AuditAction.LOGGED_IN and not details.get("is_new_device"):
        return
    row = SecurityAlert(
        user_id=account.pk,
        action=action.value,
        hour=entry.occurred_at.replace(minute=0, second=0, microsecond=0),
        entry_id=entry.pk,
        email=_address(account),
        created_at=entry.occurred_at,
    )
    # The unique constraint decides among rivals; who loses finds no row to be sent.
    SecurityAlert.objects.using(GLOBAL_ALIAS).bulk_create([row], ignore_conflicts=True)
    after_commit(None, lambda: start_soon("accounts.alert_send", alert_id=str(row.pk)))


def alert_send(*, alert_id: UUID) -> bool:
    """Send an alert unless that is done; return whether it was sent."""
    rows = SecurityAlert.objects.using(GLOBAL_ALIAS).filter(pk=alert_id)
    row = rows.select_related("user").filter(sent_at__isnull=True).first()
    if row is None:
        return False
    entry = AuditEntry.objects.using(GLOBAL_ALIAS).get(pk=row.entry_id)
    with translation.override(row.user.language):
        subject, text = _written(entry, language=row.user.language)
    services.email.send(row.email, subject, text)
    if row.user.closed_at:
        # Nothing may remember the address of a closed account.
        rows.delete()
    else:
        rows.update(sent_at=now())
    return True


def alerts_resume() -> int:
    """Send what was forgotten; return how many mails that was."""
    moment = now()
    rows = SecurityAlert.objects.using(GLOBAL_ALIAS).filter(
        sent_at__isnull=True, created_at__lt=moment - _LOST, created_at__gt=moment - _KEEP
    )
    sent = 0
    for alert_id in list(rows.order_by("created_at").values_list("pk", flat=True)[:_AT_ONCE]):
        try:
            sent += alert_send(alert_id=alert_id)
        except UpstreamError:
            # The next run tries again, for a day.
            logger.warning("An alert could not be sent", extra={"message_id": str(alert_id)})
    return sent


def alerts_prune() -> int:
    """Delete alerts that are a day old; return how many."""
    rows = SecurityAlert.objects.using(GLOBAL_ALIAS)
    old = rows.filter(created_at__lt=now() - _KEEP).order_by("created_at")
    ids = list(old.values_list("pk", flat=True)[: _AT_ONCE * 10])
    return rows.filter(pk__in=ids).delete()[0]


def _address(account: Account) -> str:
    # A user row is taken as it was read: closing has replaced the stored address by now.
    if isinstance(account, User):
        return account.email
    users = User.objects.using(GLOBAL_ALIAS).filter(pk=account.pk)
    return users.values_list("email", flat=True).get()


def _written(entry: AuditEntry, *, language: str) -> tuple[str, str]:
    subject = str(ALERTS[AuditAction(entry.action)]) % orjson.loads(entry.details)
    lines = [
        _("Hello,"),
        "",
        f"{subject}.",
        "",
        _("When: %(moment)s") % {"moment": _moment(entry.occurred_at, language)},
    ]
    if entry.ip and entry.action not in STAFF_ACTIONS:
        program = device_name(entry.user_agent) or _("an unknown program")
        lines.append(_("From: %(ip)s, %(program)s") % {"ip": entry.ip, "program": program})
    return subject, "\n".join([*lines, "", _advice(entry), ""])


def _moment(moment: datetime, language: str) -> str:
    local = moment.astimezone(KST) if language == Language.KO else moment
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def _advice(entry: AuditEntry) -> str:
    if entry.action == AuditAction.ACCOUNT_CLOSED:
        return _("If this was not you, answer the operator of the platform at once.")
    return _(
        "If this was you, there is nothing to do. If it was not you: choose a new password at"
        " %(link)s, which also ends every session, look through your keys and your security"
        " activity, and tell the operator of the platform.\n\nOf each kind you get at most one"
        " mail an hour; your security activity lists everything."
    ) % {"link": f"{settings.PUBLIC_URL}/reset-password"}
