"""Holdings worked out again from fills: what verify compares and rebuild restores."""

from typing import TYPE_CHECKING
from uuid import UUID

from portfolio.core.accounting import Holding, Trade, trade_apply
from portfolio.core.costs import TradeCosts
from portfolio.enums import OrderSide
from portfolio.models import Fill

if TYPE_CHECKING:
    from django.db.models import QuerySet


def holdings_replayed(fills: "QuerySet[Fill]") -> dict[tuple[UUID, str], Holding]:
    """Work out every holding again from its fills, in the order they were booked."""
    holdings: dict[tuple[UUID, str], Holding] = {}
    ordered = fills.order_by("portfolio_id", "transaction__seq")
    for fill in ordered.iterator(chunk_size=2000):
        key = fill.portfolio_id, fill.symbol
        holdings[key] = trade_apply(holdings.get(key, Holding()), _trade_of(fill)).holding
    return holdings


def _trade_of(fill: Fill) -> Trade:
    return Trade(
        side=OrderSide(fill.side),
        symbol=fill.symbol,
        currency=fill.currency,
        quantity=fill.quantity,
        price=fill.price,
        costs=TradeCosts(fee=fill.fee, tax=fill.tax),
    )
