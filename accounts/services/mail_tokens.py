"""Links sent by mail: signed, used once, gone after a while.

The database holds no secret of a link: it is the id of its row, signed with SECRET_KEY, so
nobody can make one from a dump.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing

from accounts.enums import TokenPurpose
from accounts.errors import InvalidTokenError
from accounts.models import MailToken, User
from accounts.services.queue import start_soon
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import after_commit

_LENGTH_MAX = 200
_KEEP = timedelta(days=1)
_AT_ONCE = 100


def token_issue(*, purpose: TokenPurpose, user: User | None) -> MailToken:
    """Write a link and have it sent after the commit; call inside a transaction."""
    moment = now()
    row = MailToken.objects.using(GLOBAL_ALIAS).create(
        purpose=purpose,
        user=user,
        email=user.email if user else "",
        created_at=moment,
        expires_at=moment + timedelta(seconds=settings.MAIL_TOKEN_TTL_S[purpose.value]),
    )
    after_commit(None, lambda: start_soon("accounts.mail_send", token_id=str(row.pk)))
    return row


def token_text(row: MailToken) -> str:
    """Return what stands in the link."""
    return _signer(TokenPurpose(row.purpose)).sign(row.pk.hex)


def token_spend(*, purpose: TokenPurpose, token: str) -> MailToken:
    """Use a link up and return its row with its user; InvalidTokenError otherwise.

    Call inside the transaction of what the link allows: if that fails, the link still works.
    """
    row_id = _row_id(purpose, token)
    moment = now()
    rows = MailToken.objects.using(GLOBAL_ALIAS)
    # One conditional update: of any number of rivals exactly one changes the row.
    mine = rows.filter(pk=row_id, purpose=purpose, used_at__isnull=True, expires_at__gt=moment)
    if not mine.update(used_at=moment):
        raise InvalidTokenError("The link is not valid any more.")
    row = rows.select_related("user").get(pk=row_id)
    if row.user is None or not row.user.is_active or row.user.email != row.email:
        raise InvalidTokenError("The link is not valid any more.")
    return row


def tokens_void(*, user_id: int) -> None:
    """Let no link for a new password work any more.

    Those that only shut doors stay good: who is warned of the removal of a second factor may
    change the password first and stop the removal then.
    """
    rows = MailToken.objects.using(GLOBAL_ALIAS).filter(
        user_id=user_id, purpose=TokenPurpose.PASSWORD_RESET, used_at__isnull=True
    )
    rows.update(used_at=now())


def tokens_prune() -> int:
    """Delete links that ran out a day ago; return how many."""
    rows = MailToken.objects.using(GLOBAL_ALIAS).filter(expires_at__lt=now() - _KEEP)
    ids = list(rows.order_by("expires_at").values_list("pk", flat=True)[: _AT_ONCE * 10])
    MailToken.objects.using(GLOBAL_ALIAS).filter(pk__in=ids).delete()
    return len(ids)


def tokens_unsent() -> list[UUID]:
    """Return links that should have been sent a minute ago: their job was lost."""
    moment = now()
    rows = MailToken.objects.using(GLOBAL_ALIAS).filter(
        user__isnull=False,
        sent_at__isnull=True,
        used_at__isnull=True,
        expires_at__gt=moment,
        created_at__lt=moment - timedelta(minutes=1),
    )
    return list(rows.order_by("expires_at").values_list("pk", flat=True)[:_AT_ONCE])


def _row_id(purpose: TokenPurpose, token: str) -> UUID:
    if len(token) > _LENGTH_MAX or not token.isascii():
        raise InvalidTokenError("The link is not valid.")
    try:
        return UUID(_signer(purpose).unsign(token))
    except (signing.BadSignature, ValueError) as exc:
        raise InvalidTokenError("The link is not valid.") from exc


def _signer(purpose: TokenPurpose) -> signing.Signer:
    return signing.Signer(salt=f"accounts.mail-token.{purpose.value}")
