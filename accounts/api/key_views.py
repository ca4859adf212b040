"""The endpoints of an account's keys."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors
from accounts.api.key_serializers import (
    ApiKeyInput,
    ApiKeyOutput,
    ApiKeysOutput,
    NewApiKeyOutput,
)
from accounts.services.api_keys import KeyTerms, api_key_create, api_key_revoke
from tradingplatform.api.views import ApiView, owner_key, parsed


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
        made = api_key_create(
            account_db_key=owner_key(request), name=values.pop("name"), terms=KeyTerms(**values)
        )
        return Response({**ApiKeyOutput(made.row).data, "key": made.secret}, status=201)


class ApiKeyView(ApiView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke a key; its next request is refused."""
        api_key_revoke(account_db_key=owner_key(request), key_id=key_id)
        return Response(status=204)
