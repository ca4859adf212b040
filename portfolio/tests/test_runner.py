"""The trader as it is hosted: one leader, woken at once, replaced when it goes."""

import threading
from io import StringIO

import pytest
from django.core.management import call_command

from portfolio.enums import OrderStatus, TradingMode
from portfolio.models import Order, SenderFence, TradingState
from portfolio.runners import LEASE_NAME, trader_run
from portfolio.services import trading_mode
from portfolio.tests.factories import JIMIN, market_make, order_make, portfolio_make
from tradingplatform.db.shards import shard_for
from tradingplatform.services import services

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


class Hosted:
    """A trader on a thread of its own."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.thread = threading.Thread(target=trader_run, args=(self.stop,), daemon=True)
        self.thread.start()

    def end(self) -> None:
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


def _is_filled(order) -> bool:
    return Order.objects.for_user(JIMIN).get(pk=order.pk).status == OrderStatus.FILLED


def test_one_leads_and_the_next_takes_over(wait_until):
    market_make()
    portfolio = portfolio_make()
    first, second = Hosted(), Hosted()
    try:
        order = order_make(portfolio, quantity="1")
        wait_until(lambda: _is_filled(order), timeout_s=20)
        assert services.lock.current_epoch(LEASE_NAME) == 1
        assert services.lock.acquire(LEASE_NAME, 1) is None
        first.end()
        # Whichever of the two led: one is left, and it serves.
        market_order = order_make(portfolio, quantity="1")
        wait_until(lambda: _is_filled(market_order), timeout_s=20)
    finally:
        first.stop.set()
        second.end()
    fence = SenderFence.objects.using(shard_for(JIMIN)).get()
    assert fence.epoch == services.lock.current_epoch(LEASE_NAME)
    assert services.lock.acquire(LEASE_NAME, 1) is not None


def test_the_kill_switch_command(portfolio_with_order):
    out = StringIO()
    call_command(
        "trading_state", "HALTED", reason="drill", cancel_open=True, stdout=out, stderr=out
    )
    assert out.getvalue().splitlines() == [
        "1 orders asked to be canceled.",
        "Trading is HALTED.",
    ]
    assert trading_mode() == TradingMode.HALTED
    assert TradingState.objects.get().reason == "drill"
    canceled = Order.objects.for_user(JIMIN).get(pk=portfolio_with_order.pk)
    assert canceled.status == OrderStatus.CANCELED
    call_command("trading_state", "ACTIVE", stdout=out)
    assert trading_mode() == TradingMode.ACTIVE


def test_an_unreadable_kill_switch_means_halted(monkeypatch):
    from django.db import OperationalError, connections

    def refuse(execute, sql, params, many, context):
        raise OperationalError("gone away")

    with connections["default"].execute_wrapper(refuse):
        assert trading_mode() == TradingMode.HALTED
    TradingState.objects.create(mode="NONSENSE", reason="", changed_by="")
    assert trading_mode() == TradingMode.HALTED


@pytest.fixture
def portfolio_with_order():
    market_make()
    return order_make(portfolio_make(), limit_price="60000")
