"""What this app holds about a user (settings.EXPORTERS), and what ends with the account."""

from typing import Any

from django.db import models

from portfolio.enums import OrderStatus
from portfolio.errors import OrderStateError
from portfolio.models import CashBalance, Fill, Order, Portfolio, Position, Posting, Transaction
from portfolio.services import order_cancel

_MODELS: dict[str, type[models.Model]] = {
    "portfolios": Portfolio,
    "cash_balances": CashBalance,
    "positions": Position,
    "orders": Order,
    "fills": Fill,
    "transactions": Transaction,
    "postings": Posting,
}


def portfolio_rows(account_db_key: int) -> dict[str, list[dict[str, Any]]]:
    """Return a user's portfolios with their orders and the whole ledger."""
    return {name: _rows(model, account_db_key) for name, model in _MODELS.items()}


def orders_end(account_db_key: int) -> None:
    """Ask for every open order of a closed account to be canceled (settings.ACCOUNT_CLOSERS)."""
    rows = Order.objects.for_user(account_db_key).open()
    waiting = rows.exclude(status=OrderStatus.PENDING_CANCEL)
    for portfolio_id, pk in list(waiting.values_list("portfolio_id", "pk")):
        try:
            order_cancel(account_db_key=account_db_key, portfolio_id=portfolio_id, order_id=pk)
        except OrderStateError:
            continue  # it was filled meanwhile


def _rows(model: Any, account_db_key: int) -> list[dict[str, Any]]:
    # The shard key is ours, not theirs.
    names = [field.attname for field in model._meta.concrete_fields]
    names.remove("account_db_key")
    return list(model.objects.for_user(account_db_key).order_by("pk").values(*names))
