"""Client frames: what a socket accepts, validated once at the edge."""

from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from tradingplatform.realtime.errors import FrameInvalidError, FrameTooLargeError

MAX_FRAME_BYTES = 64 * 1024
MAX_STREAMS = 200
_MAX_NAMES_IN_FRAME = 1000
_INT64 = 2**63

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f]+$")]
Names = Annotated[list[Name], Field(max_length=_MAX_NAMES_IN_FRAME)]


class ClientFrame(BaseModel):
    """What every client frame may carry."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    sequence: int = Field(default=0, ge=-_INT64, lt=_INT64)


class AuthFrame(ClientFrame):
    type: Literal["auth"]
    token: str | None = Field(default=None, min_length=1, max_length=8192)
    api_key: str | None = Field(default=None, min_length=1, max_length=128)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.token is None) == (self.api_key is None):
            message = "Send either token or api_key."
            raise ValueError(message)
        return self


class SubscribeFrame(ClientFrame):
    type: Literal["subscribe"]
    symbols: Names = []
    indices: Names = []
    streams: Names = []

    def names(self) -> list[str]:
        """Return the stream names asked for, each once, in order."""
        quotes = [f"market:{name}" for name in (*self.symbols, *self.indices)]
        return list(dict.fromkeys([*quotes, *self.streams]))


class UnsubscribeFrame(SubscribeFrame):
    type: Literal["unsubscribe"]  # type: ignore[assignment]


class ChatFrame(ClientFrame):
    type: Literal["chat"]
    room_id: Name
    client_message_id: Name
    content: str = Field(min_length=1)


class CancelFrame(ClientFrame):
    type: Literal["cancel"]
    message_id: Name


class ResumeFrame(ClientFrame):
    type: Literal["resume"]
    stream: Name
    epoch: str = Field(max_length=64)
    seq: int = Field(ge=0, lt=_INT64)


class PingFrame(ClientFrame):
    type: Literal["ping"]


AnyClientFrame = Annotated[
    AuthFrame
    | SubscribeFrame
    | UnsubscribeFrame
    | ChatFrame
    | CancelFrame
    | ResumeFrame
    | PingFrame,
    Field(discriminator="type"),
]
_adapter: TypeAdapter[AnyClientFrame] = TypeAdapter(AnyClientFrame)


def parse(text: str | None) -> AnyClientFrame:
    """Return the frame that ``text`` spells (None stands for a binary one).

    Raises FrameTooLargeError, or FrameInvalidError that names what is wrong.
    """
    if text is None:
        raise FrameInvalidError("Frames are text, not binary.")
    if len(text) > MAX_FRAME_BYTES or len(text.encode()) > MAX_FRAME_BYTES:
        raise FrameTooLargeError(
            f"A frame may have {MAX_FRAME_BYTES} bytes.", limit=MAX_FRAME_BYTES
        )
    body = _object(text)
    try:
        return _adapter.validate_python(body)
    except ValidationError as error:
        raise FrameInvalidError(
            "The frame does not fit its type.", fields=_fields(error), sequence=sequence_of(body)
        ) from None


def sequence_of(body: dict[str, Any]) -> int:
    """Return the client's sequence if it is usable, else 0."""
    sequence = body.get("sequence", 0)
    usable = isinstance(sequence, int) and not isinstance(sequence, bool)
    return sequence if usable and -_INT64 <= sequence < _INT64 else 0


def _object(text: str) -> dict[str, Any]:
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise FrameInvalidError(f"The frame is not JSON: {error.msg}.") from None
    if not isinstance(body, dict):
        raise FrameInvalidError("The frame is not a JSON object.")
    return body


def _fields(error: ValidationError) -> dict[str, str]:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return {
        ".".join(str(part) for part in problem["loc"]) or "type": problem["msg"]
        for problem in problems[:10]
    }
