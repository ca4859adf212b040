"""What an analyst is given and gives back, whichever model it runs on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from tradingplatform.errors import (
    ErrorCode,
    LimitExceededError,
    UnavailableError,
    UpstreamError,
)

Language = Literal["en", "ko"]


class AiUnavailableError(UnavailableError):
    """The model cannot be reached or does not answer in time."""

    code = ErrorCode.AI_UNAVAILABLE


class AiStreamCutError(AiUnavailableError):
    """The model broke off in the middle of an answer; the answer must begin anew."""


class AiRateLimitedError(LimitExceededError):
    """The model's operator lets us ask no more for now."""

    code = ErrorCode.AI_RATE_LIMITED


class AiFailedError(UpstreamError):
    """The model refused the request or sent what is not an answer."""

    code = ErrorCode.AI_FAILED


@dataclass(frozen=True)
class Instrument:
    """What the planner must know of a tradable thing to find it in a sentence."""

    symbol: str
    name_en: str
    name_ko: str


@dataclass(frozen=True)
class ToolSpec:
    """One function offered to the planner; `parameters` is its JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """One call the planner wants; `call_id` ties its outcome to it."""

    call_id: str
    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class ToolOutcome:
    """What a call gave: a result, or an error in words that may be shown."""

    call: ToolCall
    result: dict[str, Any] | None
    error: str = ""
    error_code: str = ""


@dataclass(frozen=True)
class Turn:
    """One earlier message of the room."""

    role: Literal["USER", "ASSISTANT"]
    content: str


@dataclass
class Usage:
    """What an answer cost, added up over its calls."""

    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0

    def add(self, *, input_tokens: int, output_tokens: int) -> None:
        """Count one request to the model."""
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.requests += 1


@dataclass(frozen=True)
class PlanRequest:
    """A question with everything that may help to choose tools for it.

    `find` names the instruments a text mentions, in its order; `previous` are the calls of
    the room's last answer, for questions such as "and Samsung?"; `outcomes` is what this
    turn's earlier calls gave.
    """

    question: str
    language: Language
    now: datetime
    tools: tuple[ToolSpec, ...]
    find: Callable[[str], list[Instrument]]
    persona: str = ""
    instructions: str = ""
    history: tuple[Turn, ...] = ()
    previous: tuple[ToolCall, ...] = ()
    outcomes: tuple[ToolOutcome, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The calls to make now; `topic` says why there are none."""

    calls: tuple[ToolCall, ...] = ()
    topic: Literal["ANSWER", "GREETING", "HELP", "OFF_TOPIC", "UNKNOWN_INSTRUMENT"] = "ANSWER"
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class WriteRequest:
    """A question with the outcomes that its answer must rest on.

    `rejected` are sentences of the first draft whose figures no outcome confirms; they are
    to be written again without them.
    """

    question: str
    language: Language
    now: datetime
    plan: Plan
    outcomes: tuple[ToolOutcome, ...]
    persona: str = ""
    instructions: str = ""
    history: tuple[Turn, ...] = ()
    rejected: tuple[str, ...] = field(default=())


class AiChat(Protocol):
    """An analyst in two steps: choose tools, then write from their results."""

    def plan(self, request: PlanRequest, usage: Usage) -> Plan:
        """Choose the next tool calls, or none.

        Adds its cost to ``usage``. Raises AiUnavailableError, AiRateLimitedError or
        AiFailedError.
        """
        ...

    def write(self, request: WriteRequest, usage: Usage) -> Iterator[str]:
        """Yield the answer in pieces as they come; raises like ``plan``, also half-way."""
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...
