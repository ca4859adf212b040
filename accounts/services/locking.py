"""What an operator does with an account that must not be used for now."""

from functools import partial

from accounts import selectors
from accounts.enums import AuditAction
from accounts.models import User
from accounts.services.audit import audit_append
from accounts.services.sessions import end_announce, sessions_end
from accounts.types import Account, Device
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import after_commit, global_tx
from tradingplatform.errors import ConflictError


def account_lock(*, account: Account, operator: Account, device: Device) -> None:
    """Let nobody use an account: its sessions, sockets and keys end at once.

    Raises ConflictError for one that is locked or closed, and for one's own.
    """
    if account.pk == operator.pk:
        raise ConflictError("Nobody locks the account that he works with.")
    global_tx(_lock, account, operator, device)


def account_unlock(*, account: Account, operator: Account, device: Device) -> None:
    """Let an account be used again; ConflictError unless it is locked."""
    global_tx(_unlock, account, operator, device)


def _lock(account: Account, operator: Account, device: Device) -> None:
    open_accounts = User.objects.using(GLOBAL_ALIAS).filter(pk=account.pk, is_active=True)
    if not open_accounts.update(is_active=False):
        raise ConflictError("The account is locked or closed.")
    _note(AuditAction.ACCOUNT_LOCKED, account, operator, device)
    sessions_end(owner=account, device=device)
    # Keys are not revoked, they are refused while the account is locked.
    for key in selectors.api_keys_get(account.pk):
        after_commit(None, partial(end_announce, key.pk))


def _unlock(account: Account, operator: Account, device: Device) -> None:
    locked = User.objects.using(GLOBAL_ALIAS).filter(
        pk=account.pk, is_active=False, closed_at__isnull=True
    )
    if not locked.update(is_active=True):
        raise ConflictError("The account is not locked.")
    _note(AuditAction.ACCOUNT_UNLOCKED, account, operator, device)


def _note(action: AuditAction, account: Account, operator: Account, device: Device) -> None:
    audit_append(action=action, account=account, device=device, actor=str(operator.uid))
