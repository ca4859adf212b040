"""Rooms and messages change here; every change tells the room's stream in the same transaction."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from chat import selectors
from chat.enums import EventKind, MessageStatus, Persona, Role
from chat.errors import (
    AnswerSupersededError,
    MessageClosedError,
    MessageIdReusedError,
    MessageNotFoundError,
    MessageRateError,
    RoomLimitError,
    RoomNotFoundError,
)
from chat.locks import answer_for_update, message_for_update, room_for_update
from chat.models import TITLE_CHARACTERS, ChatMessage, ChatRoom
from tradingplatform.clock import now
from tradingplatform.db.outbox import emit, user_lock
from tradingplatform.db.transactions import tx

ROOMS_MAX = 500
QUESTIONS_PER_MINUTE = 20
ATTEMPTS_MAX = 3
LEASE = timedelta(seconds=30)
"""How long a silent worker keeps its answer before another may take it over."""
_AUTO_TITLE_CHARACTERS = 40


@dataclass(frozen=True)
class AnswerTicket:
    """The right to write one answer, until it is final or another attempt begins."""

    account_db_key: int
    answer_id: UUID
    question_id: UUID
    room_id: UUID
    attempt: int


def room_create(*, account_db_key: int, title: str = "", persona: str = "") -> ChatRoom:
    """Open a room. Raises RoomLimitError when the user has too many."""
    room = ChatRoom(
        account_db_key=account_db_key,
        title=title.strip()[:TITLE_CHARACTERS],
        persona=Persona(persona or Persona.ANALYST),
    )

    def create() -> ChatRoom:
        user_lock(account_db_key)
        if selectors.rooms_get(account_db_key=account_db_key).count() >= ROOMS_MAX:
            raise RoomLimitError(f"A user may have {ROOMS_MAX} rooms.", limit=ROOMS_MAX)
        room.save(force_insert=True)
        return room

    return tx(account_db_key, create)


def room_update(
    *, account_db_key: int, room_id: UUID, title: str | None = None, persona: str | None = None
) -> ChatRoom:
    """Rename a room or give it another persona. Raises RoomNotFoundError."""

    def change() -> ChatRoom:
        room = _locked_room(account_db_key, room_id)
        if title is not None:
            room.title = title.strip()[:TITLE_CHARACTERS]
        if persona is not None:
            room.persona = Persona(persona)
        room.save(update_fields=["title", "persona"])
        return room

    return tx(account_db_key, change)


def room_delete(*, account_db_key: int, room_id: UUID) -> None:
    """Delete a room with its messages; an answer being written stops. Raises RoomNotFoundError."""

    def remove() -> None:
        _locked_room(account_db_key, room_id).delete()

    tx(account_db_key, remove)


def message_post(
    *, account_db_key: int, room_id: UUID, client_message_id: str, content: str
) -> ChatMessage:
    """Commit a question with its pending answer and ask a worker to answer it.

    The same ``client_message_id`` returns the first message again. Emits
    ``chat.message_posted``, which starts the job ``chat.message_answer``. Raises
    RoomNotFoundError, MessageRateError, and MessageIdReusedError for another content.
    """

    def post() -> ChatMessage:
        user_lock(account_db_key)
        posted = _posted(account_db_key, room_id, client_message_id, content)
        if posted is not None:
            return posted
        _check_rate(account_db_key)
        return _post(account_db_key, room_id, client_message_id, content)

    return tx(account_db_key, post)


def message_cancel(*, account_db_key: int, message_id: UUID) -> ChatMessage:
    """Stop an answer, named by itself or its question; what was written stays.

    Returns the answer. Raises MessageNotFoundError, and MessageClosedError when it is final.
    """

    def cancel() -> ChatMessage:
        message = message_for_update(account_db_key=account_db_key, message_id=message_id)
        if message is not None and message.role == Role.USER:
            message = answer_for_update(account_db_key=account_db_key, question_id=message_id)
        if message is None:
            raise MessageNotFoundError("No such message.", message_id=str(message_id))
        if message.status == MessageStatus.CANCELED:
            return message
        if not message.is_open:
            raise MessageClosedError("The answer is already final.", status=message.status)
        _close(message, MessageStatus.CANCELED)
        return message

    return tx(account_db_key, cancel)


def answer_claim(*, account_db_key: int, question_id: UUID) -> AnswerTicket | None:
    """Begin an answer, or begin it anew when its worker fell silent.

    None means there is nothing to do: it is final, gone, in other hands, or was tried too
    often (then it fails here). A new attempt starts from an empty text.
    """

    def claim() -> AnswerTicket | None:
        answer = answer_for_update(account_db_key=account_db_key, question_id=question_id)
        if answer is None or not answer.is_open:
            return None
        if answer.status == MessageStatus.STREAMING and answer.updated_at > now() - LEASE:
            return None
        if answer.attempt >= ATTEMPTS_MAX:
            answer.error_code = "AI_FAILED"
            _close(answer, MessageStatus.FAILED)
            return None
        return _begin(answer)

    return tx(account_db_key, claim)


def answer_append(*, ticket: AnswerTicket, text: str) -> None:
    """Add text to an answer and send it on. Raises AnswerSupersededError."""

    def append() -> None:
        answer = _held(ticket)
        answer.content += text
        answer.updated_at = now()
        answer.save(update_fields=["content", "updated_at"])
        _tell(answer, EventKind.DELTA, {"message_id": str(answer.id), "text": text})

    tx(ticket.account_db_key, append)


def answer_tool_event(*, ticket: AnswerTicket, event: dict[str, Any]) -> None:
    """Keep the worker's hold and tell how far a tool call is. Raises AnswerSupersededError."""

    def tell() -> None:
        answer = _held(ticket)
        answer.updated_at = now()
        answer.save(update_fields=["updated_at"])
        _tell(answer, EventKind.TOOL, {"message_id": str(answer.id), **event})

    tx(ticket.account_db_key, tell)


def answer_touch(*, ticket: AnswerTicket) -> None:
    """Renew the hold on an answer that has nothing new to show. Raises AnswerSupersededError."""

    def touch() -> None:
        answer = _held(ticket)
        answer.updated_at = now()
        answer.save(update_fields=["updated_at"])

    tx(ticket.account_db_key, touch)


def answer_finish(
    *, ticket: AnswerTicket, tool_calls: list[dict[str, Any]], usage: dict[str, Any]
) -> None:
    """Make an answer complete, with what it rests on. Raises AnswerSupersededError."""

    def finish() -> None:
        answer = _held(ticket)
        answer.tool_calls = tool_calls
        answer.usage = usage
        _close(answer, MessageStatus.COMPLETE)

    tx(ticket.account_db_key, finish)


def answer_fail(*, ticket: AnswerTicket, error_code: str) -> None:
    """Give an answer up, keeping what was written. Raises AnswerSupersededError."""

    def fail() -> None:
        answer = _held(ticket)
        answer.error_code = error_code
        _close(answer, MessageStatus.FAILED)

    tx(ticket.account_db_key, fail)


def answer_restart(*, ticket: AnswerTicket) -> AnswerTicket | None:
    """Begin an answer that this worker holds once more; None after the last attempt."""

    def restart() -> AnswerTicket | None:
        answer = _held(ticket)
        return None if answer.attempt >= ATTEMPTS_MAX else _begin(answer)

    return tx(ticket.account_db_key, restart)


def _check_rate(account_db_key: int) -> None:
    since = now() - timedelta(minutes=1)
    asked = selectors.questions_since(account_db_key=account_db_key, since=since)
    if asked >= QUESTIONS_PER_MINUTE:
        raise MessageRateError(
            f"At most {QUESTIONS_PER_MINUTE} questions a minute.",
            retry_after_s=60,
            limit=QUESTIONS_PER_MINUTE,
        )


def _posted(
    account_db_key: int, room_id: UUID, client_message_id: str, content: str
) -> ChatMessage | None:
    message = selectors.message_by_client_id(
        account_db_key=account_db_key, room_id=room_id, client_message_id=client_message_id
    )
    if message is not None and message.content != content:
        raise MessageIdReusedError(
            "This client_message_id was used for another message.",
            client_message_id=client_message_id,
        )
    return message


def _post(account_db_key: int, room_id: UUID, client_message_id: str, content: str) -> ChatMessage:
    room = _locked_room(account_db_key, room_id)
    question = ChatMessage(
        account_db_key=account_db_key,
        room=room,
        role=Role.USER,
        content=content,
        client_message_id=client_message_id,
    )
    question.save(force_insert=True)
    answer = ChatMessage(
        account_db_key=account_db_key, room=room, role=Role.ASSISTANT, in_reply_to=question.id
    )
    answer.save(force_insert=True)
    room.title = room.title or " ".join(content.split())[:_AUTO_TITLE_CHARACTERS]
    room.last_message_at = question.created_at
    room.save(update_fields=["title", "last_message_at"])
    emit(
        account_db_key=account_db_key,
        topic="chat.message_posted",
        aggregate_id=str(question.id),
        payload={"kind": EventKind.MESSAGE.value, **selectors.message_object(question)},
        stream=selectors.stream_name(room.id),
        message_type="chat",
    )
    return question


def _begin(answer: ChatMessage) -> AnswerTicket:
    answer.attempt += 1
    answer.status = MessageStatus.STREAMING
    answer.content = ""
    answer.updated_at = now()
    answer.save(update_fields=["attempt", "status", "content", "updated_at"])
    # Clients start the text of this message from empty, also when it is begun anew.
    _tell(answer, EventKind.STATUS, {"message_id": str(answer.id), "status": answer.status})
    return AnswerTicket(
        account_db_key=answer.account_db_key,
        answer_id=answer.id,
        question_id=_question_id(answer),
        room_id=answer.room_id,
        attempt=answer.attempt,
    )


def _held(ticket: AnswerTicket) -> ChatMessage:
    answer = message_for_update(account_db_key=ticket.account_db_key, message_id=ticket.answer_id)
    if (
        answer is None
        or answer.attempt != ticket.attempt
        or answer.status != MessageStatus.STREAMING
    ):
        raise AnswerSupersededError
    return answer


def _close(answer: ChatMessage, status: MessageStatus) -> None:
    """Make an answer final and its question with it, and tell the room."""
    moment = now()
    for message in (
        answer,
        selectors.message_get(
            account_db_key=answer.account_db_key, message_id=_question_id(answer)
        ),
    ):
        message.status = status
        message.updated_at = message.completed_at = moment
        message.save()
    _tell(answer, EventKind.MESSAGE, selectors.message_object(answer))
    _tell_status(answer, _question_id(answer))
    _tell_status(answer, answer.id)


def _tell_status(answer: ChatMessage, message_id: UUID) -> None:
    data = {"message_id": str(message_id), "status": answer.status}
    _tell(answer, EventKind.STATUS, data)


def _question_id(answer: ChatMessage) -> UUID:
    question_id = answer.in_reply_to
    if question_id is None:
        raise MessageNotFoundError("The message answers no question.")
    return question_id


def _tell(answer: ChatMessage, kind: EventKind, data: dict[str, Any]) -> None:
    emit(
        account_db_key=answer.account_db_key,
        topic=f"chat.{kind.value}",
        aggregate_id=str(answer.id),
        payload={"kind": kind.value, **data},
        stream=selectors.stream_name(answer.room_id),
        message_type="chat",
    )


def _locked_room(account_db_key: int, room_id: UUID) -> ChatRoom:
    room = room_for_update(account_db_key=account_db_key, room_id=room_id)
    if room is None:
        raise RoomNotFoundError("No such room.", room_id=str(room_id))
    return room
