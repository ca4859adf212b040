"""Shapes of the chat endpoints."""

from typing import Any

from rest_framework import serializers

from accounts.enums import Language
from chat.enums import MessageStatus, Persona, Role
from chat.models import CLIENT_ID_CHARACTERS, CONTENT_CHARACTERS, TITLE_CHARACTERS


class RoomInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=TITLE_CHARACTERS, required=False, allow_blank=True)
    persona = serializers.ChoiceField(choices=Persona.choices, required=False)


class RoomOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    persona = serializers.ChoiceField(choices=Persona.choices)
    created_at = serializers.DateTimeField()
    last_message_at = serializers.DateTimeField()


class RoomsOutput(serializers.Serializer[Any]):
    results = RoomOutput(many=True)
    next = serializers.CharField(allow_null=True)


class MessageInput(serializers.Serializer[Any]):
    client_message_id = serializers.RegexField(
        r"^[^\s\x00-\x1f]+\Z",
        max_length=CLIENT_ID_CHARACTERS,
        help_text="Chosen by the client; the same one returns the same message.",
    )
    content = serializers.CharField(max_length=CONTENT_CHARACTERS, trim_whitespace=False)

    def validate_content(self, content: str) -> str:
        if not content.strip():
            raise serializers.ValidationError("This field may not be blank.")
        return content


class MessagesInput(serializers.Serializer[Any]):
    order = serializers.ChoiceField(
        choices=[("oldest", "oldest"), ("newest", "newest")], required=False, default="oldest"
    )


class PostedOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=MessageStatus.choices)
    client_message_id = serializers.CharField()
    created_at = serializers.DateTimeField()


class ToolCallOutput(serializers.Serializer[Any]):
    tool = serializers.CharField()
    arguments = serializers.DictField()
    result = serializers.DictField(allow_null=True)
    source = serializers.CharField(  # type: ignore[assignment] # a name Field has too
        allow_null=True, help_text="SAMPLE: not real quotations."
    )
    as_of = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(allow_null=True)


class UsageOutput(serializers.Serializer[Any]):
    """What an answer cost; empty for a question and before the answer is there."""

    model = serializers.CharField(required=False)
    language = serializers.ChoiceField(choices=Language.choices, required=False)
    requests = serializers.IntegerField(required=False)
    input_tokens = serializers.IntegerField(required=False)
    output_tokens = serializers.IntegerField(required=False)


class MessageOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    room_id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=Role.choices)
    content = serializers.CharField()
    status = serializers.ChoiceField(choices=MessageStatus.choices)
    client_message_id = serializers.CharField(allow_null=True)
    in_reply_to = serializers.UUIDField(allow_null=True)
    tool_calls = ToolCallOutput(many=True)
    error_code = serializers.CharField(allow_null=True)
    usage = UsageOutput(required=False)
    created_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)


class MessagesOutput(serializers.Serializer[Any]):
    results = MessageOutput(many=True)
    next = serializers.CharField(allow_null=True)


class ToolOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    arguments = serializers.DictField(help_text="JSON schema of the arguments.")


class ToolsOutput(serializers.Serializer[Any]):
    results = ToolOutput(many=True)


class PersonaOutput(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=Persona.choices)
    label = serializers.CharField()  # type: ignore[assignment] # a name Field has too
    description = serializers.CharField()


class PersonasOutput(serializers.Serializer[Any]):
    results = PersonaOutput(many=True)
