"""Holdings worked out again from fills: what verify compares and rebuild restores."""

from collections import deque
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import F

from portfolio.core.accounting import Holding, Trade, trade_apply
from portfolio.core.costs import TradeCosts
from portfolio.enums import OrderSide, TransactionKind
from portfolio.models import Fill, Transaction

if TYPE_CHECKING:
    from django.db.models import QuerySet


def holdings_replayed(
    fills: "QuerySet[Fill]", entries: "QuerySet[Transaction]"
) -> dict[tuple[UUID, str], Holding]:
    """Work out every holding again from its fills and renames, in the order they were booked."""
    holdings: dict[tuple[UUID, str], Holding] = {}
    renames = _renames(entries)
    ordered = fills.order_by("portfolio_id", "transaction__seq")
    ordered = ordered.annotate(seq=F("transaction__seq"))
    for fill in ordered.iterator(chunk_size=2000):
        _rename(holdings, fill.portfolio_id, renames, before=fill.seq)
        key = fill.portfolio_id, fill.symbol
        holdings[key] = trade_apply(holdings.get(key, Holding()), _trade_of(fill)).holding
    for portfolio_id in renames:
        _rename(holdings, portfolio_id, renames, before=None)
    return holdings


def _renames(entries: "QuerySet[Transaction]") -> dict[UUID, deque[Transaction]]:
    """Return the entries that carry positions to other symbols, by portfolio, oldest first."""
    found: dict[UUID, deque[Transaction]] = {}
    for entry in entries.filter(kind=TransactionKind.SYMBOL_CHANGE).order_by("seq"):
        found.setdefault(entry.portfolio_id, deque()).append(entry)
    return found


def _rename(
    holdings: dict[tuple[UUID, str], Holding],
    portfolio_id: UUID,
    renames: dict[UUID, deque[Transaction]],
    *,
    before: int | None,
) -> None:
    waiting = renames.get(portfolio_id, deque())
    while waiting and (before is None or waiting[0].seq < before):
        entry = waiting.popleft()
        old, new = (portfolio_id, entry.symbol), (portfolio_id, entry.new_symbol)
        carried = holdings.get(old, Holding())
        holdings[new] = holdings.get(new, Holding()).with_all_of(carried)
        holdings[old] = Holding()


def _trade_of(fill: Fill) -> Trade:
    return Trade(
        side=OrderSide(fill.side),
        symbol=fill.symbol,
        currency=fill.currency,
        quantity=fill.quantity,
        price=fill.price,
        costs=TradeCosts(fee=fill.fee, tax=fill.tax),
    )
