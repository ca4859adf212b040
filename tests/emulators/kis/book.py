"""The emulator's book: accounts, cash, holdings, orders and fills; in a file when asked for."""

import copy
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from tests.emulators.web import Json

KRW, USD = "KRW", "USD"
OPEN, DONE, CANCELLED, REPLACED = "open", "filled", "cancelled", "replaced"
BUY, SELL = "buy", "sell"


@dataclass
class Holding:
    symbol: str
    quantity: int = 0
    cost: Decimal = Decimal(0)

    @property
    def average(self) -> Decimal:
        return self.cost / self.quantity if self.quantity else Decimal(0)


@dataclass
class Order:
    """`deed` is new, amend or cancel; `price` 0 means at the market; `reserve` is per share."""

    number: int
    account: str
    symbol: str
    side: str
    kind: str
    quantity: int
    price: Decimal
    exchange: str
    currency: str
    at: datetime
    deed: str = "new"
    original: int = 0
    reserve: Decimal = Decimal(0)
    filled: int = 0
    amount: Decimal = Decimal(0)
    cancelled: int = 0
    status: str = OPEN

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled - self.cancelled if self.status == OPEN else 0

    @property
    def average(self) -> Decimal:
        return self.amount / self.filled if self.filled else Decimal(0)

    @property
    def is_market(self) -> bool:
        return self.price == 0


@dataclass
class Fill:
    order: int
    account: str
    symbol: str
    side: str
    quantity: int
    price: Decimal
    at: datetime
    costs: Decimal
    cost_moved: Decimal


@dataclass
class Cancel:
    """So many shares of an order were given up, when its status was this."""

    order: int
    quantity: int
    status_before: str
    at: datetime


@dataclass
class Account:
    number: str
    hts_id: str
    environment: str
    cash: dict[str, Decimal]
    holdings: dict[str, Holding] = field(default_factory=dict)

    def holding(self, symbol: str) -> Holding:
        return self.holdings.setdefault(symbol, Holding(symbol))


@dataclass
class Costs:
    """What a fill costs besides its price, as shares of its amount."""

    commission: dict[str, Decimal] = field(
        default_factory=lambda: {KRW: Decimal("0.00015"), USD: Decimal("0.0025")}
    )
    sell_tax: dict[str, Decimal] = field(
        default_factory=lambda: {KRW: Decimal("0.0020"), USD: Decimal(0)}
    )

    def of(self, side: str, currency: str, amount: Decimal) -> Decimal:
        rate = self.commission[currency]
        if side == SELL:
            rate += self.sell_tax[currency]
        return (amount * rate).quantize(Decimal(1) if currency == KRW else Decimal("0.01"))


class Book:
    """Every change is written to the file before anyone hears of it."""

    def __init__(self, accounts: list[Account], path: Path | None = None) -> None:
        self.accounts = {account.number: account for account in accounts}
        self.orders: dict[int, Order] = {}
        self.fills: list[Fill] = []
        self.cancels: list[Cancel] = []
        self.costs = Costs()
        self.path = path
        self._last_number = 0
        if path is not None and path.exists():
            self._load(json.loads(path.read_text()))

    def next_number(self) -> int:
        self._last_number += 1
        return self._last_number

    def add(self, order: Order) -> None:
        self.orders[order.number] = order
        self.save()

    def open_orders(self, symbol: str = "", account: str = "") -> list[Order]:
        """List open orders, the best price first and then the oldest."""
        found = [
            order
            for order in self.orders.values()
            if order.remaining
            and order.symbol == (symbol or order.symbol)
            and order.account == (account or order.account)
        ]
        return sorted(found, key=_priority)

    def free_cash(self, account: Account, currency: str) -> Decimal:
        """Return the cash that no open buy order has reserved."""
        held = sum(
            (
                order.reserve * order.remaining
                for order in self.open_orders(account=account.number)
                if order.side == BUY and order.currency == currency
            ),
            Decimal(0),
        )
        return account.cash[currency] - held

    def free_quantity(self, account: Account, symbol: str) -> int:
        """Return the shares that no open sell order has bound."""
        bound = sum(
            order.remaining
            for order in self.open_orders(symbol, account.number)
            if order.side == SELL
        )
        return account.holding(symbol).quantity - bound

    def fills_since(self, at: datetime, account: Account, currency: str) -> list[Fill]:
        return [
            fill
            for fill in self.fills
            if fill.at >= at
            and fill.account == account.number
            and self.orders[fill.order].currency == currency
        ]

    def fill(self, order: Order, quantity: int, price: Decimal, at: datetime) -> Fill:
        account, amount = self.accounts[order.account], price * quantity
        costs = self.costs.of(order.side, order.currency, amount)
        holding = account.holding(order.symbol)
        if order.side == BUY:
            account.cash[order.currency] -= amount + costs
            moved = amount
            holding.quantity += quantity
        else:
            account.cash[order.currency] += amount - costs
            moved = -holding.average * quantity
            holding.quantity -= quantity
        holding.cost += moved
        order.filled += quantity
        order.amount += amount
        if not order.remaining:
            order.status = DONE
        fill = Fill(
            order.number,
            account.number,
            order.symbol,
            order.side,
            quantity,
            price,
            at,
            costs,
            moved,
        )
        self.fills.append(fill)
        self.save()
        return fill

    def cancel(self, order: Order, quantity: int, at: datetime, status: str = CANCELLED) -> None:
        self.cancels.append(Cancel(order.number, quantity, order.status, at))
        order.cancelled += quantity
        if order.quantity == order.filled + order.cancelled:
            order.status = status
        self.save()

    def undo_cancel(self, order: Order) -> None:
        """Take the newest cancellation of this order back."""
        done = next(c for c in reversed(self.cancels) if c.order == order.number)
        self.cancels.remove(done)
        order.cancelled -= done.quantity
        order.status = done.status_before
        self.save()

    def as_of(self, at: datetime) -> "Book":
        """Return the book as it stood then."""
        past = copy.deepcopy(self)
        past.path = None
        for cancel in [c for c in reversed(past.cancels) if c.at > at]:
            past.undo_cancel(past.orders[cancel.order])
        for fill in [f for f in reversed(past.fills) if f.at > at]:
            past._undo_fill(fill)
        past.orders = {n: order for n, order in past.orders.items() if order.at <= at}
        return past

    def _undo_fill(self, fill: Fill) -> None:
        order, account = self.orders[fill.order], self.accounts[fill.account]
        holding, amount = account.holding(fill.symbol), fill.price * fill.quantity
        if fill.side == BUY:
            account.cash[order.currency] += amount + fill.costs
            holding.quantity -= fill.quantity
        else:
            account.cash[order.currency] -= amount - fill.costs
            holding.quantity += fill.quantity
        holding.cost -= fill.cost_moved
        order.filled -= fill.quantity
        order.amount -= amount
        order.status = OPEN
        self.fills.remove(fill)

    # The file

    def save(self) -> None:
        if self.path is None:
            return
        whole = {
            "last_number": self._last_number,
            "accounts": [asdict(account) for account in self.accounts.values()],
            "orders": [asdict(order) for order in self.orders.values()],
            "fills": [asdict(fill) for fill in self.fills],
            "cancels": [asdict(cancel) for cancel in self.cancels],
        }
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps(whole, default=str, ensure_ascii=False))
        beside.replace(self.path)

    def _load(self, whole: Json) -> None:
        self._last_number = whole["last_number"]
        for raw in whole["accounts"]:
            holdings = {
                symbol: Holding(**{**holding, "cost": Decimal(holding["cost"])})
                for symbol, holding in raw["holdings"].items()
            }
            cash = {currency: Decimal(amount) for currency, amount in raw["cash"].items()}
            self.accounts[raw["number"]] = Account(**{**raw, "cash": cash, "holdings": holdings})
        for raw in whole["orders"]:
            self.orders[raw["number"]] = Order(**_typed(raw, "price", "reserve", "amount"))
        self.fills = [Fill(**_typed(raw, "price", "costs", "cost_moved")) for raw in whole["fills"]]
        self.cancels = [Cancel(**_typed(raw)) for raw in whole["cancels"]]


def _priority(order: Order) -> tuple[bool, Decimal, int]:
    better = -order.price if order.side == BUY else order.price
    return (not order.is_market, better, order.number)


def _typed(raw: Json, *decimals: str) -> Json:
    values = {name: Decimal(raw[name]) for name in decimals}
    return {**raw, **values, "at": datetime.fromisoformat(raw["at"])}
