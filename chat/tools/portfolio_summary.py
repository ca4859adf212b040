"""The tool `portfolio_summary`: what the user owns, at the newest prices."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, Field

from chat.enums import Caveat
from chat.tools.base import Arguments, Result, Tool, ToolContext
from chat.tools.prices import joined, once, source_caveats
from market.selectors import instruments_get
from portfolio import selectors
from portfolio.types import CurrencyTotals, PortfolioSummary, PositionView
from tradingplatform.money import decimal_text, round_money

PORTFOLIOS_MAX = 5
POSITIONS_MAX = 50


class PortfolioSummaryArguments(Arguments):
    portfolio_id: UUID | None = Field(
        None, description="One of the user's own portfolios; all of them when left out."
    )


class CurrencyFigures(BaseModel):
    """Cash and positions of one currency; amounts in that currency, never converted."""

    currency: str
    cash: str = Field(description="Cash balance, reserved cash included.")
    available: str = Field(description="Cash that no open order holds.")
    market_value: str | None = Field(description="Positions at the newest prices.")
    equity: str | None = Field(description="Cash plus positions.")
    realized_pnl: str = Field(description="Profit of what was sold, after costs.")
    unrealized_pnl: str | None = Field(description="Market value minus what was paid.")


class PositionFigures(BaseModel):
    """One position; amounts in its currency."""

    symbol: str
    name_en: str
    name_ko: str
    currency: str
    quantity: str = Field(description="Shares held.")
    average_cost: str = Field(description="Mean price paid per share.")
    market_price: str | None = Field(description="Newest price.")
    market_value: str | None
    unrealized_pnl: str | None
    unrealized_return: float | None = Field(description="Fraction of what was paid.")
    weight: float | None = Field(description="Fraction of the equity in this currency.")


class PortfolioFigures(BaseModel):
    """One portfolio with its totals per currency."""

    portfolio_id: UUID
    name: str
    broker: str
    base_currency: str
    currencies: list[CurrencyFigures]
    positions: list[PositionFigures]


class PortfolioSummaryResult(Result):
    portfolios: list[PortfolioFigures]
    portfolio_count: int = Field(description="How many portfolios the user has.")


def run(args: PortfolioSummaryArguments, ctx: ToolContext) -> PortfolioSummaryResult:
    """Value the user's own portfolios; a foreign id is not found."""
    summaries = own_summaries(args.portfolio_id, ctx)
    shown = summaries[:PORTFOLIOS_MAX]
    priced = [row.priced_at for each in shown for row in each.positions if row.priced_at]
    return PortfolioSummaryResult(
        source=joined(row.price_source for each in shown for row in each.positions),
        as_of=max(priced, default=_as_of(shown, ctx)),
        caveats=_caveats(shown),
        portfolios=[_portfolio(each) for each in shown],
        portfolio_count=len(summaries),
    )


def own_summaries(portfolio_id: UUID | None, ctx: ToolContext) -> list[PortfolioSummary]:
    """Return one or all portfolios of whoever asks."""
    if portfolio_id is None:
        return selectors.portfolio_summaries(ctx.account_db_key)
    return [
        selectors.portfolio_summary(account_db_key=ctx.account_db_key, portfolio_id=portfolio_id)
    ]


def amount_text(amount: Decimal | None, currency: str) -> str | None:
    """Return an amount rounded to the smallest unit of its currency."""
    return None if amount is None else decimal_text(round_money(amount, currency))


def _as_of(shown: Sequence[PortfolioSummary], ctx: ToolContext) -> datetime:
    return shown[0].as_of if shown else ctx.now


def _portfolio(summary: PortfolioSummary) -> PortfolioFigures:
    held = summary.positions[:POSITIONS_MAX]
    names = instruments_get(row.symbol for row in held)
    return PortfolioFigures(
        portfolio_id=summary.portfolio_id,
        name=summary.name,
        broker=summary.broker,
        base_currency=summary.base_currency,
        currencies=[_totals(row) for row in summary.currencies],
        positions=[
            _position(row, names[row.symbol].name_en, names[row.symbol].name_ko) for row in held
        ],
    )


def _totals(row: CurrencyTotals) -> CurrencyFigures:
    return CurrencyFigures(
        currency=row.currency,
        cash=amount_text(row.balance, row.currency) or "0",
        available=amount_text(row.available, row.currency) or "0",
        market_value=amount_text(row.market_value, row.currency),
        equity=amount_text(row.equity, row.currency),
        realized_pnl=amount_text(row.realized_pnl, row.currency) or "0",
        unrealized_pnl=amount_text(row.unrealized_pnl, row.currency),
    )


def _position(row: PositionView, name_en: str, name_ko: str) -> PositionFigures:
    return PositionFigures(
        symbol=row.symbol,
        name_en=name_en,
        name_ko=name_ko,
        currency=row.currency,
        quantity=decimal_text(row.quantity),
        average_cost=decimal_text(row.average_cost),
        market_price=None if row.market_price is None else decimal_text(row.market_price),
        market_value=amount_text(row.market_value, row.currency),
        unrealized_pnl=amount_text(row.unrealized_pnl, row.currency),
        unrealized_return=row.unrealized_return,
        weight=row.weight,
    )


def _caveats(shown: Sequence[PortfolioSummary]) -> list[str]:
    if not shown:
        return [Caveat.NO_PORTFOLIO.value]
    caveats: list[Caveat] = []
    for summary in shown:
        if summary.broker == "PAPER":
            caveats.append(Caveat.PAPER_MONEY)
        if summary.missing_prices:
            caveats.append(Caveat.MISSING_PRICE)
        for row in summary.positions:
            caveats += source_caveats(row.price_source, generated=False)
    if not any(summary.positions for summary in shown):
        caveats.append(Caveat.NO_POSITIONS)
    return once(caveats)


portfolio_summary = Tool(
    name="portfolio_summary",
    description=(
        "The user's own portfolios at the newest prices: cash, equity, realised and unrealised "
        "profit per currency, and each position with its cost, value, return and weight."
    ),
    args=PortfolioSummaryArguments,
    result=PortfolioSummaryResult,
    run=run,
)
