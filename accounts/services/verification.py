"""Whose mailbox is it? Proven by a link that was sent there."""

from accounts import selectors
from accounts.enums import AuditAction, TokenPurpose
from accounts.models import User
from accounts.services.audit import audit_append
from accounts.services.mail_tokens import token_issue, token_spend
from accounts.services.sessions import sessions_read_anew
from accounts.types import Account, Device
from tradingplatform.api.throttling import rate_count, rate_enforce
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx


def verification_ask(*, owner: Account) -> None:
    """Send the link again, unless the address is confirmed; LimitExceededError if too often."""
    user = selectors.user_by_key(owner.pk)
    if user.email_verified_at is None:
        rate_enforce(rate_count(rate_class="mails", identity=f"verify:{owner.pk}"))
        global_tx(token_issue, purpose=TokenPurpose.EMAIL_VERIFY, user=user)


def email_confirm(*, token: str, device: Device) -> None:
    """Take a link as proof of the address; InvalidTokenError if it is not good (any more)."""
    global_tx(_confirm, token, device)


def address_vouch(user: User) -> None:
    """Take an address as confirmed on the word of whoever made the account, the operator."""
    mine = User.objects.using(GLOBAL_ALIAS).filter(pk=user.pk, email_verified_at__isnull=True)
    global_tx(mine.update, email_verified_at=now())


def _confirm(token: str, device: Device) -> None:
    row = token_spend(purpose=TokenPurpose.EMAIL_VERIFY, token=token)
    if row.user is None:
        return
    unproven = User.objects.using(GLOBAL_ALIAS).filter(
        pk=row.user.pk, email=row.email, email_verified_at__isnull=True
    )
    if unproven.update(email_verified_at=now()):
        sessions_read_anew(account_db_key=row.user.pk)
        audit_append(action=AuditAction.EMAIL_VERIFIED, account=row.user, device=device, actor="")
