"""Shapes of the account endpoints."""

from typing import Any

import orjson
from rest_framework import serializers

from accounts.agents import device_name
from accounts.enums import STAFF_ACTIONS, AuditAction, Language, Theme
from accounts.models import AuditEntry


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
    email_verified_at = serializers.DateTimeField(allow_null=True)


class TokensOutput(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds until the access token expires.")


class TicketOutput(serializers.Serializer[Any]):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds until the ticket expires.")


class ActivityOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    action = serializers.ChoiceField(
        choices=[(action.value, action.value) for action in AuditAction]
    )
    is_own = serializers.SerializerMethodField(help_text="Whether the owner did it, signed in.")
    session_id = serializers.UUIDField(allow_null=True)
    ip = serializers.CharField()
    device = serializers.SerializerMethodField(help_text='Such as "Firefox on Windows", or "".')
    user_agent = serializers.CharField()
    details = serializers.SerializerMethodField()

    def to_representation(self, instance: AuditEntry) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if instance.action in STAFF_ACTIONS:
            # Where operators sit is nobody else's business.
            shown |= {"ip": "", "device": "", "user_agent": "", "session_id": None}
        return shown

    def get_is_own(self, entry: AuditEntry) -> bool:
        return entry.actor == str(entry.account_uid)

    def get_device(self, entry: AuditEntry) -> str:
        return device_name(entry.user_agent)

    def get_details(self, entry: AuditEntry) -> dict[str, Any]:
        details: dict[str, Any] = orjson.loads(entry.details)
        return details


class ActivityPage(serializers.Serializer[Any]):
    results = ActivityOutput(many=True)
    next = serializers.CharField(allow_null=True)
