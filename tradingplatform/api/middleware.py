"""The outermost layer of every HTTP answer: request id, sequence, limits, metrics, policy.

Synchronous, for the WSGI stack only; sockets never pass here.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string
from rest_framework.views import APIView
from structlog.contextvars import bound_contextvars

from tradingplatform.api import metrics
from tradingplatform.api.client_ip import client_ip
from tradingplatform.api.context import context_of
from tradingplatform.api.errors import is_api, page_or_json
from tradingplatform.api.policy import Access, access_for, is_urgent, permits
from tradingplatform.api.principal import ANONYMOUS, Anonymous, Principal
from tradingplatform.api.refusals import refusal_note
from tradingplatform.api.throttling import URGENT, request_admit, request_release
from tradingplatform.clock import monotonic
from tradingplatform.errors import PermissionDeniedError, TradingPlatformError

_READS = frozenset({"GET", "HEAD"})


class RequestMiddleware:
    """Give each request an id that is logged and returned; count and time the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = monotonic()
        context = context_of(request)
        try:
            with bound_contextvars(request_id=context.request_id):
                response = self._get_response(request)
        finally:
            request_release(request)
        response["X-Request-ID"] = context.request_id
        response["X-Sequence"] = str(context.sequence or 0)
        if context.rate is not None:
            response["RateLimit-Limit"] = str(context.rate.limit)
            response["RateLimit-Remaining"] = str(max(0, context.rate.remaining))
            response["RateLimit-Reset"] = str(context.rate.reset_s)
        metrics.observe(
            method=request.method,
            view=_view_name(request),
            status=response.status_code,
            seconds=monotonic() - started,
        )
        return response


class PolicyMiddleware:
    """Hold pages and other plain views to the policy table too; API views ask it themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        view_class = getattr(view, "cls", None)
        if isinstance(view_class, type) and issubclass(view_class, APIView):
            return None
        access = access_for(_view_name(request), request.method or "")
        who = ANONYMOUS if access is Access.PUBLIC else _page_principal(request)
        refusal = _refuse_flood(request, who, access)
        if refusal is not None or permits(access, who, address=client_ip(request)):
            return refusal
        if not who.is_authenticated and access is not None and not is_api(request):
            return redirect_to_login(request.get_full_path())
        refusal_note(request, who)
        return page_or_json(request, PermissionDeniedError("You may not do this."))


def _refuse_flood(
    request: HttpRequest, who: Principal | Anonymous, access: Access | None
) -> HttpResponse | None:
    """Limit pages as the API is limited; probes are for machines that must always get in."""
    name = _view_name(request)
    if access is Access.INTERNAL or name.startswith("health"):
        return None
    try:
        request_admit(request, who, rate_class=_rate_class(name, request.method or "", access))
    except TradingPlatformError as refusal:
        return page_or_json(request, refusal)
    return None


def _rate_class(name: str, method: str, access: Access | None) -> str:
    if method in _READS:
        return "read"
    if access is Access.OPERATOR or is_urgent(name, method):
        return URGENT
    # What strangers post logs in or signs up, and costs a password hash. A user's form may
    # move money, and is shut without a limiter as that is.
    return "login" if access is Access.PUBLIC else "money"


def _page_principal(request: HttpRequest) -> Principal | Anonymous:
    authenticate: Callable[[HttpRequest], Principal | None] = import_string(
        settings.PAGE_AUTHENTICATOR
    )
    return authenticate(request) or ANONYMOUS


def _view_name(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.view_name if match else "none"
