from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingplatform.services.ai_chat.base import Instrument, PlanRequest, ToolSpec, Usage
from tradingplatform.services.ai_chat.intents import read
from tradingplatform.services.ai_chat.local import LocalAnalyst

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

APPLE, SAMSUNG = Instrument("AAPL", "Apple", "애플"), Instrument("005930", "Samsung", "삼성전자")
TOOLS = tuple(
    ToolSpec(name, "", {})
    for name in ("market_data", "technical_analysis", "value_at_risk", "portfolio_summary")
)


def find(text):
    return [each for each in (APPLE, SAMSUNG) if each.symbol in text or each.name_ko in text]


def request(question, tools=TOOLS):
    return PlanRequest(
        question=question,
        language="en",
        now=datetime(2026, 11, 23, tzinfo=UTC),
        tools=tools,
        find=find,
    )


@pytest.mark.parametrize(
    ("question", "confidence"),
    [
        ("99% VaR of AAPL", 0.99),
        ("VaR at 97.5 percent", 0.975),
        ("신뢰수준 90% VaR", 0.90),
        ("VaR(99) of AAPL", 0.99),
        ("confidence level of 95", 0.95),
        ("95 confidence", 0.95),
        ("AAPL rose 3% VaR", None),
        ("100% VaR", None),
        ("VaR of 60% AAPL and 40% 005930 at 99% over 10 days", 0.99),
        ("99% VaR: AAPL 30%, 005930 70%", 0.99),
        ("VaR of 60% AAPL and 40% 005930", None),
        ("AAPL VaR", None),
    ],
)
def test_confidence(question, confidence):
    assert read(request(question)).confidence == (confidence and pytest.approx(confidence))


@pytest.mark.parametrize(
    ("question", "horizon", "lookback"),
    [
        ("10-day VaR", 10, None),
        ("VaR over two weeks", 10, None),
        ("1개월 VaR", 21, None),
        ("10일 VaR, 최근 2년", 10, 504),
        ("VaR over the last 3 years", None, 756),
        ("지난 반년 VaR", None, 126),
        ("one-month VaR from the past year", 21, 252),
        ("99999 day VaR", None, None),
        ("9999 day VaR", 250, None),
    ],
)
def test_horizon_and_lookback_of_a_risk_question(question, horizon, lookback):
    reading = read(request(question))

    assert (reading.horizon_days, reading.lookback_days) == (horizon, lookback)


@pytest.mark.parametrize(
    ("question", "lookback"),
    [
        ("AAPL 1 year return", 252),
        ("삼성전자 한 달 수익률", 21),
        ("last quarter of AAPL", 63),
        ("최근 3개월", 63),
        ("AAPL over half a year", 126),
        ("AAPL last half year", 126),
        ("AAPL last 50 years", 2520),
        ("AAPL last 1 day", 5),
        ("AAPL price", None),
    ],
)
def test_lookback_of_other_questions(question, lookback):
    assert read(request(question)).lookback_days == lookback


@pytest.mark.parametrize(
    ("question", "weights"),
    [
        ("AAPL 60% 005930 40% VaR", (0.6, 0.4)),
        ("AAPL and 005930 7:3 VaR", (0.7, 0.3)),
        ("AAPL and 005930 1대1 VaR", (0.5, 0.5)),
        ("AAPL 60% 005930 60% VaR", ()),
        ("AAPL 100% VaR", ()),
        ("60% AAPL and 40% 005930 VaR at 99%", (0.6, 0.4)),
        ("99% VaR: AAPL 30%, 005930 70%", (0.3, 0.7)),
    ],
)
def test_weights(question, weights):
    assert read(request(question)).weights == pytest.approx(weights)


def test_only_offered_tools_are_called():
    plan = LocalAnalyst().plan(request("AAPL price", tools=TOOLS[1:]), Usage())

    assert plan.calls == ()


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text):
    LocalAnalyst().plan(request(f"{text} AAPL VaR {text}"), Usage())
    LocalAnalyst().plan(request(text), Usage())
