"""The path of a question: guard -> plan -> tools -> write -> ground -> finish.

A LangGraph StateGraph; langgraph is imported where the graph is built, in the worker only.
Both analysts run through it, so that both are guarded, grounded and streamed alike.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from chat.enums import ToolStatus
from chat.grounding import Evidence, Gate
from chat.guard import asks_for_advice, refusal_of
from chat.phrases import footer, phrase
from chat.tools.base import ToolArgumentError, ToolContext
from chat.tools.registry import TOOLS
from quant.errors import InsufficientDataError, QuantError
from tradingplatform import clock
from tradingplatform.api import policy
from tradingplatform.errors import TradingPlatformError
from tradingplatform.services.ai_chat import (
    AiChat,
    Instrument,
    Plan,
    PlanRequest,
    ToolCall,
    ToolOutcome,
    ToolSpec,
    Turn,
    Usage,
    WriteRequest,
)
from tradingplatform.services.ai_chat.base import AiUnavailableError, Language

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph
    from langgraph.runtime import Runtime


class Sink(Protocol):
    """Where an answer goes as it comes into being."""

    def text(self, piece: str) -> None:
        """Take confirmed text."""
        ...

    def tool(self, call: ToolCall, status: ToolStatus, outcome: ToolOutcome | None) -> None:
        """Take news of a tool call."""
        ...

    def beat(self) -> None:
        """Take the news that the answer is still being worked on; called often."""
        ...


@dataclass
class Asked:
    """One question with all that its answer may use; the context of one run of the graph."""

    question: str
    language: Language
    persona: str
    instructions: str
    history: tuple[Turn, ...]
    previous: tuple[ToolCall, ...]
    find: Callable[[str], list[Instrument]]
    tools: ToolContext
    ai: AiChat
    sink: Sink
    usage: Usage = field(default_factory=Usage)
    started: float = field(default_factory=clock.monotonic)

    def go_on(self) -> None:
        """Say that work goes on; raise AiUnavailableError when the turn has taken too long."""
        self.sink.beat()
        if clock.monotonic() - self.started > self.tools.limits.seconds_max:
            raise AiUnavailableError("The answer took too long.")


class State(TypedDict, total=False):
    """What the nodes hand on; a key that a node does not return stays as it is."""

    refusal: str
    first_plan: Plan
    plan: Plan
    outcomes: list[ToolOutcome]
    rounds: int
    rejected: list[str]
    wrote: bool
    removed: bool


def answer(asked: Asked) -> list[ToolOutcome]:
    """Run one question through the graph, writing to its sink; return what the tools gave."""
    start: State = {"outcomes": [], "rounds": 0, "rejected": [], "wrote": False}
    end = _graph().invoke(start, context=asked, config={"recursion_limit": 40})
    return list(end["outcomes"])


def warm_up() -> None:
    """Import and build what the first answer would wait for; nothing is asked or run."""
    _graph()


def tool_specs() -> tuple[ToolSpec, ...]:
    """Return every tool as the planner sees it."""
    return tuple(
        ToolSpec(name=tool.name, description=tool.description, parameters=tool.schema())
        for tool in TOOLS.values()
    )


@cache
def _graph() -> "CompiledStateGraph[State, Asked, State, State]":
    # What people ask goes to nobody's tracing service, whatever the environment says.
    os.environ.update(LANGSMITH_TRACING="false", LANGCHAIN_TRACING_V2="false")
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(State, context_schema=Asked)
    for name, node in _NODES.items():
        graph.add_node(name, node)
    graph.add_edge(START, "guard")
    graph.add_conditional_edges("guard", _after_guard, ["plan", "finish"])
    graph.add_conditional_edges("plan", _after_plan, ["tools", "write"])
    graph.add_edge("tools", "plan")
    graph.add_edge("write", "ground")
    graph.add_edge("ground", "finish")
    graph.add_edge("finish", END)
    return graph.compile()


def _guard(state: State, runtime: "Runtime[Asked]") -> State:
    return {"refusal": refusal_of(runtime.context.question)}


def _after_guard(state: State) -> str:
    return "finish" if state["refusal"] else "plan"


def _plan(state: State, runtime: "Runtime[Asked]") -> State:
    asked = runtime.context
    limits = asked.tools.limits
    asked.go_on()
    is_spent = state["rounds"] >= limits.rounds_max or len(state["outcomes"]) >= limits.calls_max
    plan = Plan() if is_spent else asked.ai.plan(_plan_request(asked, state), asked.usage)
    first = state.get("first_plan", plan)
    return {"plan": plan, "first_plan": first, "rounds": state["rounds"] + 1}


def _plan_request(asked: Asked, state: State) -> PlanRequest:
    return PlanRequest(
        question=asked.question,
        language=asked.language,
        now=asked.tools.now,
        tools=tool_specs(),
        find=asked.find,
        persona=asked.persona,
        instructions=asked.instructions,
        history=asked.history,
        previous=asked.previous,
        outcomes=tuple(state["outcomes"]),
    )


def _after_plan(state: State) -> str:
    return "tools" if state["plan"].calls else "write"


def _tools(state: State, runtime: "Runtime[Asked]") -> State:
    asked = runtime.context
    room = asked.tools.limits.calls_max - len(state["outcomes"])
    outcomes = list(state["outcomes"])
    for call in state["plan"].calls[:room]:
        asked.go_on()
        asked.sink.tool(call, ToolStatus.RUNNING, None)
        outcome = run_tool(call, asked.tools)
        status = ToolStatus.FAILED if outcome.result is None else ToolStatus.DONE
        asked.sink.tool(outcome.call, status, outcome)
        outcomes.append(outcome)
    return {"outcomes": outcomes}


def run_tool(call: ToolCall, ctx: ToolContext) -> ToolOutcome:
    """Run one call as the user of the context; an anticipated failure becomes its outcome."""
    tool = TOOLS.get(call.tool)
    if tool is None:
        error = f"there is no tool {call.tool[:40]}; the tools are {', '.join(TOOLS)}"
        return ToolOutcome(call, None, error, "TOOL_UNKNOWN")
    try:
        policy.enforce(policy.TOOLS.get(call.tool), ctx)
        arguments, result = tool(call.arguments, ctx)
    except ToolArgumentError as error:
        return ToolOutcome(call, None, str(error), "TOOL_ARGUMENTS_INVALID")
    except InsufficientDataError as error:
        return ToolOutcome(call, None, str(error), "INSUFFICIENT_DATA")
    except QuantError as error:
        return ToolOutcome(call, None, str(error), "NOT_COMPUTABLE")
    except TradingPlatformError as error:
        return ToolOutcome(call, None, error.message, error.code.value)
    return ToolOutcome(ToolCall(call.call_id, call.tool, arguments), result)


def _write(state: State, runtime: "Runtime[Asked]") -> State:
    gate = _written(runtime.context, state, rejected=())
    return {"rejected": gate.rejected, "wrote": gate.passed}


def _ground(state: State, runtime: "Runtime[Asked]") -> State:
    """Let the analyst write once more what its figures did not bear out."""
    if not state["rejected"]:
        return {"removed": False}
    gate = _written(runtime.context, state, rejected=tuple(state["rejected"]))
    is_repaired = gate.passed and not gate.rejected
    return {"removed": not is_repaired, "wrote": state["wrote"] or gate.passed}


def _written(asked: Asked, state: State, *, rejected: tuple[str, ...]) -> Gate:
    gate = Gate(evidence_of(asked.question, state["outcomes"]))
    request = WriteRequest(
        question=asked.question,
        language=asked.language,
        now=asked.tools.now,
        plan=state["first_plan"],
        outcomes=tuple(state["outcomes"]),
        persona=asked.persona,
        instructions=asked.instructions,
        history=asked.history,
        rejected=rejected,
    )
    lead = "\n" if rejected and state["wrote"] else ""
    for piece in _pieces(gate, asked, request):
        asked.sink.text(lead + piece)
        lead = ""
    return gate


def _pieces(gate: Gate, asked: Asked, request: WriteRequest) -> Iterator[str]:
    asked.go_on()
    for chunk in asked.ai.write(request, asked.usage):
        asked.go_on()
        yield from gate.feed(chunk)
    yield from gate.finish()


def evidence_of(question: str, outcomes: Iterable[ToolOutcome]) -> Evidence:
    """Return every figure that an answer to this question may state.

    The arguments of a call that failed are none: the model may have made them up.
    """
    evidence = Evidence()
    evidence.add_text(question)
    for outcome in outcomes:
        if outcome.result is not None:
            evidence.add(outcome.call.arguments)
            evidence.add(outcome.result)
    return evidence


def _finish(state: State, runtime: "Runtime[Asked]") -> State:
    asked = runtime.context
    if state["refusal"]:
        asked.sink.text(phrase(asked.language, f"refused.{state['refusal']}"))
        return {}
    lines = [] if state["wrote"] else [phrase(asked.language, "nothing_left")]
    if state["removed"]:
        lines.append(phrase(asked.language, "removed"))
    notes = footer(
        state["outcomes"],
        language=asked.language,
        is_advice=asks_for_advice(asked.question),
    )
    if state["wrote"] and (lines or notes):
        asked.sink.text("\n\n")
    asked.sink.text(" ".join([*lines, *notes]))
    return {}


_NODES: dict[str, Callable[..., Any]] = {
    "guard": _guard,
    "plan": _plan,
    "tools": _tools,
    "write": _write,
    "ground": _ground,
    "finish": _finish,
}
