"""The end of every second factor: by an operator's help for a lost one, or with the account."""

from datetime import timedelta

from django.conf import settings

from accounts.enums import AuditAction, TokenPurpose
from accounts.errors import FactorResetPendingError, OtpNotOnError
from accounts.locks import user_for_update
from accounts.models import BackupKey, FactorReset, LogInTicket, OtpFactor, Passkey
from accounts.rules import clean_reason
from accounts.selectors import has_second_factor, open_factor_resets
from accounts.services.audit import audit_append
from accounts.services.mail_tokens import token_issue, token_spend
from accounts.services.sessions import sessions_end
from accounts.services.step_up import fresh_factor_required
from accounts.types import Account, Device
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import NotFoundError, PermissionDeniedError

_AT_ONCE = 100


def factors_forget(account_db_key: int) -> None:
    """Delete every second factor of a user, with backup codes; call inside a transaction."""
    owned = {"user_id": account_db_key}
    OtpFactor.objects.using(GLOBAL_ALIAS).filter(**owned).delete()
    Passkey.objects.using(GLOBAL_ALIAS).filter(**owned).delete()
    BackupKey.objects.using(GLOBAL_ALIAS).filter(**owned).delete()
    LogInTicket.objects.using(GLOBAL_ALIAS).filter(**owned).delete()


def factor_reset_ask(
    *, operator: Principal, account: Account, reason: str, device: Device
) -> FactorReset:
    """Have every second factor of a user removed after settings.FACTOR_RESET_WAIT_S.

    The user is mailed a link that stops it, and showing the factor anywhere stops it too.
    Raises PermissionDeniedError, FreshFactorRequiredError, OtpNotOnError when there is none,
    FactorResetPendingError, NotFoundError for a closed account, and ValidationError for a
    reason that is none.
    """
    if not operator.is_operator:
        raise PermissionDeniedError("Operators only.")
    if not has_second_factor(operator.pk):
        raise PermissionDeniedError("Set up a second factor of your own first.")
    fresh_factor_required(operator)
    row = FactorReset(user_id=account.pk, operator_uid=operator.uid, reason=clean_reason(reason))
    return global_tx(_ask, row, operator, device)


def factor_reset_cancel(*, token: str, device: Device) -> None:
    """Stop a removal by the mailed link; InvalidTokenError if it is not good (any more)."""
    global_tx(_cancel_by_link, token, device)


def factor_resets_run() -> int:
    """Remove the factors whose time has come; return of how many users."""
    due = FactorReset.objects.using(GLOBAL_ALIAS).filter(
        canceled_at__isnull=True, done_at__isnull=True, due_at__lte=now()
    )
    rows = list(due.order_by("due_at")[:_AT_ONCE])
    return sum(global_tx(_run, row) for row in rows)


def _ask(row: FactorReset, operator: Principal, device: Device) -> FactorReset:
    user = user_for_update(row.user_id)
    if user is None or not user.is_active:
        raise NotFoundError("There is no such account.")
    if not has_second_factor(user.pk):
        raise OtpNotOnError("There is no second factor.")
    pending = open_factor_resets(user.pk).first()
    if pending is not None:
        raise FactorResetPendingError(
            "The second factor is to be removed already.", due_at=pending.due_at.isoformat()
        )
    row.asked_at = now()
    row.due_at = row.asked_at + timedelta(seconds=settings.FACTOR_RESET_WAIT_S)
    row.save(using=GLOBAL_ALIAS, force_insert=True)
    token_issue(purpose=TokenPurpose.FACTOR_KEEP, user=user)
    audit_append(
        action=AuditAction.FACTOR_RESET_ASKED,
        account=user,
        device=device,
        actor=str(operator.uid),
        due_at=row.due_at,
        reason=row.reason,
    )
    return row


def _cancel_by_link(token: str, device: Device) -> None:
    user = token_spend(purpose=TokenPurpose.FACTOR_KEEP, token=token).user
    if user is None:
        return
    if open_factor_resets(user.pk).update(canceled_at=now()):
        audit_append(
            action=AuditAction.FACTOR_RESET_CANCELED, account=user, device=device, actor=""
        )


def _run(row: FactorReset) -> bool:
    user = user_for_update(row.user_id)
    # Only if nobody has stopped it meanwhile.
    if user is None or not open_factor_resets(user.pk).filter(pk=row.pk).update(done_at=now()):
        return False
    factors_forget(user.pk)
    sessions_end(owner=user)
    audit_append(action=AuditAction.FACTOR_RESET_DONE, account=user, actor=str(row.operator_uid))
    return True
