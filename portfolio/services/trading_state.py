"""The kill switch: read before every send, set by operators."""

import structlog
from django.db import DatabaseError

from accounts.enums import AuditAction
from accounts.services.audit import audit_append
from portfolio.enums import TradingMode
from portfolio.models import TradingState
from tradingplatform.clock import now

log = structlog.get_logger(__name__)


def trading_mode() -> TradingMode:
    """Return whether orders may go out; HALTED when that cannot be found out."""
    try:
        mode = TradingState.objects.order_by("-pk").values_list("mode", flat=True).first()
    except DatabaseError:
        log.exception("trading_state_unreadable")
        return TradingMode.HALTED
    if mode is None:
        return TradingMode.ACTIVE
    return TradingMode(mode) if mode in TradingMode.values else TradingMode.HALTED


def trading_state_set(*, mode: TradingMode, reason: str, changed_by: str) -> TradingState:
    """Stop or allow trading from now on; the row stays as a record."""
    state = TradingState(mode=mode, reason=reason, changed_by=changed_by, changed_at=now())
    state.save(force_insert=True)
    # After the stop has taken effect: nothing about the log may delay it.
    audit_append(
        action=AuditAction.TRADING_STATE_SET,
        account=None,
        actor=f"operator:{changed_by}"[:80],
        mode=mode.value,
        reason=reason,
    )
    log.warning("trading_state_set", mode=mode.value, reason=reason, changed_by=changed_by)
    return state
