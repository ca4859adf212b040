"""Refused calls in the audit log (settings.REFUSAL_RECORDER)."""

from django.http import HttpRequest

from accounts.enums import AuditAction
from accounts.services.audit import audit_append
from accounts.services.pages import device_of
from tradingplatform.api.principal import Principal
from tradingplatform.api.throttling import rate_count


def refusal_record(*, request: HttpRequest, who: Principal) -> None:
    """Note what somebody was refused; at most 20 a minute: a log can be flooded too."""
    window = rate_count(rate_class="refusals", identity=str(who.uid))
    if window is not None and window.remaining < 0:
        return
    match = request.resolver_match
    audit_append(
        action=AuditAction.ACCESS_REFUSED,
        account=who,
        device=device_of(request),
        session_id=who.session_id,
        route=match.view_name if match else "",
        method=request.method or "",
    )
