"""Many threads at once on real transactions: one winner, nothing lost, nothing negative."""

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connections

from market.tests.factories import instrument_make, quote_put
from portfolio.brokers.paper import PaperBroker
from portfolio.enums import OrderStatus
from portfolio.errors import PortfolioLimitError
from portfolio.models import CashBalance, Fill, Order, Portfolio, Position
from portfolio.services import order_cancel, order_place
from portfolio.shard_trader import ShardTrader
from portfolio.tests.factories import (
    JIMIN,
    execution_book,
    market_make,
    order_make,
    portfolio_make,
    request_make,
)
from portfolio.types import Execution
from portfolio.verify import breaches
from tradingplatform.clock import now
from tradingplatform.db.shards import shard_for
from tradingplatform.errors import TradingPlatformError

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

DEADLINE_S = 60


def _together(count: int, work: Callable[[int], object]) -> list[object]:
    """Run ``work`` in many threads that start at the same moment; return values or errors."""
    results: list[object] = [None] * count
    start = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            start.wait(DEADLINE_S)
            results[number] = work(number)
        except Exception as error:  # noqa: BLE001 - the caller looks at every error
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    return results


def _trader(epoch: int = 1) -> ShardTrader:
    trader = ShardTrader(shard_for(JIMIN), PaperBroker(), epoch, threading.Event())
    trader.take_over()
    return trader


def _codes(results: list[object]) -> list[str]:
    assert all(isinstance(r, TradingPlatformError | Order) for r in results), results
    return [r.code.value for r in results if isinstance(r, TradingPlatformError)]


def test_fifty_threads_spend_the_same_last_cash():
    market_make()
    portfolio = portfolio_make(KRW="70010")
    results = _together(
        50, lambda _number: order_make(portfolio, quantity="1", limit_price="70000")
    )
    assert sum(isinstance(result, Order) for result in results) == 1
    assert _codes(results) == ["INSUFFICIENT_CASH"] * 49
    cash = CashBalance.objects.for_user(JIMIN).get(currency="KRW")
    assert (cash.balance, cash.reserved) == (70_010, 70_010)
    assert breaches() == []


def test_the_last_portfolio_that_is_allowed_is_opened_once(settings):
    settings.PORTFOLIOS_PER_USER = 3
    for _ in range(2):
        portfolio_make()
    results = _together(8, lambda _number: portfolio_make())
    refused = [result for result in results if isinstance(result, PortfolioLimitError)]
    assert (len(refused), Portfolio.objects.for_user(JIMIN).count()) == (7, 3)


def test_many_threads_sell_the_same_last_shares():
    market_make()
    portfolio = portfolio_make()
    order_make(portfolio, quantity="3")
    _trader().turn()
    results = _together(12, lambda _number: order_make(portfolio, side="SELL", quantity="1"))
    assert sum(isinstance(result, Order) for result in results) == 3
    assert _codes(results) == ["INSUFFICIENT_SHARES"] * 9
    _trader(epoch=2).turn()
    assert Position.objects.for_user(JIMIN).get().quantity == 0
    assert breaches() == []


def test_one_client_order_id_from_many_threads_is_one_order():
    market_make()
    portfolio = portfolio_make()
    request = request_make(limit_price="70000")
    results = _together(
        12,
        lambda _number: order_place(
            account_db_key=JIMIN, portfolio_id=portfolio.pk, request=request
        ),
    )
    assert _codes(results) == ["ORDER_DUPLICATE"] * 11
    assert Order.objects.for_user(JIMIN).count() == 1


def test_the_same_fill_from_many_threads_counts_once():
    market_make()
    portfolio = portfolio_make()
    order = order_make(portfolio, limit_price="70000")
    _trader().turn()
    execution = Execution("exec-1", Decimal(10), Decimal(70_000), now(), "SAMPLE")
    results = _together(8, lambda _number: execution_book(order, execution))
    assert results == [None] * 8
    assert Fill.objects.for_user(JIMIN).count() == 1
    assert Position.objects.for_user(JIMIN).get().quantity == 10
    assert breaches() == []


def test_cancel_against_fill_ends_in_exactly_one_of_them():
    samsung = instrument_make("005930")
    quote_put(samsung, "71000")
    portfolio = portfolio_make(KRW="100000000")
    orders = [order_make(portfolio, quantity="1", limit_price="70000") for _ in range(20)]
    trader = _trader()
    trader.turn()
    quote_put(samsung, "69000", base_price="71000")
    trader._on_quote("market:005930", b"")

    def work(number: int) -> object:
        if number == 0:
            trader.turn()
            return None
        return order_cancel(
            account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=orders[number - 1].pk
        )

    _together(21, work)
    trader.turn()
    trader.turn()
    ended = Order.objects.for_user(JIMIN)
    assert {order.status for order in ended} <= {OrderStatus.FILLED, OrderStatus.CANCELED}
    filled = ended.filter(status=OrderStatus.FILLED).count()
    assert Fill.objects.for_user(JIMIN).count() == filled
    held = Position.objects.for_user(JIMIN).filter(quantity=filled).exists()
    assert held or not filled
    cash = CashBalance.objects.for_user(JIMIN).get(currency="KRW")
    assert cash.reserved == 0
    assert breaches() == []


def test_two_traders_at_once_fill_each_order_once():
    market_make()
    portfolio = portfolio_make(KRW="100000000")
    for _ in range(20):
        order_make(portfolio, quantity="1")
    old, new = _trader(epoch=1), _trader(epoch=2)

    results = _together(2, lambda number: (old, new)[number].turn())
    # The old one finds nothing left to send, rather than the fence, when it comes late.
    assert _codes([r for r in results if r is not None]) in ([], ["SENDER_FENCED"])
    assert Fill.objects.for_user(JIMIN).count() == 20
    assert breaches() == []
