"""The endpoints of an account's keys."""

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors
from accounts.api.key_serializers import (
    ApiKeyInput,
    ApiKeyOutput,
    ApiKeysOutput,
    BrokerKeyInput,
    BrokerKeyOutput,
    BrokerKeysOutput,
    BrokerKeyTestOutput,
    NewApiKeyOutput,
)
from accounts.services.api_keys import KeyTerms, api_key_create, api_key_revoke
from accounts.services.broker_keys import (
    BrokerKeyName,
    broker_key_delete,
    broker_key_store,
    broker_key_test,
)
from accounts.services.pages import device_of
from accounts.services.passwords import identity_confirm
from accounts.services.step_up import fresh_factor_required
from tradingplatform.api.views import ApiView, http_request, owner_key, parsed, principal


class ApiKeysView(ApiView):
    @extend_schema(responses=ApiKeysOutput)
    def get(self, request: Request) -> Response:
        """Return the caller's API keys without their secrets, the newest first."""
        keys = selectors.api_keys_get(owner_key(request))
        return Response({"results": ApiKeyOutput(keys, many=True).data})

    @extend_schema(request=ApiKeyInput, responses={201: NewApiKeyOutput})
    def post(self, request: Request) -> Response:
        """Make a key for a program; the answer is the only place where it is shown."""
        values = parsed(ApiKeyInput, request.data)
        owner, device = principal(request), device_of(http_request(request))
        identity_confirm(owner=owner, password=values.pop("password"), device=device)
        made = api_key_create(
            owner=owner, name=values.pop("name"), terms=KeyTerms(**values), device=device
        )
        return Response({**ApiKeyOutput(made.row).data, "key": made.secret}, status=201)


class ApiKeyView(ApiView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke a key; its next request is refused."""
        device = device_of(http_request(request))
        api_key_revoke(owner=principal(request), key_id=key_id, device=device)
        return Response(status=204)


class BrokerKeysView(ApiView):
    @extend_schema(responses=BrokerKeysOutput)
    def get(self, request: Request) -> Response:
        """Return the caller's keys with brokers and providers; the secrets never come back."""
        keys = selectors.broker_keys_get(owner_key(request))
        return Response({"results": BrokerKeyOutput(keys, many=True).data})

    @extend_schema(request=BrokerKeyInput, responses={201: BrokerKeyOutput})
    def post(self, request: Request) -> Response:
        """Store a key, encrypted.

        KIS needs ``app_key``, ``app_secret`` and ``account_number``; the others ``api_key``.
        """
        values = parsed(BrokerKeyInput, request.data)
        owner, device = principal(request), device_of(http_request(request))
        identity_confirm(owner=owner, password=values.pop("password"), device=device)
        which = BrokerKeyName(values.pop("provider"), values.pop("environment"))
        key = broker_key_store(owner=owner, which=which, given=values, device=device)
        return Response(BrokerKeyOutput(key).data, status=201)


class BrokerKeyView(ApiView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Forget a key and its secrets."""
        fresh_factor_required(principal(request))
        device = device_of(http_request(request))
        broker_key_delete(owner=principal(request), key_id=key_id, device=device)
        return Response(status=204)


class BrokerKeyTestView(ApiView):
    rate_class = "login"

    @extend_schema(
        request=None,
        responses={
            200: BrokerKeyTestOutput,
            502: OpenApiResponse(description="The provider did not answer as it should."),
        },
    )
    def post(self, request: Request, key_id: UUID) -> Response:
        """Make one harmless call with a key; an error says nothing about the key itself."""
        device = device_of(http_request(request))
        test = broker_key_test(owner=principal(request), key_id=key_id, device=device)
        return Response(BrokerKeyTestOutput(test).data)
