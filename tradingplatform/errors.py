"""Anticipated failures, by how the caller should react, each with a stable code.

TradingPlatformError
├── InvalidInputError          400  send something else
├── AuthenticationError        401  sign in (again)
├── PermissionDeniedError      403  you may not
├── NotFoundError              404  it does not exist, or is not yours
├── ConflictError              409  the state has moved on; read and retry
├── PayloadTooLargeError       413  send less
├── UnprocessableError         422  well-formed, but a rule forbids it
├── LimitExceededError         429  wait ``retry_after_s``
├── NotConfiguredError         501  the operator has not set this up
├── UpstreamError              502  another system failed
└── UnavailableError           503  try again later
"""

from enum import StrEnum
from http import HTTPStatus
from typing import ClassVar


class ErrorCode(StrEnum):
    """Every code a client can meet; documented in docs/errors.md, never reused."""

    AUTHENTICATION_REQUIRED = "AUTHENTICATION_REQUIRED"
    CONFLICT = "CONFLICT"
    CSRF_FAILED = "CSRF_FAILED"
    IDEMPOTENCY_IN_FLIGHT = "IDEMPOTENCY_IN_FLIGHT"
    IDEMPOTENCY_KEY_INVALID = "IDEMPOTENCY_KEY_INVALID"
    IDEMPOTENCY_KEY_REQUIRED = "IDEMPOTENCY_KEY_REQUIRED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    FRAME_INVALID = "FRAME_INVALID"
    FRAME_RATE_EXCEEDED = "FRAME_RATE_EXCEEDED"
    FRAME_TOO_LARGE = "FRAME_TOO_LARGE"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    INVALID_CURSOR = "INVALID_CURSOR"
    INVALID_INPUT = "INVALID_INPUT"
    MALFORMED_BODY = "MALFORMED_BODY"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_CONFIGURED = "NOT_CONFIGURED"
    NOT_FOUND = "NOT_FOUND"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RATE_LIMITED = "RATE_LIMITED"
    SCOPE_MISSING = "SCOPE_MISSING"
    SOCKET_LIMIT_EXCEEDED = "SOCKET_LIMIT_EXCEEDED"
    STREAM_UNKNOWN = "STREAM_UNKNOWN"
    SUBSCRIPTION_LIMIT_EXCEEDED = "SUBSCRIPTION_LIMIT_EXCEEDED"
    TOO_MANY_CONCURRENT = "TOO_MANY_CONCURRENT"
    UNAVAILABLE = "UNAVAILABLE"
    UNPROCESSABLE = "UNPROCESSABLE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"

    # Accounts.
    API_KEY_LIMIT_REACHED = "API_KEY_LIMIT_REACHED"
    BROKER_KEY_EXISTS = "BROKER_KEY_EXISTS"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    EMAIL_UNVERIFIED = "EMAIL_UNVERIFIED"
    FACTOR_RESET_PENDING = "FACTOR_RESET_PENDING"
    FRESH_FACTOR_REQUIRED = "FRESH_FACTOR_REQUIRED"
    INVALID_API_KEY = "INVALID_API_KEY"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    INVALID_TOKEN = "INVALID_TOKEN"
    NOTIFICATION_REQUIRED = "NOTIFICATION_REQUIRED"
    OTP_ALREADY_ON = "OTP_ALREADY_ON"
    OTP_CODE_INVALID = "OTP_CODE_INVALID"
    OTP_NOT_ON = "OTP_NOT_ON"
    PASSKEY_CHALLENGE_INVALID = "PASSKEY_CHALLENGE_INVALID"
    PASSKEY_EXISTS = "PASSKEY_EXISTS"
    PASSKEY_INVALID = "PASSKEY_INVALID"
    PASSKEY_LIMIT_REACHED = "PASSKEY_LIMIT_REACHED"
    PASSWORD_REQUIRED = "PASSWORD_REQUIRED"
    PASSWORD_WRONG = "PASSWORD_WRONG"
    QUESTIONNAIRE_OUTDATED = "QUESTIONNAIRE_OUTDATED"
    SESSION_ENDED = "SESSION_ENDED"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"

    # market
    ALERT_ENDED = "ALERT_ENDED"
    ALERT_LIMIT_REACHED = "ALERT_LIMIT_REACHED"
    ALERT_NOT_FOUND = "ALERT_NOT_FOUND"
    BAR_RANGE_INVALID = "BAR_RANGE_INVALID"
    CALENDAR_OVERRIDE_INVALID = "CALENDAR_OVERRIDE_INVALID"
    CALENDAR_RANGE_INVALID = "CALENDAR_RANGE_INVALID"
    CAPABILITY_MISSING = "CAPABILITY_MISSING"
    IMPORT_FILE_INVALID = "IMPORT_FILE_INVALID"
    INDICATOR_INVALID = "INDICATOR_INVALID"
    INSTRUMENT_NOT_TRADABLE = "INSTRUMENT_NOT_TRADABLE"
    PROVIDER_ANSWER_INVALID = "PROVIDER_ANSWER_INVALID"
    QUOTE_UNAVAILABLE = "QUOTE_UNAVAILABLE"
    SCREEN_INVALID = "SCREEN_INVALID"
    SCREEN_LIMIT_REACHED = "SCREEN_LIMIT_REACHED"
    SCREEN_NOT_FOUND = "SCREEN_NOT_FOUND"
    SYMBOL_CHANGED = "SYMBOL_CHANGED"
    SYMBOL_UNKNOWN = "SYMBOL_UNKNOWN"
    WATCHLIST_CHANGED = "WATCHLIST_CHANGED"
    WATCHLIST_ITEM_EXISTS = "WATCHLIST_ITEM_EXISTS"
    WATCHLIST_ITEM_NOT_FOUND = "WATCHLIST_ITEM_NOT_FOUND"
    WATCHLIST_LIMIT_REACHED = "WATCHLIST_LIMIT_REACHED"
    WATCHLIST_NOT_FOUND = "WATCHLIST_NOT_FOUND"

    # portfolio
    AMOUNT_INVALID = "AMOUNT_INVALID"
    BROKER_NOT_CONFIGURED = "BROKER_NOT_CONFIGURED"
    CURRENCY_UNSUPPORTED = "CURRENCY_UNSUPPORTED"
    INSUFFICIENT_CASH = "INSUFFICIENT_CASH"
    INSUFFICIENT_SHARES = "INSUFFICIENT_SHARES"
    MARKET_CLOSED = "MARKET_CLOSED"
    ORDER_DUPLICATE = "ORDER_DUPLICATE"
    ORDER_NOT_FOUND = "ORDER_NOT_FOUND"
    ORDER_STATE_CONFLICT = "ORDER_STATE_CONFLICT"
    ORDER_TERMS_INVALID = "ORDER_TERMS_INVALID"
    ORDER_TOO_LARGE = "ORDER_TOO_LARGE"
    PORTFOLIO_CLOSED = "PORTFOLIO_CLOSED"
    PORTFOLIO_LIMIT_REACHED = "PORTFOLIO_LIMIT_REACHED"
    PORTFOLIO_NOT_EMPTY = "PORTFOLIO_NOT_EMPTY"
    PORTFOLIO_NOT_FOUND = "PORTFOLIO_NOT_FOUND"
    PRICE_COLLAR = "PRICE_COLLAR"
    PRICE_OFF_TICK = "PRICE_OFF_TICK"
    PRICE_OUT_OF_BAND = "PRICE_OUT_OF_BAND"
    QUANTITY_OFF_LOT = "QUANTITY_OFF_LOT"
    QUOTE_STALE = "QUOTE_STALE"
    SENDER_FENCED = "SENDER_FENCED"
    TRADING_HALTED = "TRADING_HALTED"

    # chat
    AI_FAILED = "AI_FAILED"
    AI_RATE_LIMITED = "AI_RATE_LIMITED"
    AI_UNAVAILABLE = "AI_UNAVAILABLE"
    CHAT_MESSAGE_CLOSED = "CHAT_MESSAGE_CLOSED"
    CHAT_MESSAGE_ID_REUSED = "CHAT_MESSAGE_ID_REUSED"
    CHAT_MESSAGE_NOT_FOUND = "CHAT_MESSAGE_NOT_FOUND"
    CHAT_RATE_EXCEEDED = "CHAT_RATE_EXCEEDED"
    CHAT_ROOM_LIMIT_REACHED = "CHAT_ROOM_LIMIT_REACHED"
    CHAT_ROOM_NOT_FOUND = "CHAT_ROOM_NOT_FOUND"


class TradingPlatformError(Exception):
    """Base of every anticipated failure."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL_ERROR

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInputError(TradingPlatformError):
    status = HTTPStatus.BAD_REQUEST
    code = ErrorCode.INVALID_INPUT


class AuthenticationError(TradingPlatformError):
    status = HTTPStatus.UNAUTHORIZED
    code = ErrorCode.AUTHENTICATION_REQUIRED


class PermissionDeniedError(TradingPlatformError):
    status = HTTPStatus.FORBIDDEN
    code = ErrorCode.PERMISSION_DENIED


class NotFoundError(TradingPlatformError):
    """The thing does not exist, or this user may not know that it does."""

    status = HTTPStatus.NOT_FOUND
    code = ErrorCode.NOT_FOUND


class ConflictError(TradingPlatformError):
    status = HTTPStatus.CONFLICT
    code = ErrorCode.CONFLICT


class PayloadTooLargeError(TradingPlatformError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = ErrorCode.PAYLOAD_TOO_LARGE


class UnprocessableError(TradingPlatformError):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = ErrorCode.UNPROCESSABLE


class LimitExceededError(TradingPlatformError):
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = ErrorCode.RATE_LIMITED

    def __init__(self, message: str, *, retry_after_s: int = 1, **details: object) -> None:
        super().__init__(message, **details)
        self.retry_after_s = retry_after_s


class NotConfiguredError(TradingPlatformError):
    status = HTTPStatus.NOT_IMPLEMENTED
    code = ErrorCode.NOT_CONFIGURED


class UpstreamError(TradingPlatformError):
    status = HTTPStatus.BAD_GATEWAY
    code = ErrorCode.UPSTREAM_FAILED


class UnavailableError(TradingPlatformError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = ErrorCode.UNAVAILABLE

    def __init__(self, message: str, *, retry_after_s: int = 1, **details: object) -> None:
        super().__init__(message, **details)
        self.retry_after_s = retry_after_s


class ShardNotSelectedError(RuntimeError):
    """A query on a sharded model did not say whose shard it works on (a bug)."""


class InvariantError(RuntimeError):
    """Something that must always hold does not: stop rather than go on wrong."""


def invariant(condition: object, message: str) -> None:
    """Raise InvariantError unless ``condition`` holds; stays on under ``python -O``."""
    if not condition:
        raise InvariantError(message)
