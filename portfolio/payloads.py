"""How rows of this app look to clients, on REST and on sockets alike (design: api.md §4)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from market.following import InstrumentEvent
from portfolio.models import CashBalance, Fill, Order, Position, Transaction
from portfolio.types import CurrencyTotals, PortfolioSummary, PositionView
from tradingplatform.money import decimal_text

Payload = dict[str, Any]


def order_payload(order: Order, fills: Iterable[Fill] | None = None) -> Payload:
    """Return an order; with ``fills`` the detail form."""
    payload: Payload = {
        "id": str(order.pk),
        "portfolio_id": str(order.portfolio_id),
        "client_order_id": order.client_order_id,
        "status": str(order.status),
        "status_reason": order.status_reason,
        "symbol": order.symbol,
        "exchange": order.exchange,
        "currency": order.currency,
        "side": str(order.side),
        "order_type": str(order.order_type),
        "time_in_force": str(order.time_in_force),
        "quantity": decimal_text(order.quantity),
        "filled_quantity": decimal_text(order.filled_quantity),
        "average_fill_price": _optional(order.average_fill_price),
        "limit_price": _optional(order.limit_price),
        "reserved_cash": decimal_text(order.reserved_cash),
        "reserved_quantity": decimal_text(order.reserved_quantity),
        "quote_source": order.quote_source,
        "submitted_at": _time(order.submitted_at),
        "updated_at": _time(order.updated_at),
        "expires_at": _optional_time(order.expires_at),
        "version": order.version,
    }
    if fills is not None:
        payload["fills"] = [fill_payload(fill) for fill in fills]
    return payload


def fill_payload(fill: Fill) -> Payload:
    """Return one fill."""
    return {
        "id": str(fill.pk),
        "order_id": str(fill.order_id),
        "symbol": fill.symbol,
        "side": str(fill.side),
        "quantity": decimal_text(fill.quantity),
        "price": decimal_text(fill.price),
        "currency": fill.currency,
        "fee": decimal_text(fill.fee),
        "tax": decimal_text(fill.tax),
        "realized_pnl": decimal_text(fill.realized_pnl),
        "executed_at": _time(fill.executed_at),
        "source": fill.quote_source,
    }


def position_payload(row: PositionView) -> Payload:
    """Return one position at the market."""
    return {
        "symbol": row.symbol,
        "currency": row.currency,
        "quantity": decimal_text(row.quantity),
        "reserved_quantity": decimal_text(row.reserved_quantity),
        "average_cost": decimal_text(row.average_cost),
        "cost_basis": decimal_text(row.cost_basis),
        "market_price": _optional(row.market_price),
        "market_value": _optional(row.market_value),
        "unrealized_pnl": _optional(row.unrealized_pnl),
        "unrealized_return": row.unrealized_return,
        "realized_pnl": decimal_text(row.realized_pnl),
        "weight": row.weight,
        "source": row.price_source,
        "priced_at": _optional_time(row.priced_at),
        "delisted_date": None if row.delisted_date is None else row.delisted_date.isoformat(),
    }


def renamed_payload(event: InstrumentEvent) -> Payload:
    """Return that an instrument goes by another symbol."""
    return {
        "symbol": event.old_symbol,
        "new_symbol": event.symbol,
        "ex_date": event.ex_date.isoformat(),
    }


def ended_payload(event: InstrumentEvent, quantities: dict[str, str]) -> Payload:
    """Return that an instrument is no longer traded, with what is held by portfolio."""
    return {
        "symbol": event.symbol,
        "reason": event.kind.value,
        "ex_date": event.ex_date.isoformat(),
        "successor": event.successor or None,
        "quantities": quantities,
    }


def shares_payload(position: Position) -> Payload:
    """Return the figures of a position that need no price."""
    return {
        "symbol": position.symbol,
        "quantity": decimal_text(position.quantity),
        "reserved_quantity": decimal_text(position.reserved_quantity),
    }


def portfolio_payload(summary: PortfolioSummary) -> Payload:
    """Return a portfolio with its figures; the top-level ones are in the base currency."""
    base = summary.base
    return {
        "id": str(summary.portfolio_id),
        "name": summary.name,
        "base_currency": summary.base_currency,
        "broker": summary.broker,
        "status": summary.status,
        "cash": {row.currency: _cash(row) for row in summary.currencies},
        "market_value": _optional(base.market_value),
        "equity": _optional(base.equity),
        "realized_pnl": decimal_text(base.realized_pnl),
        "unrealized_pnl": _optional(base.unrealized_pnl),
        "by_currency": {row.currency: _totals(row) for row in summary.currencies},
        "excluded_currencies": [
            row.currency for row in summary.currencies if row.currency != base.currency
        ],
        "missing_prices": list(summary.missing_prices),
        "created_at": _time(summary.created_at),
        "as_of": _time(summary.as_of),
    }


def cash_payload(cash: CashBalance) -> Payload:
    """Return the cash of one currency."""
    return {
        "currency": cash.currency,
        "balance": decimal_text(cash.balance),
        "reserved": decimal_text(cash.reserved),
        "available": decimal_text(cash.available),
    }


def transaction_payload(entry: Transaction) -> Payload:
    """Return a journal entry with its postings (which the caller has prefetched)."""
    return {
        "id": str(entry.pk),
        "seq": entry.seq,
        "kind": str(entry.kind),
        "occurred_at": _time(entry.occurred_at),
        "recorded_at": _time(entry.recorded_at),
        "symbol": entry.symbol or None,
        "new_symbol": entry.new_symbol or None,
        "quantity": _optional(entry.quantity),
        "price": _optional(entry.price),
        "currency": entry.currency,
        "order_id": _optional_id(entry.order_id),
        "postings": [
            {
                "account": posting.account,
                "currency": posting.currency,
                "amount": decimal_text(posting.amount),
            }
            for posting in entry.postings.all()
        ],
    }


def _cash(row: CurrencyTotals) -> Payload:
    return {
        "balance": decimal_text(row.balance),
        "reserved": decimal_text(row.reserved),
        "available": decimal_text(row.available),
    }


def _totals(row: CurrencyTotals) -> Payload:
    return {
        "market_value": _optional(row.market_value),
        "equity": _optional(row.equity),
        "realized_pnl": decimal_text(row.realized_pnl),
        "unrealized_pnl": _optional(row.unrealized_pnl),
    }


def _optional(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)


def _optional_id(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _optional_time(value: datetime | None) -> str | None:
    return None if value is None else _time(value)
