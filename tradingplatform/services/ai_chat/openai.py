"""Any OpenAI-compatible endpoint as the analyst; the model plans, calls tools and writes."""

import json
import logging
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import stamina

from tradingplatform.errors import TradingPlatformError
from tradingplatform.services.ai_chat.base import (
    AiFailedError,
    AiRateLimitedError,
    AiStreamCutError,
    AiUnavailableError,
    Plan,
    PlanRequest,
    ToolCall,
    ToolOutcome,
    ToolSpec,
    Turn,
    Usage,
    WriteRequest,
)
from tradingplatform.services.base import without_secrets

if TYPE_CHECKING:
    from openai import OpenAI, Stream
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

logger = logging.getLogger(__name__)

T = TypeVar("T")

DEFAULT_BASE_URL = "https://api.openai.com/v1"
CONNECT_S, TOKEN_GAP_S = 2.0, 15.0
"""How long to wait for a connection, and for the next piece of an answer."""
ATTEMPTS, RETRY_WAIT_S, RETRY_WAIT_MAX_S, RETRY_WITHIN_S = 3, 0.3, 3.0, 12.0
"""Quick failures are tried again; together with one silence it stays below a worker's lease."""
PLAN_TOKENS_MAX, ANSWER_TOKENS_MAX = 600, 1500
ANSWER_CHARACTERS_MAX = 12_000
RESULT_CHARACTERS_MAX = 12_000
_CALLS_MAX = 8

Message = dict[str, Any]


class OpenAIChat:
    """A language model behind the chat completions API."""

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        base_url: str | None = None,
        token_gap_s: float = TOKEN_GAP_S,
    ) -> None:
        self._api_key = api_key
        self._model = model
        self._base_url = base_url or DEFAULT_BASE_URL
        self._token_gap_s = token_gap_s

    def plan(self, request: PlanRequest, usage: Usage) -> Plan:
        """Let the model choose tool calls; see AiChat.plan."""
        usage.model = self._model
        completion = _retried(lambda: self._completion(request))
        if completion.usage is not None:
            usage.add(
                input_tokens=completion.usage.prompt_tokens,
                output_tokens=completion.usage.completion_tokens,
            )
        return Plan(calls=_calls(completion.choices[0].message.tool_calls or []))

    def write(self, request: WriteRequest, usage: Usage) -> Iterator[str]:
        """Let the model write; see AiChat.write. Once text has come, nothing is tried again."""
        usage.model = self._model
        stream = _retried(lambda: self._stream(request))
        length, is_finished = 0, False
        for chunk in _guarded(stream):
            if chunk.usage is not None:
                usage.add(
                    input_tokens=chunk.usage.prompt_tokens,
                    output_tokens=chunk.usage.completion_tokens,
                )
            for choice in chunk.choices[:1]:
                is_finished = is_finished or choice.finish_reason is not None
                text = choice.delta.content or ""
                length += len(text)
                if length > ANSWER_CHARACTERS_MAX:
                    raise AiFailedError("The answer of the model does not end.")
                yield text
        if not is_finished:
            raise AiStreamCutError("The model broke off in the middle of an answer.")

    def ping(self) -> None:
        """Ask the endpoint for its model; raises AiUnavailableError and the like."""
        _translated(lambda: self._client.models.retrieve(self._model))

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    def describe(self) -> str:
        return f"{self._model} at {without_secrets(self._base_url)}"

    @cached_property
    def _client(self) -> "OpenAI":
        import httpx2
        from openai import OpenAI

        timeout = httpx2.Timeout(self._token_gap_s, connect=CONNECT_S)
        return OpenAI(
            api_key=self._api_key, base_url=self._base_url, timeout=timeout, max_retries=0
        )

    def _completion(self, request: PlanRequest) -> "ChatCompletion":
        from openai.types.chat import ChatCompletion

        create = cast("Callable[..., object]", self._client.chat.completions.create)
        completion = create(
            model=self._model,
            messages=plan_messages(request),
            tools=[_function(tool) for tool in request.tools],
            tool_choice="auto",
            temperature=0,
            max_tokens=PLAN_TOKENS_MAX,
        )
        # The client hands on as text what does not call itself JSON.
        if not isinstance(completion, ChatCompletion) or not completion.choices:
            raise AiFailedError("The model sent what is not an answer.")
        return completion

    def _stream(self, request: WriteRequest) -> "Stream[ChatCompletionChunk]":
        create = cast(
            "Callable[..., Stream[ChatCompletionChunk]]", self._client.chat.completions.create
        )
        return create(
            model=self._model,
            messages=write_messages(request),
            temperature=0,
            max_tokens=ANSWER_TOKENS_MAX,
            stream=True,
            stream_options={"include_usage": True},
        )


def plan_messages(request: PlanRequest) -> list[Message]:
    """Return the conversation up to the present outcomes, for choosing tools."""
    found = ", ".join(f"{each.symbol} = {each.name_en}" for each in request.find(request.question))
    hint = f"\nInstruments named in the question: {found}." if found else ""
    return [
        {
            "role": "system",
            "content": f"{request.instructions}\nNow: {request.now:%Y-%m-%d}.{hint}",
        },
        *_earlier(request.history),
        {"role": "user", "content": request.question},
        *_outcomes(request.outcomes),
    ]


def write_messages(request: WriteRequest) -> list[Message]:
    """Return the conversation with all outcomes, for writing the answer or a repair."""
    order = f"{request.instructions}\nNow: {request.now:%Y-%m-%d}. Write the answer now."
    messages = [
        {"role": "system", "content": order},
        *_earlier(request.history),
        {"role": "user", "content": request.question},
        *_outcomes(request.outcomes),
    ]
    if request.rejected:
        listed = "\n".join(f"- {sentence}" for sentence in request.rejected)
        messages.append(
            {
                "role": "system",
                "content": "These sentences of your draft state figures that no tool result "
                f"confirms:\n{listed}\nWrite only these again, with confirmed figures or none.",
            }
        )
    return messages


def _earlier(history: tuple[Turn, ...]) -> list[Message]:
    return [{"role": turn.role.lower(), "content": turn.content} for turn in history]


def _outcomes(outcomes: tuple[ToolOutcome, ...]) -> list[Message]:
    if not outcomes:
        return []
    calls = [
        {
            "id": outcome.call.call_id,
            "type": "function",
            "function": {
                "name": outcome.call.tool,
                "arguments": json.dumps(outcome.call.arguments),
            },
        }
        for outcome in outcomes
    ]
    results = [
        {
            "role": "tool",
            "tool_call_id": outcome.call.call_id,
            "content": _result_text(outcome),
        }
        for outcome in outcomes
    ]
    return [{"role": "assistant", "content": None, "tool_calls": calls}, *results]


def _result_text(outcome: ToolOutcome) -> str:
    content = {"error": outcome.error} if outcome.result is None else outcome.result
    return json.dumps(content, ensure_ascii=False)[:RESULT_CHARACTERS_MAX]


def _function(tool: ToolSpec) -> Message:
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }


def _calls(raw: list[Any]) -> tuple[ToolCall, ...]:
    """Read the model's calls; arguments that are no JSON object are left for the tool to refuse."""
    calls = []
    for number, each in enumerate(raw[:_CALLS_MAX], start=1):
        function = getattr(each, "function", None)
        if function is None:
            continue
        try:
            arguments = json.loads(function.arguments or "{}")
        except json.JSONDecodeError:
            arguments = {"malformed": function.arguments[:200]}
        if not isinstance(arguments, dict):
            arguments = {"malformed": str(arguments)[:200]}
        calls.append(ToolCall(each.id or f"call-{number}", function.name, arguments))
    return tuple(calls)


def _retried(ask: Callable[[], T]) -> T:
    """Ask up to three times with growing, jittered pauses; the only layer that retries a call."""
    for attempt in stamina.retry_context(
        on=(AiUnavailableError, AiRateLimitedError),
        attempts=ATTEMPTS,
        wait_initial=RETRY_WAIT_S,
        wait_max=RETRY_WAIT_MAX_S,
        timeout=RETRY_WITHIN_S,
    ):
        with attempt:
            return _translated(ask)
    raise AiUnavailableError("The model cannot be reached.")


def _guarded(stream: "Stream[ChatCompletionChunk]") -> "Iterator[ChatCompletionChunk]":
    chunks = iter(stream)
    try:
        while True:
            try:
                chunk = _translated(lambda: next(chunks, None))
            except AiUnavailableError as error:
                raise AiStreamCutError("The model broke off in the middle.") from error
            if chunk is None:
                return
            yield chunk
    finally:
        stream.close()


def _translated(ask: Callable[[], T]) -> T:
    """Run one exchange and turn the client's errors into ours."""
    import httpx2
    import openai

    try:
        return ask()
    except openai.RateLimitError as error:
        raise AiRateLimitedError("The model is asked too often.") from error
    except (openai.APIConnectionError, openai.InternalServerError, httpx2.HTTPError) as error:
        raise AiUnavailableError("The model cannot be reached.") from error
    except openai.APIError as error:
        raise _refused(error) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise AiFailedError("The model sent what is not an answer.") from error


def _refused(error: Exception) -> TradingPlatformError:
    logger.warning("The model refused a request", extra={"error": type(error).__name__})
    return AiFailedError("The model refused the request.")
