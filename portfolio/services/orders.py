"""What a user may do with an order: place, cancel, replace."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError

from market.models import Instrument
from market.quote_selectors import quotes_get
from market.selectors import instrument_for_order
from market.types import Quote
from portfolio.core import risk
from portfolio.core.orders import next_status
from portfolio.enums import (
    BrokerName,
    OrderEvent,
    OrderSide,
    OrderStatus,
    OrderType,
    TimeInForce,
    TradingMode,
)
from portfolio.errors import (
    BrokerNotConfiguredError,
    OrderDuplicateError,
    OrderStateError,
    OrderTermsError,
)
from portfolio.market_view import day_end, limits, market_of
from portfolio.models import Order
from portfolio.selectors import order_get
from portfolio.services.book import Book
from portfolio.services.order_steps import order_end, order_tell, reservation_set
from portfolio.services.trading_state import trading_mode
from portfolio.services.wake import trader_wake
from portfolio.types import OrderRequest
from tradingplatform.clock import now
from tradingplatform.db.shards import shard_aliases
from tradingplatform.db.transactions import tx
from tradingplatform.errors import UnprocessableError

ORDER_PLACED = "portfolio.order_placed"
BY_USER = "CANCELED_BY_USER"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was known outside the transaction when the user asked."""

    instrument: Instrument
    quote: Quote
    market: risk.Market
    mode: TradingMode
    at: datetime


def order_look(*, request: OrderRequest) -> Seen:
    """Look up what an order is checked against, before the transaction that places it.

    Raises SymbolUnknownError.
    """
    return _look(request.symbol, request.limit_price)


def order_place(
    *, account_db_key: int, portfolio_id: UUID, request: OrderRequest, seen: Seen | None = None
) -> Order:
    """Check an order, reserve what it needs and store it as NEW for the trader to send.

    A caller that is inside a transaction passes what ``order_look`` had ``seen`` before.
    Raises the first rule it breaks (see ``core.risk.check``), SymbolUnknownError,
    PortfolioNotFoundError, PortfolioClosedError, or OrderDuplicateError when the portfolio
    already has an order with this ``client_order_id``. Then nothing has changed.
    """
    known = seen or order_look(request=request)
    try:
        return tx(account_db_key, _place, account_db_key, portfolio_id, request, known)
    except (IntegrityError, UnprocessableError):
        # Placed before? Then that is the answer, not that a second one would not fit.
        _check_new(account_db_key, portfolio_id, request.client_order_id)
        raise


def order_cancel(
    *, account_db_key: int, portfolio_id: UUID, order_id: UUID, reason: str = BY_USER
) -> Order:
    """Ask for an order to be canceled; one that nobody has sent yet is canceled at once.

    ``reason`` stands as ``status_reason``. Raises OrderStateError when it has already ended.
    Asking twice changes nothing.
    """
    return tx(account_db_key, _cancel, account_db_key, portfolio_id, order_id, reason)


def order_replace(
    *,
    account_db_key: int,
    portfolio_id: UUID,
    order_id: UUID,
    quantity: Decimal | None = None,
    limit_price: Decimal | None = None,
) -> Order:
    """Change the quantity or limit price of an open order, after the same checks as a new one.

    ``quantity`` is the new total, more than what is filled already. Raises OrderStateError
    when the order has ended or is on its way to the broker.
    """
    order = order_get(account_db_key=account_db_key, portfolio_id=portfolio_id, order_id=order_id)
    seen = _look(order.symbol, limit_price or order.limit_price)
    change = _Change(order_id, quantity, limit_price)
    return tx(account_db_key, _replace, account_db_key, portfolio_id, change, seen)


def open_orders_cancel() -> int:
    """Ask for every open order of every user to be canceled; return how many were asked for."""
    asked = 0
    for alias in shard_aliases():
        rows = Order.objects.using(alias).open().exclude(status=OrderStatus.PENDING_CANCEL)
        for key, portfolio_id, pk in rows.values_list("account_db_key", "portfolio_id", "pk"):
            try:
                order_cancel(account_db_key=key, portfolio_id=portfolio_id, order_id=pk)
            except OrderStateError:
                continue
            asked += 1
    return asked


@dataclass(frozen=True, slots=True)
class _Change:
    order_id: UUID
    quantity: Decimal | None
    limit_price: Decimal | None


def _look(symbol: str, limit_price: Decimal | None) -> Seen:
    instrument = instrument_for_order(symbol)
    quote = quotes_get([symbol])[symbol]
    at = now()
    market = market_of(instrument, quote, limit_price, at)
    return Seen(instrument, quote, market, trading_mode(), at)


def _place(account_db_key: int, portfolio_id: UUID, request: OrderRequest, seen: Seen) -> Order:
    book = Book.lock_open(account_db_key, portfolio_id)
    _check_broker(book)
    terms = risk.Terms(request.side, request.order_type, request.quantity, request.limit_price)
    reservation = risk.check(terms, seen.market, _funds(book, terms, seen), limits(), seen.mode)
    order = _new_order(book, request, seen)
    order.worst_price = reservation.worst_price
    reservation_set(book, order, cash=reservation.cash, shares=reservation.shares)
    order.save(force_insert=True)
    order_tell(book, order, topic=ORDER_PLACED)
    book.save()
    trader_wake(account_db_key, order.pk)
    return order


def _cancel(account_db_key: int, portfolio_id: UUID, order_id: UUID, reason: str) -> Order:
    book = Book.lock(account_db_key, portfolio_id)
    order = book.order(order_id)
    if order.status == OrderStatus.PENDING_CANCEL:
        return order
    if order.status == OrderStatus.NEW:
        order_end(book, order, OrderEvent.CANCEL, reason=reason)
    else:
        book.move(order, OrderEvent.CANCEL_REQUEST, reason)
        order_tell(book, order)
    book.save()
    trader_wake(account_db_key, order.pk)
    return order


def _replace(account_db_key: int, portfolio_id: UUID, change: _Change, seen: Seen) -> Order:
    book = Book.lock_open(account_db_key, portfolio_id)
    order = book.order(change.order_id)
    next_status(OrderStatus(order.status), OrderEvent.REPLACE)
    quantity = change.quantity or order.quantity
    if quantity <= order.filled_quantity:
        raise OrderTermsError("The new quantity must be more than what is filled already.")
    terms = risk.Terms(
        OrderSide(order.side),
        OrderType(order.order_type),
        quantity - order.filled_quantity,
        change.limit_price or order.limit_price,
    )
    funds = _funds(book, terms, seen)
    own = risk.Funds(funds.cash + order.reserved_cash, funds.shares + order.reserved_quantity)
    reservation = risk.check(terms, seen.market, own, limits(), seen.mode)
    order.quantity, order.limit_price = quantity, terms.limit_price
    order.worst_price = reservation.worst_price
    reservation_set(book, order, cash=reservation.cash, shares=reservation.shares)
    book.move(order, OrderEvent.REPLACE)
    order_tell(book, order)
    book.save()
    trader_wake(account_db_key, order.pk)
    return order


def _check_broker(book: Book) -> None:
    if book.portfolio.broker != BrokerName.PAPER:
        message = f"Orders cannot be sent to {book.portfolio.broker} yet."
        raise BrokerNotConfiguredError(message, broker=str(book.portfolio.broker))


def _check_new(account_db_key: int, portfolio_id: UUID, client_order_id: str) -> None:
    rows = Order.objects.for_user(account_db_key).filter(
        portfolio_id=portfolio_id, client_order_id=client_order_id
    )
    existing = rows.values_list("pk", flat=True).first()
    if existing is not None:
        message = "An order with this client_order_id exists already."
        raise OrderDuplicateError(message, order_id=str(existing))


def _funds(book: Book, terms: risk.Terms, seen: Seen) -> risk.Funds:
    if terms.side == OrderSide.BUY:
        return risk.Funds(cash=book.cash(seen.market.currency).available, shares=Decimal(0))
    position = book.position(seen.market.symbol, seen.market.currency)
    return risk.Funds(cash=Decimal(0), shares=position.available)


def _new_order(book: Book, request: OrderRequest, seen: Seen) -> Order:
    instrument = seen.instrument
    is_day = request.time_in_force == TimeInForce.DAY
    return Order(
        account_db_key=book.account_db_key,
        portfolio=book.portfolio,
        client_order_id=request.client_order_id,
        broker=book.portfolio.broker,
        symbol=instrument.symbol,
        exchange=instrument.exchange,
        asset_type=instrument.asset_type,
        currency=instrument.currency,
        side=request.side,
        order_type=request.order_type,
        time_in_force=request.time_in_force,
        quantity=request.quantity,
        limit_price=request.limit_price,
        quote_source=seen.quote.source,
        expires_at=day_end(instrument.exchange, seen.at) if is_day else None,
        submitted_at=seen.at,
        updated_at=seen.at,
    )
