"""Positions and cash at the market: pure figures from rows and quotes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from portfolio.core.accounting import ZERO, gross_amount
from portfolio.models import CashBalance, Portfolio, Position
from portfolio.types import CurrencyTotals, PortfolioSummary, PositionView, Quotes


def summary_of(
    portfolio: Portfolio,
    cash: Sequence[CashBalance],
    positions: Sequence[Position],
    quotes: Quotes,
    as_of: datetime,
) -> PortfolioSummary:
    """Value a portfolio. ``positions`` may hold flat ones, whose realised P&L counts."""
    held = [row for row in positions if row.quantity]
    valued = {row.symbol: _valued(row, quotes) for row in held}
    totals = [_totals(row, positions, valued) for row in sorted(cash, key=lambda c: c.currency)]
    equity = {row.currency: row.equity for row in totals}
    return PortfolioSummary(
        portfolio_id=portfolio.pk,
        name=portfolio.name,
        broker=str(portfolio.broker),
        status=str(portfolio.status),
        base_currency=portfolio.base_currency,
        created_at=portfolio.created_at,
        as_of=as_of,
        currencies=tuple(totals),
        positions=tuple(
            position_view(row, equity[row.currency], quotes)
            for row in sorted(held, key=lambda p: p.symbol)
        ),
    )


def position_view(row: Position, equity: Decimal | None, quotes: Quotes) -> PositionView:
    """Value one position; its weight is its share of the equity in its own currency."""
    quote = quotes.get(row.symbol)
    value = _valued(row, quotes)
    unrealized = None if value is None else value - row.cost_basis
    return PositionView(
        symbol=row.symbol,
        currency=row.currency,
        quantity=row.quantity,
        reserved_quantity=row.reserved_quantity,
        average_cost=row.average_cost,
        cost_basis=row.cost_basis,
        realized_pnl=row.realized_pnl,
        market_price=None if quote is None else quote.price,
        market_value=value,
        unrealized_pnl=unrealized,
        unrealized_return=_ratio(unrealized, row.cost_basis),
        weight=_ratio(value, equity),
        price_source="" if quote is None else quote.source,
        priced_at=None if quote is None else quote.received_at,
    )


def _valued(row: Position, quotes: Quotes) -> Decimal | None:
    quote = quotes.get(row.symbol)
    return None if quote is None else gross_amount(row.quantity, quote.price, row.currency)


def _totals(
    cash: CashBalance, positions: Iterable[Position], valued: dict[str, Decimal | None]
) -> CurrencyTotals:
    own = [row for row in positions if row.currency == cash.currency]
    values = [valued[row.symbol] for row in own if row.symbol in valued]
    known = [value for value in values if value is not None]
    market_value = sum(known, ZERO) if len(known) == len(values) else None
    basis = sum((row.cost_basis for row in own), ZERO)
    return CurrencyTotals(
        currency=cash.currency,
        balance=cash.balance,
        reserved=cash.reserved,
        available=cash.available,
        market_value=market_value,
        equity=None if market_value is None else market_value + cash.balance,
        realized_pnl=sum((row.realized_pnl for row in own), ZERO),
        unrealized_pnl=None if market_value is None else market_value - basis,
    )


def _ratio(part: Decimal | None, whole: Decimal | None) -> float | None:
    if part is None or not whole:
        return None
    return float(part / whole)
