"""Taking one's data along, and closing an account."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors
from accounts.api.life_serializers import (
    AccountCloseInput,
    ExportOutput,
    ExportQuery,
    ExportsPage,
)
from accounts.api.password_serializers import IdentityInput
from accounts.api.views import PublicAccountView
from accounts.services.closing import account_close
from accounts.services.exports import export_ask, export_open
from accounts.services.pages import device_of
from tradingplatform.api.pagination import CursorPages
from tradingplatform.api.views import ApiView, http_request, owner_key, parsed, principal

_PAGE = [OpenApiParameter("limit", int), OpenApiParameter("cursor")]


class ExportView(ApiView):
    rate_class = "login"
    pages = CursorPages("-created_at", "-id")

    @extend_schema(parameters=_PAGE, responses=ExportsPage)
    def get(self, request: Request) -> Response:
        """List the copies that were asked for and are not deleted yet, newest first."""
        return self.pages.response(
            selectors.live_exports(owner_key(request)),
            request,
            render=lambda rows: ExportOutput(rows, many=True).data,
        )

    @extend_schema(request=IdentityInput, responses={202: ExportOutput})
    def post(self, request: Request) -> Response:
        """Have a copy made of everything that is held about this account."""
        values = parsed(IdentityInput, request.data)
        device = device_of(http_request(request))
        export = export_ask(owner=principal(request), **values, device=device)
        return Response(ExportOutput(export).data, status=202)


class ExportDownloadView(PublicAccountView):
    read_rate_class = "login"

    @extend_schema(
        parameters=[ExportQuery], responses={(200, "application/zip"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request) -> HttpResponse:
        """Return a ZIP of JSON and CSV; the link itself is the permission."""
        token = parsed(ExportQuery, request.query_params)["token"]
        content = export_open(token=token, device=device_of(http_request(request)))
        answer = HttpResponse(content, content_type="application/zip")
        answer["Content-Disposition"] = 'attachment; filename="my-data.zip"'
        return answer


class AccountCloseView(ApiView):
    rate_class = "login"

    @extend_schema(request=AccountCloseInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Close the account for good: nobody gets in, name and address are forgotten."""
        device = device_of(http_request(request))
        values = parsed(AccountCloseInput, request.data)
        account_close(owner=principal(request), **values, device=device)
        return Response(status=204)
