"""Projections made anew from the ledger."""

from uuid import UUID

from django.db.models import Sum

from portfolio.core.accounting import ZERO, Holding, cash_account
from portfolio.core.orders import OPEN
from portfolio.enums import TransactionKind
from portfolio.models import (
    CashBalance,
    Fill,
    Order,
    Portfolio,
    Position,
    Posting,
    Transaction,
)
from portfolio.replay import holdings_replayed
from portfolio.services.book import Book
from tradingplatform.db.shards import shard_aliases
from tradingplatform.db.transactions import tx


def projections_rebuild() -> int:
    """Rebuild the projections of every portfolio of every shard; return how many rows changed."""
    return sum(
        portfolio_rebuild(account_db_key=key, portfolio_id=portfolio_id)
        for alias in shard_aliases()
        for key, portfolio_id in Portfolio.objects.using(alias)
        .order_by("pk")
        .values_list("account_db_key", "pk")
    )


def portfolio_rebuild(*, account_db_key: int, portfolio_id: UUID) -> int:
    """Set balances from postings, positions from fills and reservations from open orders."""
    return tx(account_db_key, _rebuild, account_db_key, portfolio_id)


def _rebuild(account_db_key: int, portfolio_id: UUID) -> int:
    book = Book.lock(account_db_key, portfolio_id)
    changed = _rebuild_cash(book) + _rebuild_positions(book)
    for row in changed:
        book.touch(row)
    book.save()
    return len(changed)


def _open_orders(book: Book) -> list[Order]:
    return list(
        Order.objects.for_user(book.account_db_key).filter(
            portfolio=book.portfolio, status__in=OPEN
        )
    )


def _rebuild_cash(book: Book) -> list[CashBalance]:
    postings = Posting.objects.for_user(book.account_db_key).filter(portfolio=book.portfolio)
    totals = dict(postings.values_list("account").annotate(total=Sum("amount")))
    names = {name.removeprefix("cash:") for name in totals if name.startswith("cash:")}
    orders = _open_orders(book)
    changed = []
    for currency in sorted(names | {row.currency for row in book.cash_balances()}):
        row = book.cash(currency)
        balance = totals.get(cash_account(currency), ZERO)
        reserved = sum((o.reserved_cash for o in orders if o.currency == currency), ZERO)
        if (row.balance, row.reserved) != (balance, reserved):
            row.balance, row.reserved = balance, reserved
            changed.append(row)
    return changed


def _rebuild_positions(book: Book) -> list[Position]:
    fills = Fill.objects.for_user(book.account_db_key).filter(portfolio=book.portfolio)
    entries = Transaction.objects.for_user(book.account_db_key).filter(portfolio=book.portfolio)
    replayed = holdings_replayed(fills, entries)
    currencies = dict(fills.values_list("symbol", "currency").distinct())
    renamed = entries.filter(kind=TransactionKind.SYMBOL_CHANGE)
    currencies |= dict(renamed.values_list("new_symbol", "currency"))
    orders = _open_orders(book)
    changed = []
    for symbol in sorted({*currencies, *(row.symbol for row in book.positions())}):
        row = book.position(symbol, currencies.get(symbol, ""))
        holding = replayed.get((book.portfolio.pk, symbol), Holding())
        reserved = sum((o.reserved_quantity for o in orders if o.symbol == symbol), ZERO)
        before = (row.holding, row.average_cost, row.reserved_quantity)
        if before != (holding, holding.average_cost, reserved):
            row.show(holding)
            row.reserved_quantity = reserved
            changed.append(row)
    return changed
