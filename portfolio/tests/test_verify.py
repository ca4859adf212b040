"""Each invariant has a check that fires when its rows are corrupted behind our back."""

import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils.module_loading import import_string

from portfolio.brokers.paper import PaperBroker
from portfolio.models import CashBalance, Position, Transaction
from portfolio.shard_trader import ShardTrader
from portfolio.tasks import ledger_verify
from portfolio.tests.factories import JIMIN, order_make
from portfolio.verify import breaches, lasting_breaches
from tradingplatform.db.shards import shard_for

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def traded(portfolio):
    """Two fills, one resting buy and one resting sell."""
    trader = ShardTrader(shard_for(JIMIN), PaperBroker(), 1, threading.Event())
    trader.take_over()
    order_make(portfolio, quantity="10")
    trader.turn()
    order_make(portfolio, side="SELL", quantity="3")
    order_make(portfolio, quantity="5", limit_price="60000")
    order_make(portfolio, side="SELL", quantity="2", limit_price="80000")
    trader.turn()
    return portfolio


def _sql(statement: str, *values: str) -> None:
    with connections[shard_for(JIMIN)].cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount > 0


def _run(**options: bool) -> str:
    out = StringIO()
    call_command("verify", stdout=out, **options)
    return out.getvalue()


def test_an_honest_ledger_holds(traded):
    assert breaches() == []
    assert "hold on every shard" in _run(all=True)
    assert "portfolio.verify.postings_balanced" in _run()


CORRUPTIONS = [
    (
        "postings_balanced",
        "UPDATE table_postings SET amount = amount + 1 WHERE account = 'cash:KRW'",
    ),
    ("postings_balanced", "UPDATE table_postings SET currency = 'USD' WHERE account LIKE 'pnl%%'"),
    ("postings_balanced", "UPDATE table_portfolio SET ledger_seq = ledger_seq + 1"),
    ("balances_match_postings", "UPDATE table_cash_balance SET balance = balance + 10000"),
    (
        "balances_match_postings",
        "UPDATE table_postings SET account = 'cash:JPY' WHERE account = 'cash:USD'",
    ),
    ("positions_match_fills", "UPDATE table_position SET quantity = quantity + 100000000"),
    ("positions_match_fills", "UPDATE table_position SET cost_basis = cost_basis + 1"),
    ("positions_match_fills", "UPDATE table_position SET realized_pnl = realized_pnl - 1"),
    ("positions_match_fills", "UPDATE table_position SET average_cost = average_cost + 1"),
    ("positions_match_fills", "UPDATE table_fills SET price = price + 1000000"),
    ("positions_match_fills", "UPDATE table_fills SET symbol = '000660'"),
    (
        "reservations_match_orders",
        "UPDATE table_cash_balance SET reserved = reserved + 1 WHERE currency = 'KRW'",
    ),
    ("reservations_match_orders", "UPDATE table_position SET reserved_quantity = 0"),
    (
        "reservations_match_orders",
        "UPDATE table_orders SET reserved_cash = 0 WHERE status = 'ACCEPTED' AND side = 'BUY'",
    ),
    (
        "reservations_match_orders",
        "UPDATE table_orders SET reserved_cash = 1 WHERE status = 'FILLED'",
    ),
    (
        "reservations_match_orders",
        "UPDATE table_orders SET status = 'CANCELED' WHERE status = 'ACCEPTED' AND side = 'BUY'",
    ),
    ("orders_match_fills", "UPDATE table_orders SET filled_quantity = 0 WHERE status = 'FILLED'"),
    ("orders_match_fills", "UPDATE table_orders SET status = 'ACCEPTED' WHERE status = 'FILLED'"),
    ("orders_match_fills", "UPDATE table_fills SET quantity = quantity + 100000000"),
    ("orders_match_fills", "UPDATE table_fills SET side = 'SELL' WHERE side = 'BUY'"),
    ("orders_match_fills", "DELETE FROM table_fills WHERE side = 'SELL'"),
    ("rows_on_their_shard", "UPDATE table_orders SET account_db_key = 8"),
    ("rows_on_their_shard", "UPDATE table_postings SET account_db_key = 8"),
    ("rows_on_their_shard", "UPDATE table_fills SET account_db_key = 71"),
    ("rows_on_their_shard", "UPDATE outbox SET account_db_key = 8"),
]


@pytest.mark.parametrize(("check", "statement"), CORRUPTIONS)
def test_corrupted_rows_are_found_and_named(traded, check, statement):
    _sql(statement)
    found = list(import_string(f"portfolio.verify.{check}")(shard_for(JIMIN)))
    assert found
    assert set(found) <= {line.partition(": ")[2] for line in breaches()}


def test_the_command_names_the_breach_and_fails(traded):
    _sql("UPDATE table_cash_balance SET balance = balance + 10000 WHERE currency = 'KRW'")
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("verify", all=True, stdout=out)
    assert caught.value.returncode == 1
    assert out.getvalue().startswith(f"BREACH {shard_for(JIMIN)} balances_match_postings: cash ")


def test_a_lost_entry_is_found(traded):
    entry = Transaction.objects.using(shard_for(JIMIN)).get(kind="SELL")
    _sql("DELETE FROM table_postings WHERE transaction_id = %s", _stored(entry.pk))
    assert any(str(entry.pk) in line and "no postings" in line for line in breaches())


def _stored(pk) -> str:
    field = Transaction._meta.pk
    return field.get_db_prep_value(pk, connections[shard_for(JIMIN)])


def test_a_breach_that_trading_heals_meanwhile_is_none(traded):
    rows = CashBalance.objects.for_user(JIMIN).filter(currency="KRW")
    right = rows.get().balance
    rows.update(balance=right + 1)
    assert lasting_breaches(lambda: rows.update(balance=right)) == []
    rows.update(balance=right + 1)
    assert len(lasting_breaches(lambda: None)) == 1


def test_the_periodic_check_raises_the_alarm(traded):
    CashBalance.objects.for_user(JIMIN).filter(currency="KRW").update(balance=10**9)
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr("portfolio.tasks.log.critical", lambda _event, breach: lines.append(breach))
        ledger_verify.run()
    assert len(lines) == 1


def test_rebuilding_restores_the_projections_exactly(traded):
    def figures():
        cash = CashBalance.objects.for_user(JIMIN).order_by("currency")
        held = Position.objects.for_user(JIMIN).order_by("symbol")
        return (
            list(cash.values_list("currency", "balance", "reserved")),
            list(
                held.values_list(
                    "symbol",
                    "quantity",
                    "reserved_quantity",
                    "cost_basis",
                    "average_cost",
                    "realized_pnl",
                )
            ),
        )

    before = figures()
    assert "0 rows changed" in _run(rebuild=True, all=True)
    _sql("UPDATE table_cash_balance SET balance = 99, reserved = 1")
    _sql("DELETE FROM table_position")
    assert breaches()
    assert "3 rows changed" in _run(rebuild=True, all=True)
    assert figures() == before
