"""One portfolio under its lock: changes gather in memory and are written once.

Every service that moves cash, shares or orders works through a Book inside ``tx``. It locks
the portfolio row first, so nobody else changes the same portfolio meanwhile, and ``save``
writes rows, projections and news in few statements.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from portfolio.core.accounting import Line, is_balanced
from portfolio.core.orders import next_status
from portfolio.enums import OrderEvent, OrderStatus, PortfolioStatus, TransactionKind
from portfolio.errors import PortfolioClosedError
from portfolio.locks import order_for_update, orders_for_update, portfolio_for_update
from portfolio.models import (
    CashBalance,
    Fill,
    Order,
    Portfolio,
    Position,
    Posting,
    Transaction,
)
from portfolio.payloads import Payload
from tradingplatform.clock import now
from tradingplatform.db.outbox import StreamNews, emit_to_stream
from tradingplatform.errors import invariant

STREAM = "user"
MESSAGE_TYPE = "portfolio"
_ORDER_FIELDS = (
    "symbol",
    "status",
    "status_reason",
    "filled_quantity",
    "filled_notional",
    "quantity",
    "limit_price",
    "worst_price",
    "reserved_cash",
    "reserved_quantity",
    "updated_at",
    "version",
)


class Book:
    """The rows of one locked portfolio that the current transaction reads and changes."""

    def __init__(self, portfolio: Portfolio, cash: Iterable[CashBalance] = ()) -> None:
        self.portfolio = portfolio
        self.account_db_key = portfolio.account_db_key
        self.at = now()
        self._cash = {row.currency: row for row in cash}
        self._positions: dict[str, Position] | None = None
        self._changed: dict[UUID, CashBalance | Position] = {}
        self._orders: dict[UUID, Order] = {}
        self._transactions: list[Transaction] = []
        self._postings: list[Posting] = []
        self._fills: list[Fill] = []
        self._news: list[StreamNews] = []

    @classmethod
    def lock(cls, account_db_key: int, portfolio_id: UUID) -> Self:
        """Lock a portfolio, open or closed; PortfolioNotFoundError if it is not the user's."""
        balances = portfolio_for_update(account_db_key, portfolio_id)
        return cls(balances[0].portfolio, balances)

    @classmethod
    def lock_open(cls, account_db_key: int, portfolio_id: UUID) -> Self:
        """Lock a portfolio that may trade; PortfolioClosedError if it was closed."""
        book = cls.lock(account_db_key, portfolio_id)
        if book.portfolio.status != PortfolioStatus.OPEN:
            raise PortfolioClosedError("The portfolio is closed.")
        return book

    def order(self, order_id: UUID) -> Order:
        """Lock one order; OrderNotFoundError if it is not in this portfolio."""
        return order_for_update(self.portfolio, order_id)

    def orders(self, order_ids: Iterable[UUID]) -> dict[UUID, Order]:
        """Lock several orders, by id; ids that do not exist are left out."""
        return {order.pk: order for order in orders_for_update(self.portfolio, list(order_ids))}

    def cash(self, currency: str) -> CashBalance:
        """Return the cash of a currency; an unsaved empty balance if there is none yet."""
        if currency not in self._cash:
            self._cash[currency] = CashBalance(
                account_db_key=self.account_db_key, portfolio=self.portfolio, currency=currency
            )
        return self._cash[currency]

    def cash_balances(self) -> list[CashBalance]:
        """Return all cash of the portfolio."""
        return list(self._cash.values())

    def positions(self) -> list[Position]:
        """Return all positions, flat ones too."""
        return list(self._load_positions().values())

    def position(self, symbol: str, currency: str) -> Position:
        """Return the position in an instrument; an unsaved flat one if there is none yet."""
        positions = self._load_positions()
        if symbol not in positions:
            positions[symbol] = Position(
                account_db_key=self.account_db_key,
                portfolio=self.portfolio,
                symbol=symbol,
                currency=currency,
            )
        return positions[symbol]

    def change_cash(
        self, currency: str, *, amount: Decimal = Decimal(0), reserve: Decimal = Decimal(0)
    ) -> None:
        """Move the balance by ``amount`` and what is held back by ``reserve``."""
        cash = self.cash(currency)
        cash.balance += amount
        cash.reserved += reserve
        self.touch(cash)

    def touch(self, row: CashBalance | Position) -> None:
        """Note that a projection was changed."""
        self._changed[row.pk] = row

    def move(self, order: Order, event: OrderEvent, reason: str = "") -> None:
        """Let an event happen to an order; OrderStateError if the table forbids it."""
        order.status = next_status(OrderStatus(order.status), event)
        order.status_reason = reason
        self.touch_order(order)

    def touch_order(self, order: Order) -> None:
        """Note that an order was changed."""
        if order.pk not in self._orders:
            order.version += 1
        order.updated_at = self.at
        self._orders[order.pk] = order

    def post(
        self,
        *,
        kind: TransactionKind,
        natural_key: str,
        occurred_at: datetime,
        lines: tuple[Line, ...],
    ) -> Transaction:
        """Add a journal entry; the projections are the caller's to change with it.

        The entry is written by ``save``, until then the caller may add what it traded.
        """
        invariant(is_balanced(lines), f"{kind} {natural_key} does not add up to zero")
        self.portfolio.ledger_seq += 1
        entry = Transaction(
            account_db_key=self.account_db_key,
            portfolio=self.portfolio,
            seq=self.portfolio.ledger_seq,
            kind=kind,
            natural_key=natural_key,
            occurred_at=occurred_at,
            recorded_at=self.at,
            currency=lines[0].currency,
        )
        self._transactions.append(entry)
        self._postings += [
            Posting(
                account_db_key=self.account_db_key,
                transaction=entry,
                portfolio=self.portfolio,
                account=line.account,
                currency=line.currency,
                amount=line.amount,
            )
            for line in lines
        ]
        return entry

    def fill(self, fill: Fill) -> None:
        """Add a fill, written by ``save``."""
        self._fills.append(fill)

    def tell(
        self, topic: str, aggregate_id: UUID, kind: str, payload: Payload, **more: Payload
    ) -> None:
        """Add a message to the user's stream: the object as REST shows it, under its kind."""
        message = {"kind": kind, "portfolio_id": str(self.portfolio.pk), kind: payload, **more}
        self._news.append(StreamNews(topic, str(aggregate_id), message))

    def save(self) -> None:
        """Write everything that changed and tell of it; the last step of the transaction."""
        for order in self._orders.values():
            order.save(update_fields=_ORDER_FIELDS)
        if self._transactions:
            self._save_entries()
        for row in self._changed.values():
            row.applied_seq = self.portfolio.ledger_seq
            row.version += 1
            row.save()
        emit_to_stream(self.account_db_key, STREAM, MESSAGE_TYPE, self._news)

    def _save_entries(self) -> None:
        key = self.account_db_key
        Transaction.objects.for_user(key).bulk_create(self._transactions)
        Posting.objects.for_user(key).bulk_create(self._postings)
        if self._fills:
            Fill.objects.for_user(key).bulk_create(self._fills)
        self.portfolio.save(update_fields=["ledger_seq"])

    def _load_positions(self) -> dict[str, Position]:
        if self._positions is None:
            rows = Position.objects.for_user(self.account_db_key)
            self._positions = {row.symbol: row for row in rows.filter(portfolio=self.portfolio)}
        return self._positions
