"""Rows of the chat under lock; the only place of select_for_update in this app."""

from uuid import UUID

from chat.models import ChatMessage, ChatMessageQuerySet, ChatRoom, ChatRoomQuerySet


def room_for_update(*, account_db_key: int, room_id: UUID) -> ChatRoom | None:
    """Lock one room of a user; None if there is none. Call inside ``tx``."""
    rooms: ChatRoomQuerySet = ChatRoom.objects.for_user(account_db_key)
    return rooms.select_for_update().filter(id=room_id).first()


def message_for_update(*, account_db_key: int, message_id: UUID) -> ChatMessage | None:
    """Lock one message of a user; None if there is none. Call inside ``tx``."""
    messages: ChatMessageQuerySet = ChatMessage.objects.for_user(account_db_key)
    return messages.select_for_update().filter(id=message_id).first()


def answer_for_update(*, account_db_key: int, question_id: UUID) -> ChatMessage | None:
    """Lock the answer to a question of a user; None if there is none. Call inside ``tx``."""
    messages: ChatMessageQuerySet = ChatMessage.objects.for_user(account_db_key)
    return messages.select_for_update().filter(in_reply_to=question_id).first()
