"""Shapes of the account endpoints."""

from typing import Any

from rest_framework import serializers

from accounts.enums import Language, Theme


class SignUpInput(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)
    nickname = serializers.CharField(max_length=120)
    language = serializers.ChoiceField(choices=Language.choices, required=False)


class LogInInput(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)


class RefreshInput(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=1024)


class UserOutput(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    email = serializers.CharField()
    nickname = serializers.CharField()


class MeOutput(UserOutput):
    language = serializers.ChoiceField(choices=Language.choices)
    theme = serializers.ChoiceField(choices=Theme.choices)
    is_operator = serializers.BooleanField(source="is_staff")
    joined_at = serializers.DateTimeField()


class TokensOutput(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds until the access token expires.")


class TicketOutput(serializers.Serializer[Any]):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds until the ticket expires.")
