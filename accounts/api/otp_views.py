"""The endpoints of the second factor."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.otp_serializers import (
    BackupCodesOutput,
    CodeInput,
    OtpSeedOutput,
    OtpStartInput,
    OtpStateOutput,
)
from accounts.services.otp import (
    otp_backup_codes_renew,
    otp_confirm,
    otp_start,
    otp_state,
    otp_turn_off,
    otp_verify,
)
from accounts.services.pages import device_of
from tradingplatform.api.views import ApiView, http_request, owner_key, parsed, principal


class OtpView(ApiView):
    rate_class = "login"

    @extend_schema(responses=OtpStateOutput)
    def get(self, request: Request) -> Response:
        """Return whether the second factor is on."""
        return Response(OtpStateOutput(otp_state(account_db_key=owner_key(request))).data)

    @extend_schema(request=OtpStartInput, responses={201: OtpSeedOutput})
    def post(self, request: Request) -> Response:
        """Make a seed for an authenticator app; ``otp/confirm`` turns the factor on."""
        values = parsed(OtpStartInput, request.data)
        device = device_of(http_request(request))
        seed = otp_start(owner=principal(request), **values, device=device)
        return Response(OtpSeedOutput(seed).data, status=201)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Turn the second factor off; it must have been shown within ten minutes."""
        otp_turn_off(owner=principal(request), device=device_of(http_request(request)))
        return Response(status=204)


class OtpConfirmView(ApiView):
    rate_class = "login"

    @extend_schema(request=CodeInput, responses=BackupCodesOutput)
    def post(self, request: Request) -> Response:
        """Turn the second factor on with a first code; the answer holds the backup codes."""
        values = parsed(CodeInput, request.data)
        device = device_of(http_request(request))
        codes = otp_confirm(owner=principal(request), **values, device=device)
        return Response({"backup_codes": codes})


class OtpVerifyView(ApiView):
    rate_class = "login"

    @extend_schema(request=CodeInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Show the second factor, which opens for ten minutes what asks for a fresh one."""
        values = parsed(CodeInput, request.data)
        device = device_of(http_request(request))
        otp_verify(owner=principal(request), **values, device=device)
        return Response(status=204)


class BackupCodesView(ApiView):
    rate_class = "login"

    @extend_schema(request=None, responses=BackupCodesOutput)
    def post(self, request: Request) -> Response:
        """Replace the backup codes; the second factor must be fresh."""
        device = device_of(http_request(request))
        codes = otp_backup_codes_renew(owner=principal(request), device=device)
        return Response({"backup_codes": codes})
