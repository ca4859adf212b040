"""Answers to probes (public) and operators (policy.py: INTERNAL)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from rest_framework.request import Request
from rest_framework.response import Response

from tradingplatform import metrics
from tradingplatform.api.views import ApiView, http_request
from tradingplatform.errors import AuthenticationError
from tradingplatform.health import reports
from tradingplatform.health.origin import came_through_unknown_proxy

if TYPE_CHECKING:
    from tradingplatform.api.principal import Anonymous, Principal

UNWELL = 503


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; touches nothing else."""
    return _json({"status": "ok"}, is_well=True)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Say whether everything that is needed works."""
    body, is_well = reports.health()
    return _json(body, is_well=is_well)


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say whether this process should be given requests."""
    body, is_ready = reports.readiness()
    return _json(body, is_well=is_ready)


class OperatorView(ApiView):
    """A page of figures that is no part of the clients' contract."""

    schema = None

    def check_permissions(self, request: Request) -> None:
        """Let in operators and the internal network, but no visitor of an unknown proxy.

        A proxy on this machine that TRUSTED_PROXIES does not list would make the whole
        world look internal; the header it adds gives it away.
        """
        who = cast("Principal | Anonymous", request.user)
        if not who.is_operator and came_through_unknown_proxy(http_request(request)):
            raise AuthenticationError("Sign in first.")
        super().check_permissions(request)


class ServicesView(OperatorView):
    """Every service, the start, the loops and the queues."""

    def get(self, request: Request) -> Response:
        return Response(reports.services_report())


class TestView(OperatorView):
    """Try the services; 503 when one that counts fails."""

    test: ClassVar[Callable[[], tuple[dict[str, Any], bool]]]

    def get(self, request: Request) -> Response:
        body, is_well = type(self).test()
        return Response(body, status=200 if is_well else UNWELL)


class QuickTestView(TestView):
    """One ping of each service."""

    test = staticmethod(reports.quick_test)


class FullTestView(TestView):
    """One real round trip through each service."""

    test = staticmethod(reports.full_test)


class MetricsView(OperatorView):
    """All metrics for Prometheus."""

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


def _json(body: dict[str, Any], *, is_well: bool) -> HttpResponse:
    response = HttpResponse(
        orjson.dumps(body), status=200 if is_well else UNWELL, content_type="application/json"
    )
    response["Cache-Control"] = "no-store"
    return response
