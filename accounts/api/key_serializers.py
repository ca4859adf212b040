"""Shapes of the key endpoints."""

from typing import Any

from rest_framework import serializers

from accounts.api.password_serializers import IdentityInput
from accounts.enums import KeyEnvironment, KeyProvider
from accounts.rules import (
    BROKER_SECRET_MAX,
    KEY_NAME_MAX,
    NETWORKS_MAX,
    clean_key_name,
    clean_networks,
)
from tradingplatform.api.principal import Scope
from tradingplatform.services.external.key_trial import KeyFault

_SCOPES = [(scope.value, scope.value) for scope in Scope]


class ApiKeyInput(IdentityInput):
    name = serializers.CharField(max_length=KEY_NAME_MAX)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=_SCOPES), min_length=1, max_length=len(_SCOPES)
    )
    allowed_ips = serializers.ListField(
        child=serializers.CharField(max_length=49),
        required=False,
        max_length=NETWORKS_MAX,
        help_text="Addresses and networks that may use the key; from anywhere when empty.",
    )
    expires_in_days = serializers.IntegerField(min_value=1, max_value=365, required=False)

    def validate_name(self, value: str) -> str:
        return clean_key_name(value)

    def validate_allowed_ips(self, value: list[str]) -> list[str]:
        return clean_networks(value)


class ApiKeyOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="The first characters of the key.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=_SCOPES))
    allowed_ips = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_used_ip = serializers.CharField(allow_blank=True)


class ApiKeysOutput(serializers.Serializer[Any]):
    results = ApiKeyOutput(many=True)


class NewApiKeyOutput(ApiKeyOutput):
    key = serializers.CharField(help_text="The key itself; it is never shown again.")


def _secret() -> serializers.CharField:
    return serializers.CharField(
        max_length=BROKER_SECRET_MAX, required=False, write_only=True, trim_whitespace=False
    )


class BrokerKeyInput(IdentityInput):
    provider = serializers.ChoiceField(choices=KeyProvider.choices)
    environment = serializers.ChoiceField(
        choices=KeyEnvironment.choices, default=KeyEnvironment.LIVE.value
    )
    api_key = _secret()
    app_key = _secret()
    app_secret = _secret()
    account_number = _secret()


class BrokerKeyOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    provider = serializers.ChoiceField(choices=KeyProvider.choices)
    environment = serializers.ChoiceField(choices=KeyEnvironment.choices)
    masked = serializers.DictField(
        child=serializers.CharField(), help_text="Each field with all but its end hidden."
    )
    created_at = serializers.DateTimeField()


class BrokerKeyTestOutput(serializers.Serializer[Any]):
    works = serializers.BooleanField()
    checked_at = serializers.DateTimeField()
    reason = serializers.ChoiceField(
        choices=[fault.value for fault in KeyFault],
        allow_blank=True,
        help_text="Empty when there is nothing to say against the key.",
    )


class BrokerKeysOutput(serializers.Serializer[Any]):
    results = BrokerKeyOutput(many=True)
