"""Cut the power before every single statement: nothing is lost, halved or doubled."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from market.models import Instrument
from market.tests.factories import quote_put
from portfolio.brokers.paper import PaperBroker
from portfolio.enums import OrderStatus
from portfolio.models import Fill, Order
from portfolio.services import order_cancel, order_place, order_replace
from portfolio.shard_trader import ShardTrader
from portfolio.tests.factories import JIMIN, order_make, request_make
from portfolio.verify import breaches
from tradingplatform.db.models import OutboxEvent
from tradingplatform.db.shards import shard_for

pytestmark = pytest.mark.django_db(databases="__all__")

MOST_STATEMENTS = 200


class PowerCutError(BaseException):
    """Not an Exception: nobody in the program may catch it, as nobody can catch kill -9."""


class Cut:
    """Lets so many statements of a shard through and then fails one."""

    def __init__(self, after: int) -> None:
        self._left = after
        self.happened = False

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        # Inside a test a transaction is a savepoint; its end is the database's own affair.
        is_ours = not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))
        self._left -= is_ours
        if is_ours and self._left == 0:
            self.happened = True
            raise PowerCutError
        return execute(sql, *rest)

    def during(self, action: Callable[[], object]) -> bool:
        """Run an action under this cut; False once it gets through to the end."""
        with ExitStack() as stack:
            stack.enter_context(connections[shard_for(JIMIN)].execute_wrapper(self))
            try:
                action()
            except PowerCutError:
                return True
        return self.happened


def _trader(epoch: int) -> ShardTrader:
    return ShardTrader(shard_for(JIMIN), PaperBroker(), epoch, threading.Event())


def _turn(epoch: int) -> None:
    trader = _trader(epoch)
    trader.take_over()
    trader.turn()


def _every_cut(attempt: Callable[[int], bool]) -> int:
    """Cut before the 1st, 2nd, ... statement until an attempt gets through; count them."""
    for number in range(1, MOST_STATEMENTS):
        if not attempt(number):
            return number
    pytest.fail("the action never got through")


def test_placing_happens_whole_or_not_at_all(portfolio):
    def attempt(number: int) -> bool:
        request = request_make(quantity="1", limit_price="70000")
        before = Order.objects.for_user(JIMIN).count(), OutboxEvent.objects.for_user(JIMIN).count()

        def place() -> object:
            return order_place(account_db_key=JIMIN, portfolio_id=portfolio.pk, request=request)

        cut = Cut(number).during(place)
        after = Order.objects.for_user(JIMIN).count(), OutboxEvent.objects.for_user(JIMIN).count()
        assert after == (before if cut else (before[0] + 1, before[1] + 1))
        assert breaches() == []
        return cut

    assert _every_cut(attempt) > 5


def test_sending_and_booking_is_taken_up_where_it_was_cut(portfolio):
    samsung = Instrument.objects.get(symbol="005930")

    def attempt(number: int) -> bool:
        quote_put(samsung, "71000")
        bought = order_make(portfolio, quantity="2")
        resting = order_make(portfolio, quantity="1", limit_price="60000")
        cut = Cut(number).during(lambda: _turn(2 * number))
        assert breaches() == []
        _turn(2 * number + 1)
        fill = Fill.objects.for_user(JIMIN).get(order_id=bought.pk)
        assert fill.quantity == 2
        orders = Order.objects.for_user(JIMIN)
        assert orders.get(pk=bought.pk).status == OrderStatus.FILLED
        assert orders.get(pk=resting.pk).status == OrderStatus.ACCEPTED
        assert breaches() == []
        order_cancel(account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=resting.pk)
        return cut

    assert _every_cut(attempt) > 20


def test_replacing_and_canceling_happen_whole_or_not_at_all(portfolio):
    order = order_make(portfolio, limit_price="60000")
    _turn(1)
    terms = {"account_db_key": JIMIN, "portfolio_id": portfolio.pk, "order_id": order.pk}

    def replace(number: int) -> bool:
        before = Order.objects.for_user(JIMIN).get(pk=order.pk)
        wanted = before.quantity + 1

        def work() -> object:
            return order_replace(quantity=Decimal(wanted), **terms)

        cut = Cut(number).during(work)
        after = Order.objects.for_user(JIMIN).get(pk=order.pk)
        assert after.quantity == (before.quantity if cut else wanted)
        assert breaches() == []
        return cut

    def cancel(number: int) -> bool:
        cut = Cut(number).during(lambda: order_cancel(**terms))
        status = Order.objects.for_user(JIMIN).get(pk=order.pk).status
        assert status == (OrderStatus.ACCEPTED if cut else OrderStatus.PENDING_CANCEL)
        return cut

    assert _every_cut(replace) > 5
    assert _every_cut(cancel) > 5
