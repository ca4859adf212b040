import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chat.graph import tool_specs
from chat.guard import language_of, refusal_of
from chat.instruments import InstrumentFinder
from chat.tests.golden import GOLDEN
from chat.tools.registry import TOOLS
from tradingplatform.services.ai_chat import Instrument, PlanRequest, ToolCall, Usage
from tradingplatform.services.ai_chat.local import LocalAnalyst

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

CATALOGUE = Path(__file__).parents[2] / "market" / "sample" / "instruments.csv"


def finder():
    with CATALOGUE.open() as lines:
        rows = list(csv.DictReader(lines))
    return InstrumentFinder(
        tuple(Instrument(row["symbol"], row["name_en"], row["name_ko"]) for row in rows)
    )


FIND = finder()


def planned(golden):
    request = PlanRequest(
        question=golden.question,
        language=language_of(golden.question),
        now=datetime(2026, 11, 23, tzinfo=UTC),
        tools=tool_specs(),
        find=FIND,
        persona=golden.persona,
        previous=tuple(
            ToolCall(f"earlier-{n}", tool, arguments)
            for n, (tool, arguments) in enumerate(golden.previous)
        ),
    )
    return LocalAnalyst().plan(request, Usage())


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: ascii(golden.question))
def test_each_question_takes_its_way(golden):
    assert refusal_of(golden.question) == golden.refusal
    if golden.refusal:
        return

    plan = planned(golden)

    assert [call.tool for call in plan.calls] == [tool for tool, _ in golden.calls]
    assert plan.topic == golden.topic
    for call, (_, expected) in zip(plan.calls, golden.calls, strict=True):
        for name, value in expected.items():
            assert call.arguments.get(name) == pytest.approx(value), name
        if call.tool == "value_at_risk" and "symbols" not in expected:
            assert "symbols" not in call.arguments


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: ascii(golden.question))
def test_planned_arguments_fit_their_tool(golden):
    for call in planned(golden).calls:
        TOOLS[call.tool].args.model_validate(call.arguments)


def test_the_golden_set_is_large_enough_and_speaks_both_languages():
    languages = [language_of(golden.question) for golden in GOLDEN]

    assert len(GOLDEN) >= 60
    assert min(languages.count("en"), languages.count("ko")) >= 25


@pytest.mark.parametrize(
    ("_case", "text", "symbols"),
    [
        ("ticker in lower case", "price of aapl", ["AAPL"]),
        ("two letters in lower case are a word", "ok go hd video", []),
        ("two letters in capitals", "KO or GE", ["KO", "GE"]),
        ("longest name wins", "삼성전자와 삼성SDI", ["005930", "006400"]),
        ("a particle follows", "애플의 주가가", ["AAPL"]),
        ("named twice", "AAPL, Apple, 애플", ["AAPL"]),
        ("inside another word", "pineapple", []),
        ("in order of the text", "MSFT AAPL", ["MSFT", "AAPL"]),
        ("an alias", "삼전 하이닉스 현대차", ["005930", "000660", "005380"]),
    ],
)
def test_instruments_are_found_in_texts(_case, text, symbols):
    assert [instrument.symbol for instrument in FIND(text)] == symbols


def test_every_instrument_is_found_by_its_symbol_and_names():
    for instrument in FIND.instruments:
        for name in (instrument.symbol, instrument.name_en, instrument.name_ko):
            assert [found.symbol for found in FIND(f"? {name} ?")] == [instrument.symbol]
