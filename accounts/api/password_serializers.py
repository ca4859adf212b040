"""Shapes of passwords and mailed links."""

from typing import Any

from rest_framework import serializers


class IdentityInput(serializers.Serializer[Any]):
    """Of a step that ``identity_confirm`` guards."""

    password = serializers.CharField(
        max_length=1024,
        trim_whitespace=False,
        write_only=True,
        required=False,
        allow_blank=True,
        default="",
        help_text="Needed unless a second factor is on, which must then be fresh.",
    )


class TokenInput(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=1024, help_text="What the mailed link carries.")


class PasswordChangeInput(serializers.Serializer[Any]):
    current_password = serializers.CharField(max_length=1024, trim_whitespace=False)
    new_password = serializers.CharField(max_length=1024, trim_whitespace=False)


class PasswordResetInput(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)


class PasswordResetConfirmInput(TokenInput):
    new_password = serializers.CharField(max_length=1024, trim_whitespace=False)
