"""How fills reach the ledger: once each, with costs, projections and news."""

from decimal import Decimal
from functools import partial

from market.rules import exchange_timezone
from portfolio.core.accounting import ZERO, Trade, trade_apply
from portfolio.core.costs import costs_of
from portfolio.core.orders import fill_event
from portfolio.core.risk import cash_needed
from portfolio.enums import OrderSide, TransactionKind
from portfolio.models import Fill, Order, Transaction
from portfolio.payloads import fill_payload, portfolio_payload, position_payload
from portfolio.services.book import Book
from portfolio.services.order_steps import order_tell, reservation_set
from portfolio.types import Execution, Quotes
from portfolio.valuation import position_view, summary_of
from tradingplatform import metrics
from tradingplatform.db.transactions import after_commit

ORDER_FILLED = "portfolio.order_filled"
POSITION_CHANGED = "portfolio.position_changed"
EQUITY_CHANGED = "portfolio.equity_changed"


def exec_ids_seen(book: Book, executions: list[Execution]) -> set[str]:
    """Return which of the executions the portfolio has already booked."""
    rows = Fill.objects.for_user(book.account_db_key).filter(
        broker=book.portfolio.broker,
        broker_account=broker_account(book),
        exec_id__in=[execution.exec_id for execution in executions],
    )
    return set(rows.values_list("exec_id", flat=True))


def broker_account(book: Book) -> str:
    """Return the account at the broker; on paper every portfolio is an account."""
    return str(book.portfolio.pk)


def fill_book(book: Book, order: Order, execution: Execution) -> Fill:
    """Add one new fill to the book: entry, projections, reservation and order status."""
    event = fill_event(
        quantity=order.quantity,
        filled_quantity=order.filled_quantity,
        fill=execution.quantity,
    )
    trade = trade_of(order, execution)
    fill = _post(book, order, execution, trade)
    order.filled_quantity += execution.quantity
    order.filled_notional += execution.quantity * execution.price
    _release(book, order, spent=-trade.cash_change)
    book.move(order, event)
    return fill


def fills_tell(book: Book, fills: list[Fill], quotes: Quotes) -> None:
    """Send orders, fills, positions and equity, as they are now, to the user's stream."""
    for fill in fills:
        order_tell(book, fill.order)
        book.tell(ORDER_FILLED, fill.order_id, "fill", fill_payload(fill))
        count = partial(metrics.fill_posted, side=str(fill.side), currency=fill.currency)
        after_commit(book.account_db_key, count)
    summary = summary_of(book.portfolio, book.cash_balances(), book.positions(), quotes, book.at)
    equity = {row.currency: row.equity for row in summary.currencies}
    for symbol, currency in sorted({(fill.symbol, fill.currency) for fill in fills}):
        position = book.position(symbol, currency)
        view = position_view(position, equity[currency], quotes)
        book.tell(POSITION_CHANGED, position.pk, "position", position_payload(view))
    book.tell(EQUITY_CHANGED, book.portfolio.pk, "equity", portfolio_payload(summary))


def trade_of(order: Order, execution: Execution) -> Trade:
    """Return the execution with its costs, as the ledger will book it."""
    zone = exchange_timezone(order.exchange)
    bare = Trade(
        side=OrderSide(order.side),
        symbol=order.symbol,
        currency=order.currency,
        quantity=execution.quantity,
        price=execution.price,
    )
    return bare.with_costs(
        costs_of(
            side=bare.side,
            exchange=order.exchange,
            asset_type=order.asset_type,
            currency=order.currency,
            gross=bare.gross,
            traded_on=execution.executed_at.astimezone(zone).date(),
        )
    )


def _post(book: Book, order: Order, execution: Execution, trade: Trade) -> Fill:
    position = book.position(order.symbol, order.currency)
    outcome = trade_apply(position.holding, trade)
    entry = book.post(
        kind=TransactionKind(str(order.side)),
        natural_key=f"fill:{execution.exec_id}",
        occurred_at=execution.executed_at,
        lines=outcome.lines,
    )
    _name_trade(entry, order, execution)
    position.show(outcome.holding)
    book.touch(position)
    book.change_cash(order.currency, amount=trade.cash_change)
    fill = Fill(
        account_db_key=book.account_db_key,
        order=order,
        portfolio=book.portfolio,
        transaction=entry,
        broker=order.broker,
        broker_account=broker_account(book),
        exec_id=execution.exec_id,
        symbol=order.symbol,
        side=order.side,
        currency=order.currency,
        quantity=execution.quantity,
        price=execution.price,
        fee=trade.costs.fee,
        tax=trade.costs.tax,
        realized_pnl=outcome.realized_pnl,
        executed_at=execution.executed_at,
        quote_source=execution.quote_source,
    )
    book.fill(fill)
    return fill


def _name_trade(entry: Transaction, order: Order, execution: Execution) -> None:
    entry.symbol = order.symbol
    entry.quantity = execution.quantity
    entry.price = execution.price
    entry.order = order


def _release(book: Book, order: Order, *, spent: Decimal) -> None:
    remaining = order.remaining_quantity
    if order.side == OrderSide.SELL:
        shares = min(remaining, order.reserved_quantity)
        reservation_set(book, order, cash=ZERO, shares=shares)
        return
    # What the fill cost came out of the reservation; never hold back more than is left of it.
    left = max(ZERO, order.reserved_cash - spent)
    reservation_set(book, order, cash=min(left, _needed(order)), shares=ZERO)


def _needed(order: Order) -> Decimal:
    if not order.remaining_quantity or order.worst_price is None:
        return ZERO
    zone = exchange_timezone(order.exchange)
    return cash_needed(
        quantity=order.remaining_quantity,
        price=order.worst_price,
        exchange=order.exchange,
        currency=order.currency,
        traded_on=order.submitted_at.astimezone(zone).date(),
    )
