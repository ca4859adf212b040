"""What this app holds about a user (settings.EXPORTERS), and what goes with the account."""

from typing import Any

from django.db.models import QuerySet

from chat.models import ChatMessage, ChatRoom
from chat.services import room_delete


def chat_rows(account_db_key: int) -> dict[str, list[dict[str, Any]]]:
    """Return a user's rooms and every message in them."""
    return {
        "chat_rooms": _rows(
            ChatRoom.objects.for_user(account_db_key), "id title persona created_at last_message_at"
        ),
        "chat_messages": _rows(
            ChatMessage.objects.for_user(account_db_key),
            "id room_id role content status tool_calls created_at",
        ),
    }


def chat_forget(account_db_key: int) -> None:
    """Delete what the owner of a closed account wrote and read (settings.ACCOUNT_CLOSERS)."""
    rooms = ChatRoom.objects.for_user(account_db_key)
    for room_id in list(rooms.values_list("pk", flat=True)):
        room_delete(account_db_key=account_db_key, room_id=room_id)


def _rows(rows: QuerySet[Any], names: str) -> list[dict[str, Any]]:
    return list(rows.order_by("pk").values(*names.split()))
