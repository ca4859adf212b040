"""Server frames: encoded once, whatever the number of sockets they go to."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any

import orjson

from tradingplatform import clock
from tradingplatform.errors import TradingPlatformError
from tradingplatform.realtime.sources import Position

_FINAL_TEXT = 0x81
_SHORT, _MEDIUM = 126, 127


class ServerFrame(StrEnum):
    """The frame types of the kernel itself; apps add their own (docs/asyncapi.yaml)."""

    ERROR = "error"
    HEARTBEAT = "heartbeat"
    PONG = "pong"
    RESYNC_REQUIRED = "resync_required"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"


class Frame:
    """One message to clients; each form it takes on the way is made once."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload

    @cached_property
    def wire(self) -> bytes:
        """Return the WebSocket frame (RFC 6455 §5.2): text, final, unmasked, uncompressed."""
        size = len(self.payload)
        if size < _SHORT:
            return bytes((_FINAL_TEXT, size)) + self.payload
        if size < 1 << 16:
            return bytes((_FINAL_TEXT, _SHORT)) + size.to_bytes(2, "big") + self.payload
        return bytes((_FINAL_TEXT, _MEDIUM)) + size.to_bytes(8, "big") + self.payload

    @cached_property
    def text(self) -> str:
        """Return the payload as the string that an ASGI event carries."""
        return self.payload.decode()

    @cached_property
    def position(self) -> Position | None:
        """Return the frame's place in its stream; None for frames outside any order."""
        try:
            body = orjson.loads(self.payload)
        except orjson.JSONDecodeError:
            return None
        return position_of(body) if isinstance(body, dict) else None


def position_of(body: Mapping[str, Any]) -> Position | None:
    """Return the place that a decoded frame names."""
    epoch, seq = body.get("epoch"), body.get("seq")
    if epoch is None or not isinstance(seq, int):
        return None
    return Position(str(epoch), seq)


def encode(body: Mapping[str, Any]) -> Frame:
    """Return ``body`` as a frame; what JSON lacks (Decimal, say) travels as text."""
    return Frame(orjson.dumps(body, default=str))


def timestamp() -> str:
    """Return the instant in the form frames carry."""
    return clock.now().isoformat()


def error_frame(error: TradingPlatformError, sequence: int) -> Frame:
    """Return the error object of REST as a frame."""
    return encode(
        {
            "type": ServerFrame.ERROR,
            "errorCode": error.code,
            "message": error.message,
            "sequence": sequence,
            "details": error.details,
        }
    )


def positions_body(positions: Mapping[str, Position]) -> dict[str, dict[str, object]]:
    """Return stream positions in the form that ``subscribed`` and ``heartbeat`` carry."""
    return {name: {"epoch": place.epoch, "seq": place.seq} for name, place in positions.items()}
