"""The row locks of this app, always in the order fence, portfolio, orders by id."""

from collections.abc import Collection
from uuid import UUID

from portfolio.enums import OrderStatus
from portfolio.errors import OrderNotFoundError, PortfolioNotFoundError
from portfolio.models import CashBalance, Order, Portfolio, SenderFence


def portfolio_for_update(account_db_key: int, portfolio_id: UUID) -> list[CashBalance]:
    """Lock a portfolio and its cash in one statement; return the cash, which knows its portfolio.

    Every portfolio has cash of its base currency, if only zero. Whoever holds this lock may
    change the portfolio's cash, positions and orders.
    """
    rows = CashBalance.objects.for_user(account_db_key).filter(portfolio_id=portfolio_id)
    balances = list(rows.select_related("portfolio").select_for_update())
    if not balances:
        raise PortfolioNotFoundError("There is no such portfolio.")
    return balances


def orders_for_update(portfolio: Portfolio, order_ids: Collection[UUID]) -> list[Order]:
    """Lock orders of a portfolio that is already locked."""
    rows = Order.objects.for_user(portfolio.account_db_key).filter(
        portfolio_id=portfolio.pk, pk__in=order_ids
    )
    return list(rows.select_for_update().order_by("pk"))


def order_for_update(portfolio: Portfolio, order_id: UUID) -> Order:
    """Lock one order of a portfolio that is already locked."""
    orders = orders_for_update(portfolio, [order_id])
    if not orders:
        raise OrderNotFoundError("There is no such order.")
    return orders[0]


def new_orders_for_update(
    alias: str, broker: str, sides: Collection[str], limit: int
) -> list[Order]:
    """Lock the oldest orders of a shard that nobody has sent yet."""
    rows = Order.objects.using(alias).filter(status=OrderStatus.NEW, broker=broker, side__in=sides)
    # What somebody is changing right now is taken on the next turn.
    return list(rows.select_for_update(skip_locked=True).order_by("pk")[:limit])


def fence_for_update(alias: str, broker: str) -> SenderFence | None:
    """Lock the fence of a shard, so that no two senders work on it at once."""
    rows = SenderFence.objects.using(alias).filter(broker=broker)
    return rows.select_for_update().first()
