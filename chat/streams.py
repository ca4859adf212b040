"""Puts rooms on sockets: the stream ``chat:<room id>`` and the frames ``chat`` and ``cancel``."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chat import selectors, services
from chat.enums import EventKind
from chat.errors import MessageNotFoundError, RoomNotFoundError
from chat.models import CONTENT_CHARACTERS, ChatMessage
from tradingplatform.db.outbox import stream_events_since, stream_head
from tradingplatform.errors import AuthenticationError, InvalidInputError
from tradingplatform.realtime.sources import FrameHandler, SocketPrincipal

Json = dict[str, Any]


class ChatStreams:
    """The rooms of whoever is signed in on the socket."""

    prefix = "chat:"

    def __init__(self) -> None:
        self.frames: Mapping[str, FrameHandler] = {"chat": _post, "cancel": _cancel}

    def authorise(self, principal: SocketPrincipal | None, stream: str) -> None:
        """Raise RoomNotFoundError unless the room is the principal's."""
        selectors.room_get(account_db_key=_owner(principal), room_id=_room_id(stream))

    def snapshot(self, principal: SocketPrincipal | None, stream: str) -> Sequence[Json]:
        """Return the newest messages of the room, at the position they belong to."""
        return selectors.room_snapshot(account_db_key=_owner(principal), room_id=_room_id(stream))

    def since(
        self, principal: SocketPrincipal | None, stream: str, epoch: str, seq: int
    ) -> Sequence[Json] | None:
        """Return what happened in the room after a position, or None when it is too long ago."""
        self.authorise(principal, stream)
        return stream_events_since(_owner(principal), stream, epoch, seq)

    def head(self, principal: SocketPrincipal | None, stream: str) -> tuple[str, int] | None:
        """Return where the room's stream is now; None before its first event."""
        epoch, seq = stream_head(_owner(principal), stream)
        return (epoch, seq) if epoch else None

    def channel(self, principal: SocketPrincipal | None, stream: str) -> str:
        """Return the bus channel of the room."""
        return f"stream:{_owner(principal)}:{stream}"

    def stream_for(self, frame: Mapping[str, Any]) -> str | None:
        """Return the room that a question goes to, to join it before it is asked."""
        room_id = frame.get("room_id")
        return None if room_id is None else f"chat:{room_id}"


def _post(principal: SocketPrincipal, frame: Json) -> Json:
    content = str(frame["content"])
    if not 1 <= len(content.strip()) <= len(content) <= CONTENT_CHARACTERS:
        raise InvalidInputError(
            f"content must have 1 to {CONTENT_CHARACTERS} characters.",
            content=[f"1 to {CONTENT_CHARACTERS} characters"],
        )
    message = services.message_post(
        account_db_key=_owner(principal),
        room_id=_room_id(f"chat:{frame['room_id']}"),
        client_message_id=str(frame["client_message_id"]),
        content=content,
    )
    return _status(message)


def _cancel(principal: SocketPrincipal, frame: Json) -> Json:
    try:
        message_id = UUID(str(frame["message_id"]))
    except ValueError:
        raise MessageNotFoundError("No such message.") from None
    return _status(services.message_cancel(account_db_key=_owner(principal), message_id=message_id))


def _status(message: ChatMessage) -> Json:
    """Return the answer to a client frame; it has no place in the stream."""
    return {
        "type": "chat",
        "stream": selectors.stream_name(message.room_id),
        "data": {
            "kind": EventKind.STATUS.value,
            "message_id": str(message.id),
            "client_message_id": message.client_message_id,
            "status": message.status,
        },
    }


def _owner(principal: SocketPrincipal | None) -> int:
    if principal is None:
        raise AuthenticationError("Sign in to chat.")
    return principal.account_db_key


def _room_id(stream: str) -> UUID:
    try:
        return UUID(stream.removeprefix("chat:"))
    except ValueError:
        raise RoomNotFoundError("No such room.") from None
