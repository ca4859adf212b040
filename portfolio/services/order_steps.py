"""Steps that several services take with an order of an open Book."""

from decimal import Decimal
from functools import partial

from portfolio.enums import OrderEvent, OrderSide
from portfolio.models import Order
from portfolio.payloads import cash_payload, order_payload, shares_payload
from portfolio.services.book import Book
from tradingplatform import metrics
from tradingplatform.db.transactions import after_commit

ORDER_CHANGED = "portfolio.order_changed"
_ZERO = Decimal(0)


def reservation_set(book: Book, order: Order, *, cash: Decimal, shares: Decimal) -> None:
    """Make an order hold back exactly this much, and move the projections by the difference."""
    if cash != order.reserved_cash:
        book.change_cash(order.currency, reserve=cash - order.reserved_cash)
        order.reserved_cash = cash
    if shares != order.reserved_quantity:
        position = book.position(order.symbol, order.currency)
        position.reserved_quantity += shares - order.reserved_quantity
        book.touch(position)
        order.reserved_quantity = shares


def order_end(book: Book, order: Order, event: OrderEvent, *, reason: str) -> None:
    """End an order (cancel, expire, reject), release what it held back, and tell of it."""
    book.move(order, event, reason)
    reservation_set(book, order, cash=_ZERO, shares=_ZERO)
    order_tell(book, order)


def order_tell(book: Book, order: Order, topic: str = ORDER_CHANGED) -> None:
    """Send the order, and the cash or shares it may hold back, to the user's stream."""
    held = (
        {"cash": cash_payload(book.cash(order.currency))}
        if order.side == OrderSide.BUY
        else {"held": shares_payload(book.position(order.symbol, order.currency))}
    )
    book.tell(topic, order.pk, "order", order_payload(order), **held)
    count = partial(metrics.order_changed, side=str(order.side), status=str(order.status))
    after_commit(book.account_db_key, count)
