"""Orders and positions of one shard follow what happens to their instrument."""

from contextlib import suppress
from uuid import UUID

from accounts.enums import NotificationChannel, NotificationKind
from accounts.services.notification_preferences import notification_wanted
from market.enums import ActionKind
from market.following import InstrumentEvent, follow_each
from portfolio.core.accounting import ZERO, Holding, renamed_lines
from portfolio.enums import OrderStatus, TransactionKind
from portfolio.errors import OrderStateError
from portfolio.models import Order, Position
from portfolio.payloads import ended_payload, renamed_payload
from portfolio.services.book import MESSAGE_TYPE, STREAM, Book
from portfolio.services.order_steps import order_tell
from portfolio.services.orders import order_cancel
from portfolio.services.wake import trader_wake
from tradingplatform.clock import now
from tradingplatform.db.outbox import emit, received_once
from tradingplatform.db.transactions import tx
from tradingplatform.money import decimal_text

SYMBOL_CHANGED = "portfolio.symbol_changed"
INSTRUMENT_ENDED = "portfolio.instrument_ended"
REASONS = {
    ActionKind.DELISTING: "INSTRUMENT_DELISTED",
    ActionKind.MERGER: "INSTRUMENT_MERGED",
}
"""What an order that was canceled with its instrument says as ``status_reason``."""


def instruments_follow(alias: str, event: InstrumentEvent) -> bool:
    """Rename orders and positions, or cancel orders and tell the holders; tell if all went well.

    For settings.INSTRUMENT_FOLLOWERS. Ended orders, fills and earlier entries keep the symbol
    they were traded under.
    """
    if event.is_rename:
        owners = _concerned(alias, event.old_symbol)
        return follow_each(owners, lambda owner: tx(owner[0], _rename, *owner, event))
    held = Position.objects.using(alias).held().filter(symbol=event.symbol)
    holders = sorted(set(held.values_list("account_db_key", flat=True)))
    are_canceled = follow_each(_waiting(alias, event), lambda order: _cancel(*order, event))
    return follow_each(holders, lambda key: _holder_tell(key, event)) and are_canceled


def _concerned(alias: str, symbol: str) -> list[tuple[int, UUID]]:
    """Return owners and portfolios that hold an instrument or have open orders in it."""
    owners = ("account_db_key", "portfolio_id")
    held = Position.objects.using(alias).held().filter(symbol=symbol)
    open_orders = Order.objects.using(alias).open().filter(symbol=symbol)
    return sorted({*held.values_list(*owners), *open_orders.values_list(*owners)})


def _rename(account_db_key: int, portfolio_id: UUID, event: InstrumentEvent) -> None:
    book = Book.lock(account_db_key, portfolio_id)
    orders = _orders_renamed(book, event)
    moved = _position_renamed(book, event)
    if not (orders or moved):
        return  # another run was faster
    for order in orders:
        order_tell(book, order)
        trader_wake(account_db_key, order.pk)
    book.tell(SYMBOL_CHANGED, book.portfolio.pk, "symbol_change", renamed_payload(event))
    book.save()


def _orders_renamed(book: Book, event: InstrumentEvent) -> list[Order]:
    rows = Order.objects.for_user(book.account_db_key).open()
    named = rows.filter(portfolio=book.portfolio, symbol=event.old_symbol)
    orders = [
        order
        for order in book.orders(named.values_list("pk", flat=True)).values()
        if order.is_open and order.symbol == event.old_symbol
    ]
    for order in orders:
        order.symbol = event.symbol
        book.touch_order(order)
    return orders


def _position_renamed(book: Book, event: InstrumentEvent) -> bool:
    """Book a held position over to the new symbol, with what open sells hold back of it."""
    old = next((row for row in book.positions() if row.symbol == event.old_symbol), None)
    if old is None or not old.quantity:
        return False
    new = book.position(event.symbol, old.currency)
    entry = book.post(
        kind=TransactionKind.SYMBOL_CHANGE,
        # By state, not by name, this happens once; after a straggler it may happen again.
        natural_key=f"symbol-change:{event.action_id}:{book.portfolio.ledger_seq}",
        occurred_at=book.at,
        lines=renamed_lines(event.old_symbol, event.symbol, old.currency, old.cost_basis),
    )
    entry.symbol, entry.new_symbol, entry.quantity = event.old_symbol, event.symbol, old.quantity
    new.show(new.holding.with_all_of(old.holding))
    new.reserved_quantity += old.reserved_quantity
    old.show(Holding())
    old.reserved_quantity = ZERO
    book.touch(old)
    book.touch(new)
    return True


def _waiting(alias: str, event: InstrumentEvent) -> list[tuple[int, UUID, UUID]]:
    """Return owners, portfolios and ids of the orders that are to be canceled."""
    rows = Order.objects.using(alias).open().filter(symbol=event.symbol)
    waiting = rows.exclude(status=OrderStatus.PENDING_CANCEL)
    return list(waiting.values_list("account_db_key", "portfolio_id", "pk"))


def _cancel(account_db_key: int, portfolio_id: UUID, pk: UUID, event: InstrumentEvent) -> None:
    with suppress(OrderStateError):
        # It ended meanwhile, or its answer is still out: the next run asks again.
        order_cancel(
            account_db_key=account_db_key,
            portfolio_id=portfolio_id,
            order_id=pk,
            reason=REASONS[event.kind],
        )


def _holder_tell(account_db_key: int, event: InstrumentEvent) -> None:
    in_app = notification_wanted(
        account_db_key=account_db_key,
        kind=NotificationKind.PORTFOLIO,
        channel=NotificationChannel.IN_APP,
        at=now(),
    )
    tx(account_db_key, _tell_holder, account_db_key, event, in_app=in_app)


def _tell_holder(account_db_key: int, event: InstrumentEvent, *, in_app: bool) -> None:
    if not received_once(account_db_key, INSTRUMENT_ENDED, str(event.action_id)):
        return
    held = Position.objects.for_user(account_db_key).held().filter(symbol=event.symbol)
    quantities = {str(row.portfolio_id): decimal_text(row.quantity) for row in held}
    emit(
        account_db_key=account_db_key,
        topic=INSTRUMENT_ENDED,
        aggregate_id=str(event.action_id),
        payload={"kind": "instrument_ended", "instrument_ended": ended_payload(event, quantities)},
        stream=STREAM if in_app else "",
        message_type=MESSAGE_TYPE if in_app else "",
    )
