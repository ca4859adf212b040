"""Where an account is logged in, and ending that."""

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors, services
from accounts.api.session_serializers import (
    SessionOutput,
    SessionsEnded,
    SessionsEndQuery,
    SessionsPage,
)
from accounts.services.pages import device_of
from tradingplatform.api.pagination import CursorPages
from tradingplatform.api.views import ApiView, http_request, owner_key, parsed, principal

_PAGE = [OpenApiParameter("limit", int), OpenApiParameter("cursor")]


class SessionsView(ApiView):
    pages = CursorPages("-created_at", "-sid")

    @extend_schema(parameters=_PAGE, responses=SessionsPage)
    def get(self, request: Request) -> Response:
        """List where this account is logged in, newest log-in first."""
        context = {"current": principal(request).session_id}
        return self.pages.response(
            selectors.live_sessions(owner_key(request)),
            request,
            render=lambda rows: SessionOutput(rows, many=True, context=context).data,
        )

    @extend_schema(parameters=[SessionsEndQuery], responses={200: SessionsEnded})
    def delete(self, request: Request) -> Response:
        """Log out everywhere, or with ``keep_current=true`` everywhere else."""
        who = principal(request)
        keep = parsed(SessionsEndQuery, request.query_params)["keep_current"]
        ended = services.sessions_end(
            owner=who,
            keep=who.session_id if keep else None,
            device=device_of(http_request(request)),
        )
        return Response(SessionsEnded({"ended": ended}).data)


class SessionView(ApiView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, session_id: UUID) -> Response:
        """End one session; its tokens and sockets stop working at once."""
        device = device_of(http_request(request))
        services.session_end(owner=principal(request), sid=session_id, device=device)
        return Response(status=204)
