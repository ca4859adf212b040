"""Shapes of the list of sessions."""

from typing import Any

from rest_framework import serializers

from accounts.agents import device_name
from accounts.models import Session


class SessionOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="sid")
    device = serializers.SerializerMethodField(help_text='Such as "Firefox on Windows", or "".')
    user_agent = serializers.CharField()
    ip = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(help_text="To the minute.")
    expires_at = serializers.DateTimeField(help_text="Moves on while the session is used.")
    is_current = serializers.SerializerMethodField()

    def get_device(self, session: Session) -> str:
        return device_name(session.user_agent)

    def get_is_current(self, session: Session) -> bool:
        return bool(session.sid == self.context["current"])


class SessionsPage(serializers.Serializer[Any]):
    results = SessionOutput(many=True)
    next = serializers.CharField(allow_null=True)


class SessionsEndQuery(serializers.Serializer[Any]):
    keep_current = serializers.BooleanField(default=False)


class SessionsEnded(serializers.Serializer[Any]):
    ended = serializers.IntegerField()
