import json
import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import time_machine

from chat.tests.factories import JOON, MINA, bars_walk, market_make
from chat.tools.base import ToolArgumentError, ToolContext
from chat.tools.registry import TOOLS
from market.bar_selectors import bars_get
from market.errors import SymbolUnknownError
from market.panel_selectors import price_panel
from market.rules import exchange_timezone
from market.tests.factories import bar_make, instrument_make
from portfolio.errors import PortfolioNotFoundError
from portfolio.tests.factories import portfolio_make
from quant import drawdown, indicators, performance, returns, risk, tail_risk
from quant.errors import InsufficientDataError
from tradingplatform.clock import now

pytestmark = pytest.mark.django_db(databases="__all__")

SNAPSHOT = Path(__file__).parent / "tool_schemas.json"


def run(name, key=MINA, **arguments):
    return TOOLS[name](arguments, ToolContext(account_db_key=key, now=now()))[1]


def test_schemas_are_the_committed_ones():
    """Re-record with RECORD_SNAPSHOTS=1 and look at the difference."""
    schemas = {name: tool.schema() for name, tool in TOOLS.items()}
    if os.environ.get("RECORD_SNAPSHOTS"):
        SNAPSHOT.write_text(json.dumps(schemas, indent=2, sort_keys=True) + "\n")

    assert schemas == json.loads(SNAPSHOT.read_text())


def test_every_argument_and_figure_is_described():
    for tool in TOOLS.values():
        for name, field in tool.args.model_fields.items():
            assert field.description, f"{tool.name}.{name}"
        for name, field in tool.result.model_fields.items():
            if name not in {"instruments", "portfolios", "estimates"}:
                described = field.description or name in {"method", "confidence", "horizon_days"}
                assert described, f"{tool.name}.{name}"


def test_identity_is_no_argument():
    names = {name for tool in TOOLS.values() for name in tool.args.model_fields}

    assert not {name for name in names if "account" in name or "user" in name}


@pytest.mark.parametrize(
    ("_case", "tool", "arguments"),
    [
        ("no symbol", "market_data", {"symbols": []}),
        ("too many", "market_data", {"symbols": [f"S{n}" for n in range(11)]}),
        ("injection", "market_data", {"symbols": ["AAPL'; DROP TABLE x"]}),
        ("window", "market_data", {"symbols": ["AAPL"], "lookback_days": 0}),
        ("unknown name", "market_data", {"symbols": ["AAPL"], "account_db_key": 8}),
        ("confidence", "value_at_risk", {"symbols": ["AAPL"], "confidence": 95}),
        ("weights", "value_at_risk", {"symbols": ["AAPL"], "weights": [0.5, 0.5]}),
        ("negative", "value_at_risk", {"symbols": ["A", "B"], "weights": [1, -1]}),
        ("twice", "value_at_risk", {"symbols": ["AAPL", "aapl"]}),
        ("method", "value_at_risk", {"symbols": ["AAPL"], "method": "magic"}),
        ("not a uuid", "portfolio_summary", {"portfolio_id": "1"}),
    ],
)
def test_malformed_arguments_go_back_to_the_planner(_case, tool, arguments):
    with pytest.raises(ToolArgumentError):
        run(tool, **arguments)


def test_market_data_equals_quant():
    market_make()
    closes = bars_get(symbol="AAPL", limit=64).closes()

    result = run("market_data", symbols=["AAPL"])

    window = result["instruments"][0]["window"]
    daily = returns.simple_returns(closes)
    assert window["trading_days"] == 63
    assert window["total_return"] == performance.total_return(closes)
    assert window["annualised_volatility"] == risk.volatility(daily, periods_per_year=252)
    assert window["max_drawdown"] == drawdown.max_drawdown(closes).depth
    assert window["sharpe_ratio"] == performance.sharpe_ratio(daily, periods_per_year=252)
    assert result["instruments"][0]["price"] == "182.41"
    assert result["source"] == "SAMPLE"
    assert {"SAMPLE_DATA", "GENERATED_BARS"} <= set(result["caveats"])


def test_technical_analysis_equals_quant():
    market_make()
    bars = bars_get(symbol="005930", limit=301)

    row = run("technical_analysis", symbols=["005930"])["instruments"][0]

    assert row["rsi"] == indicators.relative_strength_index(bars.closes())[-1]
    macd = indicators.moving_average_convergence_divergence(bars.closes())
    assert (row["macd"], row["macd_signal"]) == (macd.line[-1], macd.signal[-1])
    bands = indicators.bollinger_bands(bars.closes())
    assert (row["bollinger_upper"], row["bollinger_lower"]) == (bands.upper[-1], bands.lower[-1])
    atr = indicators.average_true_range(bars.highs(), bars.lows(), bars.closes())
    assert row["atr"] == atr[-1]
    stochastic = indicators.stochastic_oscillator(bars.highs(), bars.lows(), bars.closes())
    assert row["stochastic_k"] == stochastic.percent_k[-1]
    assert row["name_ko"] == "삼성전자"


@time_machine.travel(datetime(2026, 11, 25, 12, tzinfo=UTC), tick=False)
def test_a_bar_of_the_present_day_is_said_to_be_unfinished():
    aapl = market_make()["AAPL"]
    assert "SESSION_OPEN" not in run("technical_analysis", symbols=["AAPL"])["caveats"]

    bar_make(aapl, now().astimezone(exchange_timezone("NASDAQ")).date(), "150")

    assert "SESSION_OPEN" in run("technical_analysis", symbols=["AAPL"])["caveats"]


@pytest.mark.parametrize("method", ["historical", "gaussian", "cornish_fisher"])
def test_value_at_risk_equals_quant(method):
    market_make()
    panel = price_panel(symbols=["AAPL", "MSFT"])
    daily = returns.panel_returns(panel.closes[-253:])
    weights = [0.6, 0.4]
    expected = tail_risk.portfolio_tail_risk(
        daily, weights, method=method, confidence=0.99, horizon_periods=10
    )

    result = run(
        "value_at_risk",
        symbols=["AAPL", "MSFT"],
        weights=weights,
        method=method,
        confidence=0.99,
        horizon_days=10,
        lookback_days=252,
    )

    estimate = result["estimates"][0]
    assert estimate["value_at_risk"] == expected.value_at_risk
    assert estimate["expected_shortfall"] == expected.expected_shortfall
    assert estimate["observations"] == 252
    assert estimate["risk_shares"] == risk.gaussian_risk_shares(daily, weights).tolist()
    assert estimate["value"] is None
    assert "SQUARE_ROOT_OF_TIME" in result["caveats"]


def test_symbols_without_weights_count_equally_and_say_so():
    market_make()

    result = run("value_at_risk", symbols=["AAPL", "005930"])

    assert result["estimates"][0]["weights"] == [0.5, 0.5]
    assert {"EQUAL_WEIGHTS", "LOCAL_CURRENCY_RETURNS"} <= set(result["caveats"])


def test_an_unknown_symbol_is_an_error_not_a_number():
    with pytest.raises(SymbolUnknownError):
        run("market_data", symbols=["NOPE"])


def test_too_little_history_is_an_error_not_a_number():
    bars_walk(instrument_make("KO"), start=50.0, seed=5, n_bars=20)

    with pytest.raises(InsufficientDataError):
        run("technical_analysis", symbols=["KO"])


def test_bars_without_a_return_are_an_error_not_a_number():
    bars_walk(instrument_make("KO"), start=50.0, seed=5, n_bars=1)

    with pytest.raises(InsufficientDataError):
        run("value_at_risk", symbols=["KO"])


def test_nobody_without_a_portfolio_gets_figures():
    assert run("portfolio_summary")["caveats"] == ["NO_PORTFOLIO"]
    assert run("value_at_risk")["estimates"] == []


def test_a_foreign_portfolio_is_not_found():
    theirs = portfolio_make(JOON)

    for tool in ("portfolio_summary", "value_at_risk"):
        with pytest.raises(PortfolioNotFoundError):
            run(tool, portfolio_id=str(theirs.pk))


def test_every_number_of_a_result_is_finite():
    market_make()
    portfolio_make()

    for name, arguments in [
        ("market_data", {"symbols": ["AAPL", "005930"]}),
        ("technical_analysis", {"symbols": ["AAPL"]}),
        ("value_at_risk", {"symbols": ["AAPL"]}),
        ("portfolio_summary", {}),
    ]:
        text = json.dumps(run(name, **arguments), allow_nan=False)
        assert np.isfinite(len(text))
