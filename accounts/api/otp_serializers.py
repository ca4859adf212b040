"""Shapes of the endpoints of the second factor."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from accounts.api.serializers import TokensOutput
from accounts.enums import FactorMethod

_CODE = "Six digits of the app, or a backup code."


class OtpRequiredOutput(serializers.Serializer[Any]):
    otp_required = serializers.BooleanField()
    ticket = serializers.CharField(
        help_text="For login/otp or login/passkey, within five minutes, five tries."
    )
    methods = serializers.ListField(
        child=serializers.ChoiceField(choices=FactorMethod.choices),
        help_text="What this account can show.",
    )


LogInOutput = PolymorphicProxySerializer(
    component_name="LogIn",
    serializers=[TokensOutput, OtpRequiredOutput],
    resource_type_field_name=None,
)


class OtpLogInInput(serializers.Serializer[Any]):
    ticket = serializers.CharField(max_length=128)
    code = serializers.CharField(max_length=32, help_text=_CODE)


class CodeInput(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=32, help_text=_CODE)


class OtpStartInput(serializers.Serializer[Any]):
    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)


class OtpStateOutput(serializers.Serializer[Any]):
    enabled = serializers.BooleanField(help_text="Whether the authenticator app is on.")
    confirmed_at = serializers.DateTimeField(allow_null=True)
    has_second_factor = serializers.BooleanField(help_text="The app, a passkey, or both.")
    backup_codes_left = serializers.IntegerField()


class OtpSeedOutput(serializers.Serializer[Any]):
    secret = serializers.CharField(help_text="For typing; never shown again.")
    otpauth_uri = serializers.CharField()
    qr_svg = serializers.CharField(help_text="The address as a QR code: one SVG element.")


class BackupCodesOutput(serializers.Serializer[Any]):
    backup_codes = serializers.ListField(
        child=serializers.CharField(),
        help_text="Each works once; never shown again. Empty where a passkey had made them.",
    )
