"""Proving an address, changing a password, and getting back in without one."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.password_serializers import (
    PasswordChangeInput,
    PasswordResetConfirmInput,
    PasswordResetInput,
    TokenInput,
)
from accounts.api.views import PublicAccountView
from accounts.services.pages import device_of, page_session_keep
from accounts.services.passwords import password_change, password_reset, password_reset_ask
from accounts.services.verification import email_confirm, verification_ask
from tradingplatform.api.views import ApiView, http_request, parsed, principal


class EmailVerifyView(ApiView):
    @extend_schema(request=None, responses={202: None})
    def post(self, request: Request) -> Response:
        """Mail the link that confirms the address again; nothing is sent if it is confirmed."""
        verification_ask(owner=principal(request))
        return Response(status=202)


class EmailConfirmView(PublicAccountView):
    @extend_schema(request=TokenInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Confirm an address with what the mailed link carries; works once."""
        device = device_of(http_request(request))
        email_confirm(**parsed(TokenInput, request.data), device=device)
        return Response(status=204)


class PasswordChangeView(ApiView):
    rate_class = "login"

    @extend_schema(request=PasswordChangeInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Replace the password; every other session ends."""
        http, who = http_request(request), principal(request)
        values = parsed(PasswordChangeInput, request.data)
        user = password_change(owner=who, **values, device=device_of(http))
        if who.method == "cookie":
            page_session_keep(http, user=user)
        return Response(status=204)


class PasswordResetView(PublicAccountView):
    @extend_schema(request=PasswordResetInput, responses={202: None})
    def post(self, request: Request) -> Response:
        """Mail a link for a new password; the answer is the same for unknown addresses."""
        device = device_of(http_request(request))
        password_reset_ask(**parsed(PasswordResetInput, request.data), device=device)
        return Response(status=202)


class PasswordResetConfirmView(PublicAccountView):
    @extend_schema(request=PasswordResetConfirmInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set a new password with what the mailed link carries; every session ends."""
        device = device_of(http_request(request))
        password_reset(**parsed(PasswordResetConfirmInput, request.data), device=device)
        return Response(status=204)
