"""What one request carries from the first middleware to the last header."""

import re
from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest
from rest_framework.request import Request

from tradingplatform.ids import uuid7

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SEQUENCE = re.compile(r"-?[0-9]{1,19}")
_SEQUENCE_MAX = 2**63 - 1
_ATTRIBUTE = "platform_context"


@dataclass(slots=True)
class RateWindow:
    """How much of a limit is left, for the RateLimit headers."""

    limit: int
    remaining: int
    reset_s: int


@dataclass(slots=True)
class RequestContext:
    """Request id, client sequence, the rate window that applied, the counter it runs in."""

    request_id: str
    sequence: int | None = None
    rate: RateWindow | None = None
    running: str | None = None


def context_of(request: HttpRequest | Request) -> RequestContext:
    """Return the context of a request, made on first use."""
    http = cast("HttpRequest", getattr(request, "_request", request))
    context = getattr(http, _ATTRIBUTE, None)
    if not isinstance(context, RequestContext):
        context = RequestContext(
            request_id=valid_request_id(http.headers.get("X-Request-ID")) or str(uuid7()),
            sequence=parse_sequence(http.headers.get("X-Sequence")),
        )
        setattr(http, _ATTRIBUTE, context)
    return context


def valid_request_id(text: str | None) -> str | None:
    """Return the client's request id if it is short and harmless in a log line."""
    return text if text and _REQUEST_ID.fullmatch(text) else None


def parse_sequence(value: object) -> int | None:
    """Return a client's sequence number, or None for anything that is not one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _SEQUENCE.fullmatch(value):
        value = int(value)
    if isinstance(value, int) and abs(value) <= _SEQUENCE_MAX:
        return value
    return None
