"""The way of an order to a broker and of reports back, fenced and crash-safe.

``orders_claim`` commits a send attempt before anything is sent. ``reports_apply`` books what
the broker said. Both look at the shard's fence first, so that a trader that lost its lease
cannot send or book any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F

from portfolio.brokers.base import Report
from portfolio.core.orders import UNANSWERED
from portfolio.enums import (
    BrokerName,
    OrderEvent,
    OrderSide,
    OrderStatus,
    SendOutcome,
    TradingMode,
)
from portfolio.errors import SenderFencedError
from portfolio.locks import fence_for_update, new_orders_for_update
from portfolio.models import Fill, Order, SendAttempt, SenderFence
from portfolio.services.book import Book
from portfolio.services.fills import exec_ids_seen, fill_book, fills_tell
from portfolio.services.order_steps import order_end, order_tell
from portfolio.services.trading_state import trading_mode
from portfolio.types import Quotes
from tradingplatform.clock import now
from tradingplatform.db.shards import shard_for
from tradingplatform.db.transactions import shard_tx, tx

_HALTED = "TRADING_HALTED"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: a broker's trader with the epoch of its lease."""

    broker: BrokerName
    epoch: int


@dataclass(frozen=True, slots=True)
class Reported:
    """A report on an order as it was when the broker looked at it."""

    order_id: UUID
    version: int
    report: Report


def fence_raise(*, alias: str, sender: Sender) -> None:
    """Refuse every older sender on this shard from now on; SenderFencedError if we are older."""
    shard_tx(alias, _raise_fence, alias, sender)


def orders_claim(*, alias: str, sender: Sender, limit: int) -> list[Order]:
    """Take the oldest NEW orders of a shard and commit a send attempt for each.

    Reads the kill switch in the same transaction: HALTED takes nothing, REDUCING only
    sells; what stays behind says why. Raises SenderFencedError.
    """
    return shard_tx(alias, _claim, alias, sender, limit)


def reports_apply(
    *,
    account_db_key: int,
    portfolio_id: UUID,
    sender: Sender,
    reported: Sequence[Reported],
    quotes: Quotes,
) -> list[Order]:
    """Book what a broker said of some orders of one portfolio, each fill exactly once.

    A report on an order that has changed since is dropped. Returns the orders as they are
    now, so that the trader can look at those again. Raises SenderFencedError.
    """
    return tx(account_db_key, _apply_all, account_db_key, portfolio_id, sender, reported, quotes)


def _raise_fence(alias: str, sender: Sender) -> None:
    fences = SenderFence.objects.using(alias)
    fence = fence_for_update(alias, sender.broker)
    if fence is None:
        fences.create(account_db_key=0, broker=sender.broker, epoch=sender.epoch)
    elif fence.epoch > sender.epoch:
        raise _fenced(sender, fence)
    else:
        fences.filter(pk=fence.pk).update(epoch=sender.epoch)


def _check_fence(alias: str, sender: Sender) -> None:
    fence = fence_for_update(alias, sender.broker)
    if fence is None or fence.epoch != sender.epoch:
        raise _fenced(sender, fence)


def _fenced(sender: Sender, fence: SenderFence | None) -> SenderFencedError:
    return SenderFencedError(
        "Another trader has taken over.",
        epoch=sender.epoch,
        fence=None if fence is None else fence.epoch,
    )


def _claim(alias: str, sender: Sender, limit: int) -> list[Order]:
    _check_fence(alias, sender)
    mode = trading_mode()
    if mode != TradingMode.ACTIVE:
        _mark_held(alias, sender, mode)
    if mode == TradingMode.HALTED:
        return []
    sides = [OrderSide.SELL] if mode == TradingMode.REDUCING else list(OrderSide)
    orders = new_orders_for_update(alias, sender.broker, sides, limit)
    if orders:
        _submit_rows(alias, sender, orders)
    return orders


def _mark_held(alias: str, sender: Sender, mode: TradingMode) -> None:
    held = Order.objects.using(alias).filter(
        status=OrderStatus.NEW, broker=sender.broker, status_reason=""
    )
    if mode == TradingMode.REDUCING:
        held = held.filter(side=OrderSide.BUY)
    held.update(status_reason=_HALTED)


def _submit_rows(alias: str, sender: Sender, orders: list[Order]) -> None:
    at = now()
    Order.objects.using(alias).filter(pk__in=[order.pk for order in orders]).update(
        status=OrderStatus.PENDING_SUBMIT,
        status_reason="",
        version=F("version") + 1,
        updated_at=at,
    )
    for order in orders:
        order.status, order.status_reason = OrderStatus.PENDING_SUBMIT, ""
        order.version += 1
    SendAttempt.objects.using(alias).bulk_create(
        SendAttempt(
            account_db_key=order.account_db_key,
            order=order,
            sender_epoch=sender.epoch,
            started_at=at,
        )
        for order in orders
    )


def _apply_all(
    account_db_key: int,
    portfolio_id: UUID,
    sender: Sender,
    reported: Sequence[Reported],
    quotes: Quotes,
) -> list[Order]:
    _check_fence(shard_for(account_db_key), sender)
    book = Book.lock(account_db_key, portfolio_id)
    orders = book.orders(item.order_id for item in reported)
    current = [
        item
        for item in reported
        if item.order_id in orders and orders[item.order_id].version == item.version
    ]
    executions = [execution for item in current for execution in item.report.executions]
    seen = exec_ids_seen(book, executions) if executions else set()
    fills: list[Fill] = []
    for item in current:
        fills += _apply(book, orders[item.order_id], item.report, seen)
    _answer(book, [(orders[item.order_id], item.report) for item in current])
    if fills:
        fills_tell(book, fills, quotes)
    book.save()
    return list(orders.values())


def _apply(book: Book, order: Order, report: Report, seen: set[str]) -> list[Fill]:
    if report.is_lost:
        book.move(order, OrderEvent.LOSE_ANSWER, report.reason)
        order_tell(book, order)
        return []
    if order.status in UNANSWERED and report.end != OrderEvent.REJECT:
        book.move(order, OrderEvent.ACCEPT, report.reason)
    fresh = [execution for execution in report.executions if execution.exec_id not in seen]
    fills = [fill_book(book, order, execution) for execution in fresh]
    if report.end is not None:
        order_end(book, order, report.end, reason=report.reason)
    elif not fills:
        order.status_reason = report.reason
        book.touch_order(order)
        order_tell(book, order)
    return fills


def _answer(book: Book, reports: list[tuple[Order, Report]]) -> None:
    """Close the send attempts that these reports answer."""
    outcomes: dict[SendOutcome, list[UUID]] = {}
    for order, report in reports:
        outcome = SendOutcome.UNKNOWN if report.is_lost else SendOutcome.ACCEPTED
        if report.end == OrderEvent.REJECT:
            outcome = SendOutcome.REJECTED
        outcomes.setdefault(outcome, []).append(order.pk)
    for outcome, ids in outcomes.items():
        attempts = SendAttempt.objects.for_user(book.account_db_key)
        attempts.filter(order_id__in=ids, outcome=SendOutcome.PENDING).update(
            outcome=outcome, answered_at=book.at
        )
