"""The account endpoints."""

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors, services
from accounts.api.otp_serializers import LogInOutput, OtpLogInInput, OtpRequiredOutput
from accounts.api.serializers import (
    ActivityOutput,
    ActivityPage,
    LogInInput,
    MeOutput,
    RefreshInput,
    SignUpInput,
    TicketOutput,
    TokensOutput,
    UserOutput,
)
from accounts.errors import OtpRequiredError
from accounts.services.pages import device_of
from tradingplatform.api.pagination import CursorPages
from tradingplatform.api.views import ApiView, http_request, owner_key, parsed, principal

_PAGE = [OpenApiParameter("limit", int), OpenApiParameter("cursor")]


class PublicAccountView(ApiView):
    """For callers without an account yet: whatever token they still send is not looked at."""

    authentication_classes = ()
    rate_class = "login"


class SignUpView(PublicAccountView):
    @extend_schema(request=SignUpInput, responses={201: UserOutput})
    def post(self, request: Request) -> Response:
        """Create an account."""
        user = services.user_sign_up(**parsed(SignUpInput, request.data))
        return Response(UserOutput(user).data, status=201)


class LogInView(PublicAccountView):
    @extend_schema(request=LogInInput, responses=LogInOutput)
    def post(self, request: Request) -> Response:
        """Exchange address and password for an access and a refresh token.

        With a second factor the answer is a ticket for ``login/otp`` or ``login/passkey``.
        """
        values = parsed(LogInInput, request.data)
        try:
            logged_in = services.user_log_in(**values, device=device_of(http_request(request)))
        except OtpRequiredError as more:
            answer = {"otp_required": True, "ticket": more.ticket, "methods": more.methods}
            return Response(OtpRequiredOutput(answer).data)
        return Response(TokensOutput(logged_in.tokens).data)


class OtpLogInView(PublicAccountView):
    @extend_schema(request=OtpLogInInput, responses=TokensOutput)
    def post(self, request: Request) -> Response:
        """Exchange the ticket of a log-in and a code, or a backup code, for the tokens."""
        values = parsed(OtpLogInInput, request.data)
        logged_in = services.otp_log_in(**values, device=device_of(http_request(request)))
        return Response(TokensOutput(logged_in.tokens).data)


class TokenRefreshView(PublicAccountView):
    rate_class = "refresh"

    @extend_schema(request=RefreshInput, responses=TokensOutput)
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for the next pair; the token itself is spent."""
        tokens = services.token_refresh(**parsed(RefreshInput, request.data))
        return Response(TokensOutput(tokens).data)


class LogOutView(ApiView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End this session; its tokens and sockets stop working at once."""
        device = device_of(http_request(request))
        services.user_log_out(sid=principal(request).session_id, device=device)
        return Response(status=204)


class MeView(ApiView):
    @extend_schema(responses=MeOutput)
    def get(self, request: Request) -> Response:
        """Return the account of the caller."""
        return Response(MeOutput(selectors.user_by_key(owner_key(request))).data)


class WsTicketView(ApiView):
    @extend_schema(request=None, responses={201: TicketOutput})
    def post(self, request: Request) -> Response:
        """Return a ticket that opens one socket (``?ticket=``) within 30 seconds."""
        ticket = services.ws_ticket_issue(sid=principal(request).session_id)
        answer = {"ticket": ticket, "expires_in": settings.WS_TICKET_TTL_S}
        return Response(TicketOutput(answer).data, status=201)


class SecurityActivityView(ApiView):
    pages = CursorPages("-occurred_at", "-id")

    @extend_schema(parameters=_PAGE, responses=ActivityPage)
    def get(self, request: Request) -> Response:
        """Return what happened to the security of this account, newest first."""
        return self.pages.response(
            selectors.security_activity(owner_key(request)),
            request,
            render=lambda rows: ActivityOutput(rows, many=True).data,
        )
