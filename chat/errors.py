"""What can go wrong in a chat, and how the caller should react."""

from tradingplatform.errors import (
    ConflictError,
    ErrorCode,
    LimitExceededError,
    NotFoundError,
    UnprocessableError,
)


class RoomNotFoundError(NotFoundError):
    """There is no such room, or it belongs to somebody else."""

    code = ErrorCode.CHAT_ROOM_NOT_FOUND


class MessageNotFoundError(NotFoundError):
    """There is no such message, or it belongs to somebody else."""

    code = ErrorCode.CHAT_MESSAGE_NOT_FOUND


class MessageIdReusedError(UnprocessableError):
    """The client sent another content under a ``client_message_id`` it has used."""

    code = ErrorCode.CHAT_MESSAGE_ID_REUSED


class MessageClosedError(ConflictError):
    """The answer is already final, so it cannot be canceled."""

    code = ErrorCode.CHAT_MESSAGE_CLOSED


class MessageRateError(LimitExceededError):
    """The user asks more questions a minute than one may."""

    code = ErrorCode.CHAT_RATE_EXCEEDED


class RoomLimitError(LimitExceededError):
    """The user has as many rooms as one may."""

    code = ErrorCode.CHAT_ROOM_LIMIT_REACHED


class AnswerSupersededError(Exception):
    """The worker no longer owns its answer: it was canceled, deleted, or taken over."""
