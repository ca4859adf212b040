"""Asking again for the second factor before what would hurt most."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings

from accounts.errors import FreshFactorRequiredError
from accounts.models import OtpFactor, SessionFactor
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS


def fresh_factor_required(principal: Principal) -> None:
    """Refuse unless this session showed the second factor within settings.FRESH_FACTOR_S.

    Users without a second factor pass. FreshFactorRequiredError otherwise.
    """
    factors = OtpFactor.objects.using(GLOBAL_ALIAS).filter(
        pk=principal.account_db_key, confirmed_at__isnull=False
    )
    shown = SessionFactor.objects.using(GLOBAL_ALIAS).filter(
        pk=principal.session_id,
        verified_at__gt=now() - timedelta(seconds=settings.FRESH_FACTOR_S),
    )
    if factors.exists() and not shown.exists():
        raise FreshFactorRequiredError(
            "Show your second factor first: POST /api/account/otp/verify.",
            max_age_s=settings.FRESH_FACTOR_S,
        )


def factor_note(sid: UUID) -> None:
    """Note that a session has just shown the second factor; call inside a transaction."""
    SessionFactor(session_id=sid, verified_at=now()).save(using=GLOBAL_ALIAS)
