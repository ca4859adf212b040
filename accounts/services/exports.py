"""A copy of everything that is held about a user: built by a job, fetched by a signed link."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing

from accounts.enums import AuditAction, ExportStatus
from accounts.errors import InvalidTokenError
from accounts.locks import user_for_update
from accounts.models import AccountExport
from accounts.services.archives import archive_build
from accounts.services.audit import audit_append
from accounts.services.passwords import identity_confirm
from accounts.services.queue import start_soon
from accounts.types import Account, Device
from tradingplatform.api.principal import Principal
from tradingplatform.api.throttling import rate_count, rate_enforce
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import after_commit, global_tx
from tradingplatform.services import services

_TOKEN_MAX = 200
_GIVE_UP = timedelta(hours=1)
_LOST = timedelta(minutes=2)
_AT_ONCE = 100
_signer = signing.TimestampSigner(salt="accounts.export")


def export_ask(*, owner: Principal, password: str = "", device: Device) -> AccountExport:
    """Have a copy made; while one is being made it is that one.

    Raises what ``identity_confirm`` does, and LimitExceededError if it is asked too often.
    """
    identity_confirm(owner=owner, password=password, device=device)
    rate_enforce(rate_count(rate_class="exports", identity=str(owner.uid)))
    return global_tx(_ask, owner, device)


def export_token(export: AccountExport) -> str:
    """Return what lets its bearer fetch the copy for settings.EXPORT_LINK_TTL_S."""
    return _signer.sign(export.pk.hex)


def export_open(*, token: str, device: Device) -> bytes:
    """Return the copy that a link names; InvalidTokenError if the link is not good (any more)."""
    row = (
        AccountExport.objects.using(GLOBAL_ALIAS)
        .select_related("user")
        .filter(
            pk=_export_id(token),
            status=ExportStatus.READY,
            expires_at__gt=now(),
            user__is_active=True,
        )
        .first()
    )
    if row is None:
        raise InvalidTokenError("The link is not valid any more.")
    content = services.storage.open(row.file)
    audit_append(action=AuditAction.EXPORT_FETCHED, account=row.user, device=device, actor="")
    return content


def export_build(*, export_id: UUID) -> bool:
    """Make a copy that was asked for; return whether there was one to be made."""
    rows = AccountExport.objects.using(GLOBAL_ALIAS)
    row = rows.filter(pk=export_id, status=ExportStatus.PENDING, user__is_active=True).first()
    if row is None:
        return False
    content = archive_build(row.user_id)
    name = services.storage.save(f"exports/{row.pk}.zip", content)
    waiting = rows.filter(pk=export_id, status=ExportStatus.PENDING)
    if not waiting.update(status=ExportStatus.READY, file=name, size_bytes=len(content)):
        # A rival was faster, or the account was closed: nobody would ever delete this one.
        services.storage.delete(name)
        return False
    return True


def exports_tend() -> None:
    """Build what got lost, give up what never works, and delete what has expired."""
    moment = now()
    rows = AccountExport.objects.using(GLOBAL_ALIAS)
    open_rows = rows.filter(status=ExportStatus.PENDING)
    open_rows.filter(created_at__lt=moment - _GIVE_UP).update(status=ExportStatus.FAILED)
    for pk in open_rows.filter(created_at__lt=moment - _LOST).values_list("pk", flat=True)[
        :_AT_ONCE
    ]:
        start_soon("accounts.export_build", export_id=str(pk))
    for row in rows.filter(expires_at__lt=moment)[:_AT_ONCE]:
        export_delete(row)


def exports_forget(*, account_db_key: int) -> None:
    """Delete every copy of a user."""
    for row in AccountExport.objects.using(GLOBAL_ALIAS).filter(user_id=account_db_key):
        export_delete(row)


def export_delete(row: AccountExport) -> None:
    """Delete a copy, the file first: without its row nobody would find it."""
    if row.file:
        services.storage.delete(row.file)
    row.delete(using=GLOBAL_ALIAS)


def _ask(owner: Account, device: Device) -> AccountExport:
    user_for_update(owner.pk)
    rows = AccountExport.objects.using(GLOBAL_ALIAS)
    pending = rows.filter(user_id=owner.pk, status=ExportStatus.PENDING).first()
    if pending is not None:
        return pending
    moment = now()
    row = rows.create(
        user_id=owner.pk,
        created_at=moment,
        expires_at=moment + timedelta(seconds=settings.EXPORT_KEEP_S),
    )
    audit_append(action=AuditAction.EXPORT_ASKED, account=owner, device=device)
    after_commit(None, lambda: start_soon("accounts.export_build", export_id=str(row.pk)))
    return row


def _export_id(token: str) -> UUID:
    if len(token) > _TOKEN_MAX or not token.isascii():
        raise InvalidTokenError("The link is not valid.")
    try:
        return UUID(_signer.unsign(token, max_age=settings.EXPORT_LINK_TTL_S))
    except (signing.BadSignature, ValueError) as exc:
        raise InvalidTokenError("The link is not valid any more.") from exc
