"""Double entry: journal entries, their postings, and the projections kept with them.

Truth is Transaction and Posting. CashBalance and Position are projections: they move in
the same database transaction and ``manage.py verify --rebuild`` makes them anew.
"""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q

from portfolio.core.accounting import Holding
from portfolio.enums import BrokerName, PortfolioStatus, TransactionKind
from portfolio.models.base import AppendOnlyQuerySet
from tradingplatform.clock import now
from tradingplatform.db.fields import MoneyField, PriceField, QuantityField
from tradingplatform.db.models import ShardedQuerySet, UserRow

ZERO = Decimal(0)


class PortfolioQuerySet(ShardedQuerySet["Portfolio"]):
    def open(self) -> Self:
        """Portfolios that have not been closed."""
        return self.filter(status=PortfolioStatus.OPEN)


PortfolioManager = models.Manager.from_queryset(PortfolioQuerySet)


class Portfolio(UserRow):
    """Cash and positions of one user at one broker; its row is the lock for all of them."""

    reads_primary = True

    name = models.CharField(max_length=80)
    base_currency = models.CharField(max_length=3)
    broker = models.CharField(max_length=16, choices=BrokerName.choices)
    status = models.CharField(
        max_length=16, choices=PortfolioStatus.choices, default=PortfolioStatus.OPEN
    )
    ledger_seq = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = PortfolioManager()

    class Meta:
        db_table = "table_portfolio"

    def __str__(self) -> str:
        return f"{self.pk} {self.name}"


class CashBalanceQuerySet(ShardedQuerySet["CashBalance"]):
    """Always of one user."""


CashBalanceManager = models.Manager.from_queryset(CashBalanceQuerySet)


class CashBalance(UserRow):
    """Cash of one currency: the sum of its postings, and what open buys hold back of it."""

    reads_primary = True

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="cash_balances")
    currency = models.CharField(max_length=3)
    balance = MoneyField(default=ZERO)
    reserved = MoneyField(default=ZERO)
    applied_seq = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)

    objects = CashBalanceManager()

    class Meta:
        db_table = "table_cash_balance"
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "currency"], name="cash_one_a_currency"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="cash_reserved_positive"),
            models.CheckConstraint(
                condition=Q(balance__gte=F("reserved")), name="cash_reserved_covered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.portfolio_id} {self.currency}"

    @property
    def available(self) -> Decimal:
        return self.balance - self.reserved


class PositionQuerySet(ShardedQuerySet["Position"]):
    def held(self) -> Self:
        """Positions that are not flat."""
        return self.filter(quantity__gt=0)


PositionManager = models.Manager.from_queryset(PositionQuerySet)


class Position(UserRow):
    """What is held of one instrument at average cost, and what open sells hold back of it."""

    reads_primary = True

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="positions")
    symbol = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    quantity = QuantityField(default=ZERO)
    reserved_quantity = QuantityField(default=ZERO)
    cost_basis = MoneyField(default=ZERO)
    average_cost = PriceField(default=ZERO)
    realized_pnl = MoneyField(default=ZERO)
    applied_seq = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)

    objects = PositionManager()

    class Meta:
        db_table = "table_position"
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "symbol"], name="position_one_a_symbol"),
            models.CheckConstraint(
                condition=Q(reserved_quantity__gte=0), name="position_reserved_positive"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("reserved_quantity")), name="position_reserved_held"
            ),
            models.CheckConstraint(condition=Q(cost_basis__gte=0), name="position_cost_positive"),
        ]
        indexes = [models.Index(fields=["symbol"], name="position_symbol")]

    def __str__(self) -> str:
        return f"{self.portfolio_id} {self.symbol}"

    @property
    def available(self) -> Decimal:
        return self.quantity - self.reserved_quantity

    @property
    def holding(self) -> Holding:
        """The figures that accounting works on."""
        return Holding(self.quantity, self.cost_basis, self.realized_pnl)

    def show(self, holding: Holding) -> None:
        """Take over the figures that accounting returned."""
        self.quantity = holding.quantity
        self.cost_basis = holding.cost_basis
        self.realized_pnl = holding.realized_pnl
        self.average_cost = holding.average_cost


class TransactionQuerySet(AppendOnlyQuerySet["Transaction"]):
    """Written once, never changed."""


TransactionManager = models.Manager.from_queryset(TransactionQuerySet)


class Transaction(UserRow):
    """A journal entry. ``seq`` is the order in which entries were applied to the portfolio.

    ``new_symbol`` only where the entry carries a position from ``symbol`` to another one.
    """

    reads_primary = True

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="transactions")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=TransactionKind.choices)
    natural_key = models.CharField(max_length=128)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=now)
    currency = models.CharField(max_length=3)
    symbol = models.CharField(max_length=16, blank=True)
    new_symbol = models.CharField(max_length=16, blank=True, default="")
    quantity = QuantityField(null=True, blank=True)
    price = PriceField(null=True, blank=True)
    order = models.ForeignKey(
        "portfolio.Order", models.PROTECT, null=True, blank=True, related_name="transactions"
    )

    objects = TransactionManager()

    class Meta:
        db_table = "table_transactions"
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "seq"], name="transaction_seq_once"),
            models.UniqueConstraint(
                fields=["portfolio", "natural_key"], name="transaction_applied_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"


class PostingQuerySet(AppendOnlyQuerySet["Posting"]):
    """Written once, never changed."""


PostingManager = models.Manager.from_queryset(PostingQuerySet)


class Posting(UserRow):
    """One line of a journal entry; the lines of an entry add up to zero per currency."""

    reads_primary = True

    transaction = models.ForeignKey(Transaction, models.PROTECT, related_name="postings")
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="postings")
    account = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    amount = MoneyField()

    objects = PostingManager()

    class Meta:
        db_table = "table_postings"
        indexes = [models.Index(fields=["portfolio", "account"], name="posting_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount} {self.currency}"
