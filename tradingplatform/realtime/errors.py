"""What a socket client can do wrong, and how the server ends a socket."""

from enum import IntEnum

from tradingplatform.errors import (
    ErrorCode,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
    PayloadTooLargeError,
)


class CloseCode(IntEnum):
    """Why the server closed a socket; documented in docs/realtime.md and docs/asyncapi.yaml."""

    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    NOT_UTF8 = 1007
    FRAME_TOO_LARGE = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    ABUSE = 4400
    UNAUTHENTICATED = 4401
    TOO_SLOW = 4008
    TOO_MANY_SOCKETS = 4429


class FrameInvalidError(InvalidInputError):
    """The frame is not JSON, has no known type, or its fields do not fit."""

    code = ErrorCode.FRAME_INVALID


class FrameTooLargeError(PayloadTooLargeError):
    """The frame is longer than a client may send."""

    code = ErrorCode.FRAME_TOO_LARGE


class FrameRateExceededError(LimitExceededError):
    """The client sends faster than it may; the frame was ignored."""

    code = ErrorCode.FRAME_RATE_EXCEEDED


class SubscriptionLimitExceededError(LimitExceededError):
    """The socket would hold more streams than it may; nothing was joined."""

    code = ErrorCode.SUBSCRIPTION_LIMIT_EXCEEDED


class SocketLimitExceededError(LimitExceededError):
    """The user has as many sockets open as a user may."""

    code = ErrorCode.SOCKET_LIMIT_EXCEEDED


class StreamUnknownError(NotFoundError):
    """No such stream on this endpoint, or it is not this user's."""

    code = ErrorCode.STREAM_UNKNOWN
