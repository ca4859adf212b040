"""The tool `value_at_risk`: what a mix of instruments, or the user's own, may lose."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from chat.enums import Caveat
from chat.tools.base import (
    LOOKBACK_DAYS_MAX,
    SYMBOLS_MAX,
    Arguments,
    Result,
    Symbol,
    Tool,
    ToolContext,
)
from chat.tools.portfolio_summary import amount_text, own_summaries
from chat.tools.prices import Window, closes_window, joined, midnight, once
from market.selectors import instruments_get
from quant import risk, tail_risk
from quant.constants import TRADING_DAYS_PER_YEAR
from quant.returns import normalised_weights, panel_returns, portfolio_returns

HOLDINGS_MAX = 30


class ValueAtRiskArguments(Arguments):
    symbols: list[Symbol] = Field(
        default_factory=list,
        max_length=SYMBOLS_MAX,
        description="Ticker symbols; leave empty to use the user's own holdings.",
    )
    weights: list[float] = Field(
        default_factory=list,
        max_length=SYMBOLS_MAX,
        description="One non-negative weight per symbol in any unit; equal when left empty.",
    )
    portfolio_id: UUID | None = Field(
        None, description="One of the user's own portfolios; only without symbols."
    )
    method: Literal["historical", "gaussian", "cornish_fisher"] = Field(
        "historical",
        description="historical; gaussian (parametric, normal); cornish_fisher (fat tails).",
    )
    confidence: float = Field(
        0.95, ge=0.5, le=0.999, description="Confidence level as a fraction, e.g. 0.95."
    )
    horizon_days: int = Field(1, ge=1, le=250, description="Horizon in trading days.")
    lookback_days: int = Field(
        504,
        ge=30,
        le=LOOKBACK_DAYS_MAX,
        description="Daily returns to learn from; 252 is a year.",
    )

    @model_validator(mode="after")
    def _fits(self) -> "ValueAtRiskArguments":
        if self.weights and len(self.weights) != len(self.symbols):
            raise ValueError("weights must be empty or as many as symbols")
        if self.weights and (min(self.weights) < 0 or sum(self.weights) <= 0):
            raise ValueError("weights must not be negative and not all zero")
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError("a symbol is named twice")
        if self.symbols and self.portfolio_id:
            raise ValueError("give symbols or a portfolio_id, not both")
        return self


class RiskEstimate(BaseModel):
    """Tail risk of one mix; fractions of its value, positive for a loss."""

    label: str = Field(description="Portfolio name, or empty for named symbols.")
    currency: str = Field(description="Currency of the amounts; empty when mixed.")
    symbols: list[str]
    names_en: list[str]
    names_ko: list[str]
    weights: list[float] = Field(description="Fractions that add up to one.")
    risk_shares: list[float] = Field(description="Share of each symbol in the volatility.")
    value_at_risk: float = Field(description="Loss fraction not exceeded with the confidence.")
    expected_shortfall: float = Field(description="Mean loss fraction beyond it.")
    value: str | None = Field(description="Market value of the holdings; None for symbols.")
    value_at_risk_amount: str | None = Field(description="Value-at-Risk in the currency.")
    expected_shortfall_amount: str | None = Field(description="Shortfall in the currency.")
    annualised_volatility: float = Field(description="Fraction per year.")
    observations: int = Field(description="Number of daily returns used.")
    start: date
    end: date


class ValueAtRiskResult(Result):
    method: str
    confidence: float
    horizon_days: int
    estimates: list[RiskEstimate]


@dataclass(frozen=True)
class _Mix:
    """What is held together: one currency of one portfolio, or the symbols of a question."""

    label: str
    symbols: tuple[str, ...]
    weights: tuple[float, ...]
    value: Decimal | None = None


def run(args: ValueAtRiskArguments, ctx: ToolContext) -> ValueAtRiskResult:
    """Estimate each mix from its window of closes."""
    mixes, caveats = _mixes(args, ctx)
    windows = [closes_window(mix.symbols, lookback_days=args.lookback_days) for mix in mixes]
    for window in windows:
        caveats += _caveats(args, window)
    return ValueAtRiskResult(
        source=joined(window.source for window in windows),
        as_of=max((midnight(window.end) for window in windows), default=ctx.now),
        caveats=once(caveats),
        method=args.method,
        confidence=args.confidence,
        horizon_days=args.horizon_days,
        estimates=[
            _estimate(args, mix, window) for mix, window in zip(mixes, windows, strict=True)
        ],
    )


def _mixes(args: ValueAtRiskArguments, ctx: ToolContext) -> tuple[list[_Mix], list[Caveat]]:
    if not args.symbols:
        return _held(args.portfolio_id, ctx)
    weights = args.weights or [1.0] * len(args.symbols)
    is_assumed = len(args.symbols) > 1 and not args.weights
    scaled = normalised_weights(weights, n_assets=len(weights)).tolist()
    mix = _Mix(label="", symbols=tuple(args.symbols), weights=tuple(scaled))
    return [mix], [Caveat.EQUAL_WEIGHTS] if is_assumed else []


def _held(portfolio_id: UUID | None, ctx: ToolContext) -> tuple[list[_Mix], list[Caveat]]:
    """Return the user's holdings by portfolio and currency; amounts are never converted."""
    summaries = own_summaries(portfolio_id, ctx)
    values: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    for number, summary in enumerate(summaries):
        for row in summary.positions[:HOLDINGS_MAX]:
            if row.market_value:
                values[f"{number}:{summary.name}", row.currency][row.symbol] = row.market_value
    mixes = [_mix(key.partition(":")[2], held) for (key, _), held in values.items()]
    caveats = [] if mixes else [Caveat.NO_POSITIONS if summaries else Caveat.NO_PORTFOLIO]
    if any(summary.missing_prices for summary in summaries):
        caveats.append(Caveat.MISSING_PRICE)
    return mixes, caveats


def _mix(label: str, held: dict[str, Decimal]) -> _Mix:
    total = sum(held.values(), Decimal(0))
    weights = tuple(float(value / total) for value in held.values())
    return _Mix(label=label, symbols=tuple(held), weights=weights, value=total)


def _estimate(args: ValueAtRiskArguments, mix: _Mix, window: Window) -> RiskEstimate:
    returns = panel_returns(window.closes)
    tail = tail_risk.portfolio_tail_risk(
        returns,
        mix.weights,
        method=args.method,
        confidence=args.confidence,
        horizon_periods=args.horizon_days,
    )
    currency = _currency(window.currencies)
    instruments = instruments_get(mix.symbols)
    mixed = portfolio_returns(returns, mix.weights)
    return RiskEstimate(
        label=mix.label,
        currency=currency,
        symbols=list(mix.symbols),
        names_en=[each.name_en for each in instruments.values()],
        names_ko=[each.name_ko for each in instruments.values()],
        weights=list(mix.weights),
        risk_shares=risk.gaussian_risk_shares(returns, mix.weights).tolist(),
        value_at_risk=tail.value_at_risk,
        expected_shortfall=tail.expected_shortfall,
        value=amount_text(mix.value, currency),
        value_at_risk_amount=_loss(mix.value, tail.value_at_risk, currency),
        expected_shortfall_amount=_loss(mix.value, tail.expected_shortfall, currency),
        annualised_volatility=risk.volatility(mixed, periods_per_year=TRADING_DAYS_PER_YEAR),
        observations=tail.n_observations,
        start=window.start,
        end=window.end,
    )


def _loss(value: Decimal | None, fraction: float, currency: str) -> str | None:
    return None if value is None else amount_text(value * Decimal(repr(fraction)), currency)


def _currency(currencies: Sequence[str]) -> str:
    distinct = set(currencies)
    return distinct.pop() if len(distinct) == 1 else ""


def _caveats(args: ValueAtRiskArguments, window: Window) -> list[Caveat]:
    caveats = [*window.caveats, Caveat.PRICE_RETURNS_ONLY]
    if args.horizon_days > 1:
        caveats.append(Caveat.SQUARE_ROOT_OF_TIME)
    if args.method == "gaussian":
        caveats.append(Caveat.NORMAL_TAILS)
    if not _currency(window.currencies):
        caveats.append(Caveat.LOCAL_CURRENCY_RETURNS)
    return caveats


value_at_risk = Tool(
    name="value_at_risk",
    description=(
        "Value-at-Risk and expected shortfall of named symbols with weights, or of the user's own "
        "holdings, by historical simulation, a normal model, or its Cornish-Fisher correction."
    ),
    args=ValueAtRiskArguments,
    result=ValueAtRiskResult,
    run=run,
)
