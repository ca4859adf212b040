"""The alert endpoints."""

from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from market import services
from market.alert_selectors import alert_get, alerts_get, triggers_get
from market.alerts import alert_payload, alerts_payload, triggers_payload
from market.api.alert_serializers import (
    AlertInput,
    AlertOutput,
    AlertsOutput,
    AlertsQuery,
    TriggersOutput,
)
from market.api.watch_views import IDEMPOTENCY_KEY
from tradingplatform.api.idempotency import idempotent
from tradingplatform.api.pagination import CursorPages
from tradingplatform.api.views import ApiView, owner_key, parsed

_PAGE = [OpenApiParameter("limit", int), OpenApiParameter("cursor")]


class AlertsView(ApiView):
    @extend_schema(parameters=[AlertsQuery, *_PAGE], responses=AlertsOutput)
    def get(self, request: Request) -> Response:
        """List your alerts, newest first."""
        status = parsed(AlertsQuery, request.query_params).get("status")
        rows = alerts_get(account_db_key=owner_key(request), statuses=[status] if status else ())
        return CursorPages("-id").response(rows, request, render=alerts_payload)

    @extend_schema(parameters=[IDEMPOTENCY_KEY], request=AlertInput, responses={201: AlertOutput})
    def post(self, request: Request) -> Response:
        """Set an alert on a price, the day's change or an indicator."""

        def work(wanted: dict[str, Any]) -> Response:
            alert = services.alert_set(account_db_key=owner_key(request), **wanted)
            return Response(alert_payload(alert), status=201)

        read = partial(parsed, AlertInput, request.data)
        return idempotent(request, route="market.alert_set", prepare=read, work=work)


class AlertView(ApiView):
    @extend_schema(responses=AlertOutput)
    def get(self, request: Request, alert_id: UUID) -> Response:
        """Return one alert."""
        alert = alert_get(account_db_key=owner_key(request), alert_id=alert_id)
        return Response(alert_payload(alert))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, alert_id: UUID) -> Response:
        """Cancel an active alert; it stays in the list as canceled."""
        services.alert_cancel(account_db_key=owner_key(request), alert_id=alert_id)
        return Response(status=204)


class TriggersView(ApiView):
    @extend_schema(parameters=_PAGE, responses=TriggersOutput)
    def get(self, request: Request) -> Response:
        """List when your alerts fired, newest first; kept for 180 days after their end."""
        rows = triggers_get(account_db_key=owner_key(request))
        return CursorPages("-id").response(rows, request, render=triggers_payload)
