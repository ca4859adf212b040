"""Reads of the chat: rooms, messages, what the analyst must know to answer, and open answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chat.enums import EventKind, Role
from chat.errors import MessageNotFoundError, RoomNotFoundError
from chat.models import ChatMessage, ChatMessageQuerySet, ChatRoom, ChatRoomQuerySet
from tradingplatform.db.outbox import stream_head
from tradingplatform.db.shards import shard_aliases
from tradingplatform.errors import UnavailableError

HISTORY_MESSAGES = 12
SNAPSHOT_MESSAGES = 50
_SNAPSHOT_TRIES = 10
_SWEEP_LIMIT = 200


@dataclass(frozen=True)
class AnswerContext:
    """What is known when a question is answered: the words so far and the last tools used."""

    question: str
    persona: str
    history: tuple[tuple[str, str], ...]
    previous_calls: tuple[dict[str, Any], ...]


def stream_name(room_id: UUID) -> str:
    """Return the name of the stream that carries a room's events."""
    return f"chat:{room_id}"


def rooms_get(*, account_db_key: int) -> ChatRoomQuerySet:
    """Return a user's rooms, the last used first."""
    rooms: ChatRoomQuerySet = ChatRoom.objects.for_user(account_db_key)
    return rooms.newest_first()


def room_get(*, account_db_key: int, room_id: UUID) -> ChatRoom:
    """Return one room of a user; RoomNotFoundError if it is missing or somebody else's."""
    room = rooms_get(account_db_key=account_db_key).filter(id=room_id).first()
    if room is None:
        raise RoomNotFoundError("No such room.", room_id=str(room_id))
    return room


def messages_get(*, account_db_key: int, room_id: UUID) -> ChatMessageQuerySet:
    """Return the messages of a room, the oldest first; RoomNotFoundError as `room_get`."""
    room_get(account_db_key=account_db_key, room_id=room_id)
    messages: ChatMessageQuerySet = ChatMessage.objects.for_user(account_db_key)
    return messages.filter(room_id=room_id).in_order()


def message_get(*, account_db_key: int, message_id: UUID) -> ChatMessage:
    """Return one message of a user; MessageNotFoundError if it is missing or somebody else's."""
    messages: ChatMessageQuerySet = ChatMessage.objects.for_user(account_db_key)
    message = messages.filter(id=message_id).first()
    if message is None:
        raise MessageNotFoundError("No such message.", message_id=str(message_id))
    return message


def message_by_client_id(
    *, account_db_key: int, room_id: UUID, client_message_id: str
) -> ChatMessage | None:
    """Return what was posted in a room under a client's id, if anything was."""
    messages: ChatMessageQuerySet = ChatMessage.objects.for_user(account_db_key)
    return messages.filter(room_id=room_id, client_message_id=client_message_id).first()


def message_object(message: ChatMessage) -> dict[str, Any]:
    """Return the message object that REST and socket clients see."""
    return {
        "id": str(message.id),
        "room_id": str(message.room_id),
        "role": message.role,
        "content": message.content,
        "status": message.status,
        "client_message_id": message.client_message_id,
        "in_reply_to": str(message.in_reply_to) if message.in_reply_to else None,
        "tool_calls": message.tool_calls,
        "error_code": message.error_code or None,
        "usage": message.usage,
        "created_at": message.created_at.isoformat(),
        "completed_at": message.completed_at.isoformat() if message.completed_at else None,
    }


def answer_context(*, account_db_key: int, question_id: UUID) -> AnswerContext:
    """Return what the analyst needs to answer a question: its words and those before it."""
    question = message_get(account_db_key=account_db_key, message_id=question_id)
    room = room_get(account_db_key=account_db_key, room_id=question.room_id)
    messages: ChatMessageQuerySet = ChatMessage.objects.for_user(account_db_key)
    earlier = messages.filter(room_id=room.id, id__lt=question.id, content__gt="")
    newest = list(earlier.order_by("-id")[:HISTORY_MESSAGES])[::-1]
    answers = [m for m in newest if m.role == Role.ASSISTANT and m.tool_calls]
    return AnswerContext(
        question=question.content,
        persona=room.persona,
        history=tuple((message.role, message.content) for message in newest),
        previous_calls=tuple(answers[-1].tool_calls) if answers else (),
    )


def room_snapshot(*, account_db_key: int, room_id: UUID) -> list[dict[str, Any]]:
    """Return the newest messages of a room as frames at the stream's present position.

    Each change of a message moves the head of the stream in the same transaction, so equal
    heads before and after mean that what was read in between belongs to that head.
    """
    stream = stream_name(room_id)
    for _ in range(_SNAPSHOT_TRIES):
        before = stream_head(account_db_key, stream)
        messages = messages_get(account_db_key=account_db_key, room_id=room_id)
        newest = list(messages.reverse()[:SNAPSHOT_MESSAGES])[::-1]
        if stream_head(account_db_key, stream) == before:
            return [_frame(stream, before, message) for message in newest]
    raise UnavailableError("The room changes too quickly; try again.", retry_after_s=1)


def open_answers(*, before: datetime) -> Iterable[tuple[int, UUID]]:
    """Yield (account_db_key, question id) of answers that nobody has touched since ``before``."""
    for alias in shard_aliases():
        messages: ChatMessageQuerySet = ChatMessage.objects.using(alias)
        stale = messages.answers().open().filter(updated_at__lt=before)
        rows = stale.order_by("updated_at").values_list("account_db_key", "in_reply_to")
        for account_db_key, question_id in rows[:_SWEEP_LIMIT]:
            if question_id is not None:
                yield account_db_key, question_id


def questions_since(*, account_db_key: int, since: datetime) -> int:
    """Count the questions a user has posted since an instant."""
    messages: ChatMessageQuerySet = ChatMessage.objects.for_user(account_db_key)
    return messages.filter(role=Role.USER, created_at__gte=since).count()


def _frame(stream: str, head: tuple[str, int], message: ChatMessage) -> dict[str, Any]:
    epoch, seq = head
    return {
        "type": "chat",
        "stream": stream,
        "epoch": epoch,
        "seq": seq,
        "ts": message.updated_at.isoformat(),
        "data": {"kind": EventKind.MESSAGE.value, **message_object(message)},
    }
