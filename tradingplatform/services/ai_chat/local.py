"""The local analyst: plans by patterns and writes by templates; no key and no network."""

from collections.abc import Iterator
from typing import Any

from tradingplatform.services.ai_chat.base import (
    Plan,
    PlanRequest,
    ToolCall,
    Usage,
    WriteRequest,
)
from tradingplatform.services.ai_chat.intents import RISK_LOOKBACK_DAYS_MIN, Reading, read
from tradingplatform.services.ai_chat.locale import lexicon
from tradingplatform.services.ai_chat.writer import answer_lines

MARKET, TECHNICAL = "market_data", "technical_analysis"
RISK, PORTFOLIO = "value_at_risk", "portfolio_summary"
MODEL = "local-analyst"
_NO_SYMBOLS: tuple[str, ...] = ()


class LocalAnalyst:
    """Understands Korean and English questions about prices, indicators, risk and holdings."""

    def plan(self, request: PlanRequest, usage: Usage) -> Plan:
        """Choose every call at once; a second round has nothing to add."""
        usage.model = MODEL
        if request.outcomes:
            return Plan()
        reading = read(request)
        offered = {tool.name for tool in request.tools}
        calls = _numbered(
            (tool, arguments) for tool, arguments in _calls(reading, request) if tool in offered
        )
        if calls:
            return Plan(calls=calls, unknown=reading.unknown)
        return _without_calls(reading, request)

    def write(self, request: WriteRequest, usage: Usage) -> Iterator[str]:
        """Yield the answer line by line."""
        usage.model = MODEL
        if not request.rejected:
            yield from answer_lines(request)

    def ping(self) -> None:
        return

    def close(self) -> None:
        return

    def describe(self) -> str:
        return "local analyst; patterns and templates, no model and no network"


def _calls(reading: Reading, request: PlanRequest) -> Iterator[tuple[str, dict[str, Any]]]:
    if reading.unknown and not reading.symbols:
        return
    if not reading.has_topic:
        yield from _calls_by_context(reading, request)
        return
    symbols = reading.symbols or _earlier_symbols(reading, request)
    if _wants_summary(reading):
        yield PORTFOLIO, {}
    if symbols and _wants_market(reading):
        yield MARKET, _market_arguments(reading, symbols)
    if symbols and (reading.is_technical or reading.is_advice):
        yield TECHNICAL, {"symbols": list(symbols)}
    if reading.is_risk or (symbols and _adds_risk(reading, request)):
        yield RISK, _risk_arguments(reading, symbols)


def _calls_by_context(
    reading: Reading, request: PlanRequest
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read "and Samsung?" and "at 99 %?" as the room's last question with that changed."""
    if reading.symbols and not request.previous:
        yield MARKET, _market_arguments(reading, reading.symbols)
    elif reading.symbols or reading.changes_figures:
        for call in request.previous:
            yield call.tool, _changed(call, reading)


def _changed(call: ToolCall, reading: Reading) -> dict[str, Any]:
    arguments = dict(call.arguments)
    if reading.symbols and call.tool != PORTFOLIO:
        arguments["symbols"] = list(reading.symbols)
        arguments.pop("weights", None)
        arguments.pop("portfolio_id", None)
    wanted = {
        "confidence": reading.confidence,
        "horizon_days": reading.horizon_days or _horizon_in_follow_up(call, reading),
        "lookback_days": None if call.tool == RISK else reading.lookback_days,
        "method": reading.method,
    }
    return arguments | {
        name: value for name, value in wanted.items() if name in arguments and value is not None
    }


def _horizon_in_follow_up(call: ToolCall, reading: Reading) -> int | None:
    return reading.lookback_days if call.tool == RISK else None


def _wants_summary(reading: Reading) -> bool:
    if reading.symbols and not reading.is_portfolio:
        return False
    if reading.is_portfolio:
        return not reading.is_risk or reading.asks_several
    asks_own = reading.is_own and (reading.is_market or reading.is_technical or reading.is_advice)
    return asks_own and not reading.is_risk


def _wants_market(reading: Reading) -> bool:
    if reading.is_advice:
        return True
    if reading.is_portfolio and not reading.symbols:
        return False
    return reading.is_market or not (
        reading.is_risk or reading.is_technical or reading.is_portfolio
    )


def _adds_risk(reading: Reading, request: PlanRequest) -> bool:
    return request.persona == "RISK_MANAGER" and (reading.is_market or reading.is_advice)


def _earlier_symbols(reading: Reading, request: PlanRequest) -> tuple[str, ...]:
    """Return the symbols the room last spoke of, unless the question is about one's own."""
    if reading.is_portfolio or reading.is_own:
        return _NO_SYMBOLS
    for call in request.previous:
        if call.arguments.get("symbols"):
            return tuple(call.arguments["symbols"])
    return _NO_SYMBOLS


def _market_arguments(reading: Reading, symbols: tuple[str, ...]) -> dict[str, Any]:
    arguments: dict[str, Any] = {"symbols": list(symbols)}
    if reading.lookback_days:
        arguments["lookback_days"] = reading.lookback_days
    return arguments


def _risk_arguments(reading: Reading, symbols: tuple[str, ...]) -> dict[str, Any]:
    lookback_days = reading.lookback_days
    wanted: dict[str, Any] = {
        "symbols": list(symbols) or None,
        "weights": list(reading.weights) or None,
        "confidence": reading.confidence,
        "horizon_days": reading.horizon_days,
        "lookback_days": lookback_days and max(lookback_days, RISK_LOOKBACK_DAYS_MIN),
        "method": reading.method,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _numbered(calls: Iterator[tuple[str, dict[str, Any]]]) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(call_id=f"call-{number}", tool=tool, arguments=arguments)
        for number, (tool, arguments) in enumerate(calls, start=1)
    )


def _without_calls(reading: Reading, request: PlanRequest) -> Plan:
    if reading.unknown:
        return Plan(topic="UNKNOWN_INSTRUMENT", unknown=reading.unknown)
    if lexicon.GREETING.search(request.question):
        return Plan(topic="GREETING")
    if lexicon.HELP.search(request.question):
        return Plan(topic="HELP")
    return Plan(topic="UNKNOWN_INSTRUMENT" if reading.has_topic else "OFF_TOPIC")
