"""One worker's part: claim an answer, run the graph, and save what comes as it comes."""

from typing import Any
from uuid import UUID

from chat import graph, selectors, services
from chat.enums import Role, ToolStatus
from chat.errors import AnswerSupersededError
from chat.guard import language_of
from chat.instruments import instruments_in
from chat.personas import instructions_of
from chat.tools.base import ToolContext
from tradingplatform import clock
from tradingplatform.errors import ErrorCode, LimitExceededError, UnavailableError, UpstreamError
from tradingplatform.jobs import enqueue
from tradingplatform.services import services as platform
from tradingplatform.services.ai_chat import ToolCall, ToolOutcome, Turn, Usage
from tradingplatform.services.ai_chat.base import AiStreamCutError, Language

FLUSH_S = 0.08
FLUSH_CHARACTERS = 240
BEAT_S = 5.0
RESTART_WITHIN_S = 30.0


class AnswerSink:
    """Saves text and tool news of one attempt, in batches small enough to look alive."""

    def __init__(self, ticket: services.AnswerTicket) -> None:
        self._ticket = ticket
        self._text = ""
        self._flushed_at = clock.monotonic()

    def text(self, piece: str) -> None:
        """Keep text until the batch is old or long enough."""
        self._text += piece
        is_due = clock.monotonic() - self._flushed_at >= FLUSH_S
        if is_due or len(self._text) >= FLUSH_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Save the batch. Raises AnswerSupersededError."""
        if self._text:
            services.answer_append(ticket=self._ticket, text=self._text)
        self._text = ""
        self._flushed_at = clock.monotonic()

    def beat(self) -> None:
        """Save text that waits, or renew the hold on the answer when there is none. As `flush`."""
        silence_s = clock.monotonic() - self._flushed_at
        if self._text and silence_s >= FLUSH_S:
            self.flush()
        elif silence_s >= BEAT_S:
            services.answer_touch(ticket=self._ticket)
            self._flushed_at = clock.monotonic()

    def tool(self, call: ToolCall, status: ToolStatus, outcome: ToolOutcome | None) -> None:
        """Tell how far a call is. Raises AnswerSupersededError."""
        self.flush()
        event: dict[str, Any] = {
            "tool": call.tool,
            "status": status.value,
            "arguments": call.arguments,
        }
        if outcome is not None:
            event["result"] = outcome.result
            event["error"] = outcome.error or None
        services.answer_tool_event(ticket=self._ticket, event=event)


def message_answer(*, account_db_key: int, question_id: UUID) -> None:
    """Answer a question, unless that is done or being done; called twice it answers once.

    When the model breaks off in the middle, the answer begins anew from an empty text, at most
    `services.ATTEMPTS_MAX` times in all. When it cannot be reached, which its client has tried
    more than once, the answer is FAILED with the code of the error.
    """
    started = clock.monotonic()
    ticket = services.answer_claim(account_db_key=account_db_key, question_id=question_id)
    # What is begun too late would run into the job's time limit; the sweep takes it up.
    while ticket is not None and clock.monotonic() - started < RESTART_WITHIN_S:
        try:
            ticket = _attempt(ticket)
        except AnswerSupersededError:
            return


def answers_resume() -> int:
    """Start the job of every open answer that no worker has touched lately; return how many."""
    count = 0
    for account_db_key, question_id in selectors.open_answers(before=clock.now() - services.LEASE):
        enqueue("chat.message_answer", account_db_key=account_db_key, aggregate_id=str(question_id))
        count += 1
    return count


def _attempt(ticket: services.AnswerTicket) -> services.AnswerTicket | None:
    """Write one answer; return the ticket of the next attempt when the model failed."""
    try:
        _write(ticket)
    except AnswerSupersededError:
        raise
    except AiStreamCutError as error:
        renewed = services.answer_restart(ticket=ticket)
        if renewed is None:
            services.answer_fail(ticket=ticket, error_code=error.code.value)
        return renewed
    except (LimitExceededError, UpstreamError, UnavailableError) as error:
        services.answer_fail(ticket=ticket, error_code=error.code.value)
    except Exception:
        # A bug: the user learns that it failed, the operator finds the dead letter.
        services.answer_fail(ticket=ticket, error_code=ErrorCode.INTERNAL_ERROR.value)
        raise
    return None


def _write(ticket: services.AnswerTicket) -> None:
    context = selectors.answer_context(
        account_db_key=ticket.account_db_key, question_id=ticket.question_id
    )
    language = language_of(context.question)
    sink, usage = AnswerSink(ticket), Usage()
    outcomes = graph.answer(
        graph.Asked(
            question=context.question,
            language=language,
            persona=context.persona,
            instructions=instructions_of(context.persona),
            history=_turns(context.history),
            previous=_calls(context.previous_calls),
            find=instruments_in,
            tools=ToolContext(account_db_key=ticket.account_db_key, now=clock.now()),
            ai=platform.ai_chat,
            sink=sink,
            usage=usage,
        )
    )
    sink.flush()
    services.answer_finish(
        ticket=ticket,
        tool_calls=[_record(outcome) for outcome in outcomes],
        usage=_usage(usage, language),
    )


def _turns(history: tuple[tuple[str, str], ...]) -> tuple[Turn, ...]:
    return tuple(
        Turn(role="USER" if role == Role.USER else "ASSISTANT", content=content)
        for role, content in history
    )


def _calls(records: tuple[dict[str, Any], ...]) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(call_id=f"earlier-{number}", tool=record["tool"], arguments=record["arguments"])
        for number, record in enumerate(records, start=1)
    )


def _record(outcome: ToolOutcome) -> dict[str, Any]:
    """Return one call as the message object shows it."""
    result = outcome.result or {}
    return {
        "tool": outcome.call.tool,
        "arguments": outcome.call.arguments,
        "result": outcome.result,
        "source": result.get("source"),
        "as_of": result.get("as_of"),
        "error": outcome.error or None,
    }


def _usage(usage: Usage, language: Language) -> dict[str, Any]:
    return {
        "model": usage.model,
        "language": language,
        "requests": usage.requests,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
    }
