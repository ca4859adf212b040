"""Trades of the past, through the same ledger as live ones."""

from uuid import UUID

from market.models import Instrument
from market.selectors import instrument_get
from portfolio.enums import OrderEvent, OrderSide, OrderStatus, OrderType, TimeInForce
from portfolio.errors import (
    InsufficientCashError,
    InsufficientSharesError,
    OrderTermsError,
    QuantityOffLotError,
)
from portfolio.models import Order
from portfolio.services.book import Book
from portfolio.services.fills import fill_book, trade_of
from portfolio.services.order_steps import order_tell
from portfolio.types import Execution, HistoricTrade
from tradingplatform.clock import now
from tradingplatform.db.transactions import tx
from tradingplatform.ids import derived_id
from tradingplatform.money import decimal_text

IMPORTED = "IMPORTED"


def trade_import(*, account_db_key: int, portfolio_id: UUID, trade: HistoricTrade) -> Order:
    """Record a trade of the past as an order that was filled at once, dated ``executed_at``.

    Costs and taxes are those of its day. Trades count in the order they are imported, so
    import them oldest first. A ``client_order_id`` that the portfolio already has returns
    that order and changes nothing. Raises SymbolUnknownError, OrderTermsError,
    QuantityOffLotError, InsufficientCashError and InsufficientSharesError.
    """
    instrument = instrument_get(trade.symbol)
    _check_terms(instrument, trade)
    return tx(account_db_key, _import, account_db_key, portfolio_id, instrument, trade)


def _check_terms(instrument: Instrument, trade: HistoricTrade) -> None:
    figures = (trade.quantity, trade.price)
    if not all(figure.is_finite() and figure > 0 for figure in figures):
        raise OrderTermsError("Quantity and price must be positive numbers.")
    if trade.quantity % instrument.lot_size:
        message = f"{instrument.symbol} trades in multiples of {instrument.lot_size}."
        raise QuantityOffLotError(message, lot_size=str(instrument.lot_size))
    if trade.executed_at > now():
        raise OrderTermsError("A trade of the future cannot be imported.")


def _import(
    account_db_key: int, portfolio_id: UUID, instrument: Instrument, trade: HistoricTrade
) -> Order:
    book = Book.lock_open(account_db_key, portfolio_id)
    rows = Order.objects.for_user(account_db_key).filter(portfolio=book.portfolio)
    existing = rows.filter(client_order_id=trade.client_order_id).first()
    if existing is not None:
        return existing
    order = _order(book, instrument, trade)
    execution = Execution(
        exec_id=str(derived_id("import", order.portfolio_id, trade.client_order_id)),
        quantity=trade.quantity,
        price=trade.price,
        executed_at=trade.executed_at,
        quote_source=trade.source,
    )
    _check_funds(book, order, execution)
    order.save(force_insert=True)
    book.move(order, OrderEvent.SUBMIT)
    fill_book(book, order, execution)
    order.status_reason = IMPORTED
    order_tell(book, order)
    book.save()
    return order


def _order(book: Book, instrument: Instrument, trade: HistoricTrade) -> Order:
    return Order(
        account_db_key=book.account_db_key,
        portfolio=book.portfolio,
        client_order_id=trade.client_order_id,
        broker=book.portfolio.broker,
        symbol=instrument.symbol,
        exchange=instrument.exchange,
        asset_type=instrument.asset_type,
        currency=instrument.currency,
        side=trade.side,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=trade.quantity,
        limit_price=trade.price,
        worst_price=trade.price,
        status=OrderStatus.NEW,
        quote_source=trade.source,
        submitted_at=trade.executed_at,
        updated_at=trade.executed_at,
    )


def _check_funds(book: Book, order: Order, execution: Execution) -> None:
    currency = order.currency
    if order.side == OrderSide.SELL:
        free = book.position(order.symbol, currency).available
        if free < execution.quantity:
            message = f"{decimal_text(free)} {order.symbol} is available."
            raise InsufficientSharesError(
                message,
                required=decimal_text(execution.quantity),
                available=decimal_text(free),
                symbol=order.symbol,
            )
        return
    needed = -trade_of(order, execution).cash_change
    free = book.cash(currency).available
    if free < needed:
        message = f"{decimal_text(free)} {currency} is available."
        raise InsufficientCashError(
            message,
            required=decimal_text(needed),
            available=decimal_text(free),
            currency=currency,
        )
