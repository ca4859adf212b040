"""Average-cost accounting against a slow oracle, and the books always balance."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.core.accounting import (
    Holding,
    Trade,
    external_lines,
    gross_amount,
    is_balanced,
    trade_apply,
    unrealized_pnl,
)
from portfolio.core.costs import TradeCosts
from portfolio.enums import OrderSide
from tradingplatform.errors import InvariantError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

BUY, SELL = OrderSide.BUY, OrderSide.SELL


def _trade(side, quantity, price, fee="0", tax="0", currency="KRW"):
    return Trade(
        side=side,
        symbol="005930",
        currency=currency,
        quantity=Decimal(quantity),
        price=Decimal(price),
        costs=TradeCosts(fee=Decimal(fee), tax=Decimal(tax)),
    )


def test_worked_example_in_won():
    bought = trade_apply(Holding(), _trade(BUY, 10, 70_000, fee=105))
    assert bought.holding == Holding(Decimal(10), Decimal(700_105), Decimal(0))
    assert bought.holding.average_cost == Decimal("70010.5")

    sold = trade_apply(bought.holding, _trade(SELL, 3, 80_000, fee=36, tax=480))
    # Basis 210,031.5 rounds to 210,032; proceeds 239,484.
    assert sold.realized_pnl == 239_484 - 210_032
    assert sold.holding.cost_basis == 700_105 - 210_032

    closed = trade_apply(sold.holding, _trade(SELL, 7, 60_000, fee=63, tax=840))
    assert closed.holding.quantity == 0
    assert closed.holding.cost_basis == 0
    assert closed.holding.average_cost == 0
    assert closed.holding.realized_pnl == (239_484 - 210_032) + (419_097 - 490_073)


def test_postings_of_a_sell_name_costs_and_profit():
    held = Holding(Decimal(10), Decimal(1000), Decimal(0))
    entry = trade_apply(held, _trade(SELL, 5, 150, fee=1, tax=2))
    assert {line.account: line.amount for line in entry.lines} == {
        "cash:KRW": 747,
        "position:005930": -500,
        "expense:fee": 1,
        "expense:tax": 2,
        "pnl:realized": -250,
    }


def test_selling_more_than_is_held_stops():
    with pytest.raises(InvariantError):
        trade_apply(Holding(Decimal(1), Decimal(10), Decimal(0)), _trade(SELL, 2, 10))


def test_unrealized_is_value_less_cost():
    held = Holding(Decimal(3), Decimal("30.10"), Decimal(0))
    assert unrealized_pnl(held, Decimal("11.005"), "USD") == Decimal("33.02") - Decimal("30.10")


@given(st.sampled_from(["KRW", "USD"]), st.decimals(-(10**12), 10**12, places=2))
def test_deposits_balance(currency, amount):
    assert is_balanced(external_lines(currency, amount))


@dataclass
class Oracle:
    """Keeps every trade and works everything out again from the first one, in fractions."""

    digits: int
    trades: list[Trade] = field(default_factory=list)

    def figures(self) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        quantity = basis = realized = cash = Fraction(0)
        for trade in self.trades:
            gross = self._round(Fraction(trade.quantity) * Fraction(trade.price))
            fee, tax = Fraction(trade.costs.fee), Fraction(trade.costs.tax)
            if trade.side == BUY:
                basis += gross + fee
                quantity += Fraction(trade.quantity)
                cash -= gross + fee
            else:
                part = Fraction(trade.quantity) / quantity
                out = basis if part == 1 else self._round(basis * part)
                basis -= out
                quantity -= Fraction(trade.quantity)
                realized += gross - fee - tax - out
                cash += gross - fee - tax
        return quantity, basis, realized, cash

    def _round(self, amount: Fraction) -> Fraction:
        scaled = amount * 10**self.digits
        whole = int(scaled + Fraction(1, 2)) if scaled >= 0 else -int(-scaled + Fraction(1, 2))
        return Fraction(whole, 10**self.digits)


_steps = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(1, 500),
        st.decimals("0.01", "900000", places=2),
        st.integers(0, 900),
        st.integers(0, 900),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=300)
@given(_steps, st.sampled_from(["KRW", "USD"]))
def test_any_history_equals_the_oracle_and_balances(steps, currency):
    oracle = Oracle(digits=0 if currency == "KRW" else 2)
    holding = Holding()
    postings: dict[str, Decimal] = {}
    for is_buy, quantity, price, fee, tax in steps:
        side = BUY if is_buy or not holding.quantity else SELL
        size = quantity if side == BUY else min(Decimal(quantity), holding.quantity)
        trade = _trade(side, size, price, fee, tax if side == SELL else 0, currency)
        entry = trade_apply(holding, trade)
        assert is_balanced(entry.lines)
        for line in entry.lines:
            postings[line.account] = postings.get(line.account, Decimal(0)) + line.amount
        holding = entry.holding
        oracle.trades.append(trade)

    quantity, basis, realized, cash = oracle.figures()
    assert Fraction(holding.quantity) == quantity
    assert Fraction(holding.cost_basis) == basis
    assert Fraction(holding.realized_pnl) == realized
    assert Fraction(postings[f"cash:{currency}"]) == cash
    assert postings.get("position:005930", 0) == holding.cost_basis
    if not holding.quantity:
        assert holding.cost_basis == 0
    costs = [postings.get(name, Decimal(0)) for name in ("expense:fee", "expense:tax")]
    assert -(postings.get("pnl:realized", Decimal(0)) + sum(costs)) == holding.realized_pnl
    assert sum(postings.values()) == 0


@given(
    st.integers(1, 10**6),
    st.decimals("0.0001", "10000000", places=4),
    st.sampled_from(["KRW", "USD"]),
)
def test_gross_is_rounded_once_half_up(quantity, price, currency):
    places = Decimal(1) if currency == "KRW" else Decimal("0.01")
    exact = Decimal(quantity) * price
    assert gross_amount(Decimal(quantity), price, currency) == exact.quantize(places, ROUND_HALF_UP)
