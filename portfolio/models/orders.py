"""Orders, the attempts to send them, and their fills."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Self

from django.db import models
from django.db.models import F, Q

from portfolio.core.orders import OPEN, WATCHED
from portfolio.enums import (
    BrokerName,
    OrderSide,
    OrderStatus,
    OrderType,
    SendOutcome,
    TimeInForce,
)
from portfolio.models.base import AppendOnlyQuerySet
from portfolio.models.ledger import Portfolio, Transaction
from tradingplatform.clock import now
from tradingplatform.db.fields import MoneyField, PriceField, QuantityField
from tradingplatform.db.models import ShardedModel, ShardedQuerySet, UserRow

ZERO = Decimal(0)
_PRICE_QUANTUM = Decimal("0.000001")


class OrderQuerySet(ShardedQuerySet["Order"]):
    def open(self) -> Self:
        """Orders that can still trade."""
        return self.filter(status__in=OPEN)

    def at_broker(self, broker: str) -> Self:
        """Orders that a broker works on, or that were on their way to it."""
        return self.filter(status__in=WATCHED, broker=broker).order_by("pk")


OrderManager = models.Manager.from_queryset(OrderQuerySet)


class Order(UserRow):
    """An intent to trade. Its status only moves along ``core.orders.TRANSITIONS``."""

    reads_primary = True

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="orders")
    client_order_id = models.CharField(max_length=64)
    broker = models.CharField(max_length=16, choices=BrokerName.choices)
    symbol = models.CharField(max_length=16)
    exchange = models.CharField(max_length=16)
    asset_type = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    side = models.CharField(max_length=8, choices=OrderSide.choices)
    order_type = models.CharField(max_length=16, choices=OrderType.choices)
    time_in_force = models.CharField(max_length=8, choices=TimeInForce.choices)
    quantity = QuantityField()
    filled_quantity = QuantityField(default=ZERO)
    filled_notional = PriceField(default=ZERO)
    limit_price = PriceField(null=True, blank=True)
    worst_price = PriceField(null=True, blank=True)
    reserved_cash = MoneyField(default=ZERO)
    reserved_quantity = QuantityField(default=ZERO)
    status = models.CharField(max_length=16, choices=OrderStatus.choices, default=OrderStatus.NEW)
    status_reason = models.CharField(max_length=64, blank=True)
    quote_source = models.CharField(max_length=32, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)
    version = models.BigIntegerField(default=0)

    objects = OrderManager()

    class Meta:
        db_table = "table_orders"
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "client_order_id"], name="order_client_id_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_quantity_positive"),
            models.CheckConstraint(
                condition=Q(filled_quantity__gte=0, filled_quantity__lte=F("quantity")),
                name="order_not_overfilled",
            ),
            models.CheckConstraint(
                condition=Q(reserved_cash__gte=0, reserved_quantity__gte=0),
                name="order_reserved_positive",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "id"], name="order_by_status"),
            models.Index(fields=["portfolio", "status", "id"], name="order_of_portfolio"),
            models.Index(fields=["symbol", "status"], name="order_symbol"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.status}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def remaining_quantity(self) -> Decimal:
        return self.quantity - self.filled_quantity

    @property
    def average_fill_price(self) -> Decimal | None:
        if not self.filled_quantity:
            return None
        with localcontext(prec=50):
            average = self.filled_notional / self.filled_quantity
            return average.quantize(_PRICE_QUANTUM, ROUND_HALF_UP)


class SendAttemptQuerySet(ShardedQuerySet["SendAttempt"]):
    """Always of one user."""


SendAttemptManager = models.Manager.from_queryset(SendAttemptQuerySet)


class SendAttempt(UserRow):
    """Committed before an order goes to a broker, so that no send is ever forgotten."""

    reads_primary = True

    order = models.ForeignKey(Order, models.PROTECT, related_name="send_attempts")
    number = models.PositiveSmallIntegerField(default=1)
    sender_epoch = models.BigIntegerField()
    outcome = models.CharField(
        max_length=16, choices=SendOutcome.choices, default=SendOutcome.PENDING
    )
    broker_order_id = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(default=now)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = SendAttemptManager()

    class Meta:
        db_table = "table_send_attempts"
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="send_attempt_once")
        ]

    def __str__(self) -> str:
        return f"{self.order_id} #{self.number} {self.outcome}"


class FillQuerySet(AppendOnlyQuerySet["Fill"]):
    """Written once, never changed."""


FillManager = models.Manager.from_queryset(FillQuerySet)


class Fill(UserRow):
    """An execution the broker reported; ``exec_id`` makes a repeated report harmless."""

    reads_primary = True

    order = models.ForeignKey(Order, models.PROTECT, related_name="fills")
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="fills")
    transaction = models.OneToOneField(Transaction, models.PROTECT, related_name="fill")
    broker = models.CharField(max_length=16, choices=BrokerName.choices)
    broker_account = models.CharField(max_length=64)
    exec_id = models.CharField(max_length=64)
    symbol = models.CharField(max_length=16)
    side = models.CharField(max_length=8, choices=OrderSide.choices)
    currency = models.CharField(max_length=3)
    quantity = QuantityField()
    price = PriceField()
    fee = MoneyField()
    tax = MoneyField()
    realized_pnl = MoneyField(default=ZERO)
    executed_at = models.DateTimeField()
    quote_source = models.CharField(max_length=32, blank=True)

    objects = FillManager()

    class Meta:
        db_table = "table_fills"
        constraints = [
            models.UniqueConstraint(
                fields=["broker", "broker_account", "exec_id"], name="fill_applied_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, price__gt=0, fee__gte=0, tax__gte=0),
                name="fill_figures_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exec_id}"


class SenderFenceQuerySet(ShardedQuerySet["SenderFence"]):
    """Always of one user."""


SenderFenceManager = models.Manager.from_queryset(SenderFenceQuerySet)


class SenderFence(ShardedModel):
    """The lease epoch a shard obeys: a sender with an older one is refused.

    One row per broker and shard, not per user; ``account_db_key`` is always 0.
    """

    reads_primary = True

    broker = models.CharField(max_length=16, primary_key=True)
    epoch = models.BigIntegerField(default=0)

    objects = SenderFenceManager()

    class Meta:
        db_table = "table_sender_fence"

    def __str__(self) -> str:
        return f"{self.broker}@{self.epoch}"
