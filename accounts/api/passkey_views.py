"""The endpoints of passkeys."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors, services
from accounts.api.passkey_serializers import (
    NewPasskeyOutput,
    PasskeyInput,
    PasskeyLogInInput,
    PasskeyLogInOptionsInput,
    PasskeyOptionsOutput,
    PasskeyOutput,
    PasskeyRenameInput,
    PasskeyShownInput,
    PasskeysOutput,
)
from accounts.api.password_serializers import IdentityInput
from accounts.api.serializers import TokensOutput
from accounts.api.views import PublicAccountView
from accounts.services.pages import device_of
from accounts.services.passkey_log_in import ShownPasskey, passkey_log_in_options
from accounts.services.passkeys import (
    passkey_options,
    passkey_register,
    passkey_remove,
    passkey_rename,
    passkey_verify,
    passkey_verify_options,
)
from tradingplatform.api.views import ApiView, http_request, owner_key, parsed, principal


class PasskeysView(ApiView):
    rate_class = "login"

    @extend_schema(responses=PasskeysOutput)
    def get(self, request: Request) -> Response:
        """Return the caller's passkeys, the oldest first."""
        rows = selectors.passkeys_get(owner_key(request))
        return Response({"results": PasskeyOutput(rows, many=True).data})

    @extend_schema(request=PasskeyInput, responses={201: NewPasskeyOutput})
    def post(self, request: Request) -> Response:
        """Store the passkey that a device made for ``passkeys/options``."""
        values = parsed(PasskeyInput, request.data)
        device = device_of(http_request(request))
        row, codes = passkey_register(owner=principal(request), **values, device=device)
        first = {"backup_codes": codes} if codes else {}
        return Response({**PasskeyOutput(row).data, **first}, status=201)


class PasskeyOptionsView(ApiView):
    rate_class = "login"

    @extend_schema(request=IdentityInput, responses=PasskeyOptionsOutput)
    def post(self, request: Request) -> Response:
        """Return what a device needs to make a passkey.

        Takes the password, or a fresh factor where there is a second factor.
        """
        values = parsed(IdentityInput, request.data)
        device = device_of(http_request(request))
        options = passkey_options(owner=principal(request), **values, device=device)
        return Response(PasskeyOptionsOutput(options).data)


class PasskeyView(ApiView):
    rate_class = "login"

    @extend_schema(request=PasskeyRenameInput, responses=PasskeyOutput)
    def patch(self, request: Request, passkey_id: UUID) -> Response:
        """Give a passkey another name."""
        values = parsed(PasskeyRenameInput, request.data)
        row = passkey_rename(owner=principal(request), passkey_id=passkey_id, **values)
        return Response(PasskeyOutput(row).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, passkey_id: UUID) -> Response:
        """Remove a passkey; the second factor must be fresh."""
        device = device_of(http_request(request))
        passkey_remove(owner=principal(request), passkey_id=passkey_id, device=device)
        return Response(status=204)


class PasskeyVerifyOptionsView(ApiView):
    rate_class = "login"

    @extend_schema(request=None, responses=PasskeyOptionsOutput)
    def post(self, request: Request) -> Response:
        """Return what a device needs to show a passkey within this session."""
        options = passkey_verify_options(owner=principal(request))
        return Response(PasskeyOptionsOutput(options).data)


class PasskeyVerifyView(ApiView):
    rate_class = "login"

    @extend_schema(request=PasskeyShownInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Show a passkey, which opens for ten minutes what asks for a fresh factor."""
        values = parsed(PasskeyShownInput, request.data)
        device = device_of(http_request(request))
        passkey_verify(owner=principal(request), **values, device=device)
        return Response(status=204)


class PasskeyLogInOptionsView(PublicAccountView):
    @extend_schema(request=PasskeyLogInOptionsInput, responses=PasskeyOptionsOutput)
    def post(self, request: Request) -> Response:
        """Return what a device needs to log in by a passkey, with or without a ticket."""
        options = passkey_log_in_options(**parsed(PasskeyLogInOptionsInput, request.data))
        return Response(PasskeyOptionsOutput(options).data)


class PasskeyLogInView(PublicAccountView):
    @extend_schema(request=PasskeyLogInInput, responses=TokensOutput)
    def post(self, request: Request) -> Response:
        """Exchange a passkey for the tokens: after a password, or in its place."""
        shown = ShownPasskey(**parsed(PasskeyLogInInput, request.data))
        device = device_of(http_request(request))
        logged_in = services.passkey_log_in(shown, device=device)
        return Response(TokensOutput(logged_in.tokens).data)
