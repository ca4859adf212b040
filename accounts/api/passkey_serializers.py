"""Shapes of the passkey endpoints."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Passkey
from accounts.rules import KEY_NAME_MAX


@extend_schema_field(OpenApiTypes.OBJECT)
class WebAuthnField(serializers.DictField):
    """A structure of the WebAuthn standard, its bytes written as base64url."""


_CREDENTIAL = "What navigator.credentials answered, as PublicKeyCredential.toJSON() writes it."


def _ticket(help_text: str) -> serializers.CharField:
    return serializers.CharField(
        max_length=128, required=False, allow_blank=True, default="", help_text=help_text
    )


class PasskeyLogInOptionsInput(serializers.Serializer[Any]):
    ticket = _ticket("Of a log-in with a right password.")


class PasskeyOptionsOutput(serializers.Serializer[Any]):
    challenge_id = serializers.UUIDField(help_text="Good once, within five minutes.")
    public_key = WebAuthnField(help_text="The publicKey member for navigator.credentials.")


class PasskeyShownInput(serializers.Serializer[Any]):
    challenge_id = serializers.UUIDField()
    credential = WebAuthnField(help_text=_CREDENTIAL)


class PasskeyLogInInput(PasskeyShownInput):
    ticket = _ticket("If the options were asked with one.")


class PasskeyInput(PasskeyShownInput):
    name = serializers.CharField(max_length=KEY_NAME_MAX)


class PasskeyRenameInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=KEY_NAME_MAX)


class PasskeyOutput(serializers.ModelSerializer[Passkey]):
    transports = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Passkey
        fields = ("id", "name", "created_at", "last_used_at", "transports", "is_synced")


class PasskeysOutput(serializers.Serializer[Any]):
    results = PasskeyOutput(many=True)


class NewPasskeyOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    transports = serializers.ListField(child=serializers.CharField())
    is_synced = serializers.BooleanField()
    backup_codes = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="With the first factor only. Each works once; never shown again.",
    )
