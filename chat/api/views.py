"""The chat endpoints."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat import selectors, services
from chat.api.serializers import (
    MessageInput,
    MessagesInput,
    MessagesOutput,
    PersonasOutput,
    PostedOutput,
    RoomInput,
    RoomOutput,
    RoomsOutput,
    ToolsOutput,
)
from chat.personas import DESCRIPTIONS, LABELS
from chat.tools.registry import TOOLS
from tradingplatform.api.pagination import CursorPages
from tradingplatform.api.views import ApiView, owner_key, parsed


class RoomsView(ApiView):
    @extend_schema(responses=RoomsOutput)
    def get(self, request: Request) -> Response:
        """Return the caller's rooms, the last used first."""
        rooms = selectors.rooms_get(account_db_key=owner_key(request))
        return CursorPages("-last_message_at", "-id").response(
            rooms, request, render=lambda rows: RoomOutput(rows, many=True).data
        )

    @extend_schema(request=RoomInput, responses={201: RoomOutput})
    def post(self, request: Request) -> Response:
        """Open a room."""
        values = parsed(RoomInput, request.data)
        room = services.room_create(account_db_key=owner_key(request), **values)
        return Response(RoomOutput(room).data, status=201)


class RoomView(ApiView):
    @extend_schema(responses=RoomOutput)
    def get(self, request: Request, room_id: UUID) -> Response:
        """Return one room."""
        room = selectors.room_get(account_db_key=owner_key(request), room_id=room_id)
        return Response(RoomOutput(room).data)

    @extend_schema(request=RoomInput, responses=RoomOutput)
    def patch(self, request: Request, room_id: UUID) -> Response:
        """Rename a room or give it another persona."""
        values = parsed(RoomInput, request.data)
        room = services.room_update(account_db_key=owner_key(request), room_id=room_id, **values)
        return Response(RoomOutput(room).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, room_id: UUID) -> Response:
        """Delete a room with its messages."""
        services.room_delete(account_db_key=owner_key(request), room_id=room_id)
        return Response(status=204)


class MessagesView(ApiView):
    @extend_schema(parameters=[MessagesInput], responses=MessagesOutput)
    def get(self, request: Request, room_id: UUID) -> Response:
        """Return the messages of a room, the oldest first unless asked otherwise."""
        order = parsed(MessagesInput, request.query_params)["order"]
        messages = selectors.messages_get(account_db_key=owner_key(request), room_id=room_id)
        return CursorPages("id" if order == "oldest" else "-id").response(
            messages,
            request,
            render=lambda rows: [selectors.message_object(message) for message in rows],
        )

    @extend_schema(request=MessageInput, responses={202: PostedOutput})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Ask a question; the answer comes on /ws/chat and in the list."""
        values = parsed(MessageInput, request.data)
        message = services.message_post(
            account_db_key=owner_key(request), room_id=room_id, **values
        )
        return Response(PostedOutput(message).data, status=202)


class ToolsView(ApiView):
    @extend_schema(responses=ToolsOutput)
    def get(self, request: Request) -> Response:
        """Return what the analyst can compute."""
        return Response(
            {
                "results": [
                    {"name": name, "description": tool.description, "arguments": tool.schema()}
                    for name, tool in TOOLS.items()
                ]
            }
        )


class PersonasView(ApiView):
    @extend_schema(responses=PersonasOutput)
    def get(self, request: Request) -> Response:
        """Return in which voices the analyst can write."""
        return Response(
            {
                "results": [
                    {
                        "name": persona.value,
                        "label": str(label),
                        "description": str(DESCRIPTIONS[persona]),
                    }
                    for persona, label in LABELS.items()
                ]
            }
        )
