"""Asking again for the second factor before what would hurt most."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings

from accounts.enums import AuditAction
from accounts.errors import FreshFactorRequiredError
from accounts.models import SessionFactor
from accounts.selectors import has_second_factor, open_factor_resets
from accounts.services.audit import audit_append
from accounts.types import Account, Device
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS


def fresh_factor_required(principal: Principal) -> None:
    """Refuse unless this session showed the second factor within settings.FRESH_FACTOR_S.

    Users without a second factor pass. FreshFactorRequiredError otherwise.
    """
    shown = SessionFactor.objects.using(GLOBAL_ALIAS).filter(
        pk=principal.session_id,
        verified_at__gt=now() - timedelta(seconds=settings.FRESH_FACTOR_S),
    )
    if has_second_factor(principal.account_db_key) and not shown.exists():
        raise FreshFactorRequiredError(
            "Show your second factor first: POST /api/account/otp/verify or …/passkeys/verify.",
            max_age_s=settings.FRESH_FACTOR_S,
        )


def factor_note(sid: UUID, *, owner: Account, device: Device) -> None:
    """Note that a session has just shown the second factor; call inside a transaction.

    So it is not lost: if an operator was asked to remove it, that is off.
    """
    SessionFactor(session_id=sid, verified_at=now()).save(using=GLOBAL_ALIAS)
    if open_factor_resets(owner.pk).update(canceled_at=now()):
        audit_append(
            action=AuditAction.FACTOR_RESET_CANCELED, account=owner, device=device, session_id=sid
        )
