"""Average-cost accounting and the postings of every kind of entry.

Signs: a positive posting adds to an asset or an expense, a negative one takes away or is
income or outside money. The postings of an entry add up to zero per currency. A buy adds
its fee to the cost of the position; a sell pays fee and tax out of its proceeds:

    BUY   cash -(gross + fee)         position:<symbol> +(gross + fee)
    SELL  cash +(gross - fee - tax)   position:<symbol> -basis   expense:fee +fee
          expense:tax +tax            pnl:realized -(gross - basis)

A changed symbol carries the cost over:

    SYMBOL_CHANGE  position:<new> +cost   position:<old> -cost
"""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, localcontext

from portfolio.core.costs import TradeCosts
from portfolio.enums import OrderSide
from tradingplatform.errors import invariant
from tradingplatform.money import round_money

ZERO = Decimal(0)
EXTERNAL = "equity:external"
FEE = "expense:fee"
TAX = "expense:tax"
REALIZED = "pnl:realized"
_AVERAGE_QUANTUM = Decimal("0.000001")
_PRECISION = 50
NO_COSTS = TradeCosts(fee=ZERO, tax=ZERO)


@dataclass(frozen=True, slots=True)
class Line:
    """One posting: an amount of a currency on an account."""

    account: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held of one instrument, at average cost, and what selling it has earned."""

    quantity: Decimal = ZERO
    cost_basis: Decimal = ZERO
    realized_pnl: Decimal = ZERO

    @property
    def average_cost(self) -> Decimal:
        """Cost per share, for display; ``cost_basis`` is the exact figure."""
        if not self.quantity:
            return ZERO
        with localcontext(prec=_PRECISION):
            return (self.cost_basis / self.quantity).quantize(_AVERAGE_QUANTUM, ROUND_HALF_UP)

    def with_all_of(self, other: "Holding") -> "Holding":
        """Return both holdings as one."""
        return Holding(
            self.quantity + other.quantity,
            self.cost_basis + other.cost_basis,
            self.realized_pnl + other.realized_pnl,
        )


@dataclass(frozen=True, slots=True)
class Trade:
    """A fill as the ledger sees it."""

    side: OrderSide
    symbol: str
    currency: str
    quantity: Decimal
    price: Decimal
    costs: TradeCosts = NO_COSTS

    def with_costs(self, costs: TradeCosts) -> "Trade":
        """Return the same trade with what it costs."""
        return replace(self, costs=costs)

    @property
    def gross(self) -> Decimal:
        return gross_amount(self.quantity, self.price, self.currency)

    @property
    def cash_change(self) -> Decimal:
        """What the trade adds to cash; negative for a buy."""
        if self.side == OrderSide.BUY:
            return -(self.gross + self.costs.fee)
        return self.gross - self.costs.fee - self.costs.tax


@dataclass(frozen=True, slots=True)
class Entry:
    """The effect of one trade: the holding after it and the postings that say so."""

    holding: Holding
    lines: tuple[Line, ...]
    realized_pnl: Decimal


def cash_account(currency: str) -> str:
    """Return the account that holds cash of a currency."""
    return f"cash:{currency}"


def position_account(symbol: str) -> str:
    """Return the account that holds an instrument at cost."""
    return f"position:{symbol}"


def gross_amount(quantity: Decimal, price: Decimal, currency: str) -> Decimal:
    """Return quantity times price in whole units of the currency."""
    with localcontext(prec=_PRECISION):
        return round_money(quantity * price, currency)


def trade_apply(holding: Holding, trade: Trade) -> Entry:
    """Return what a trade makes of a holding; selling more than is held is an InvariantError."""
    if trade.side == OrderSide.BUY:
        return _buy(holding, trade)
    return _sell(holding, trade)


def external_lines(currency: str, amount: Decimal) -> tuple[Line, ...]:
    """Return the postings of a deposit (positive) or withdrawal (negative)."""
    return (
        Line(cash_account(currency), currency, amount),
        Line(EXTERNAL, currency, -amount),
    )


def renamed_lines(old: str, new: str, currency: str, cost: Decimal) -> tuple[Line, ...]:
    """Return the postings that carry a position at cost from one symbol to another."""
    return (
        Line(position_account(new), currency, cost),
        Line(position_account(old), currency, -cost),
    )


def is_balanced(lines: tuple[Line, ...]) -> bool:
    """Whether the postings add up to zero in every currency."""
    totals: dict[str, Decimal] = {}
    for line in lines:
        totals[line.currency] = totals.get(line.currency, ZERO) + line.amount
    return not any(totals.values())


def unrealized_pnl(holding: Holding, price: Decimal, currency: str) -> Decimal:
    """Return what selling everything at ``price`` would earn before costs."""
    return gross_amount(holding.quantity, price, currency) - holding.cost_basis


def _buy(holding: Holding, trade: Trade) -> Entry:
    cost = -trade.cash_change
    after = Holding(
        quantity=holding.quantity + trade.quantity,
        cost_basis=holding.cost_basis + cost,
        realized_pnl=holding.realized_pnl,
    )
    lines = (
        Line(cash_account(trade.currency), trade.currency, -cost),
        Line(position_account(trade.symbol), trade.currency, cost),
    )
    return Entry(after, lines, realized_pnl=ZERO)


def _sell(holding: Holding, trade: Trade) -> Entry:
    invariant(trade.quantity <= holding.quantity, f"{trade.symbol}: sold more than is held")
    basis = _basis_out(holding, trade)
    costs = trade.costs
    realized = trade.cash_change - basis
    after = Holding(
        quantity=holding.quantity - trade.quantity,
        cost_basis=holding.cost_basis - basis,
        realized_pnl=holding.realized_pnl + realized,
    )
    lines = (
        Line(cash_account(trade.currency), trade.currency, trade.cash_change),
        Line(position_account(trade.symbol), trade.currency, -basis),
        Line(FEE, trade.currency, costs.fee),
        Line(TAX, trade.currency, costs.tax),
        Line(REALIZED, trade.currency, basis - trade.gross),
    )
    return Entry(after, tuple(line for line in lines if line.amount), realized_pnl=realized)


def _basis_out(holding: Holding, trade: Trade) -> Decimal:
    # The last share takes whatever is left, so that rounding never stays behind.
    if trade.quantity == holding.quantity:
        return holding.cost_basis
    with localcontext(prec=_PRECISION):
        share = holding.cost_basis * trade.quantity / holding.quantity
        return round_money(share, trade.currency)
