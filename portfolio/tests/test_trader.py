"""Orders meet the live quote: sent once, filled once, whatever is cut off in between."""

import threading
from datetime import time, timedelta
from decimal import Decimal

import pytest
import time_machine

from market.models import Instrument
from market.tests.factories import quote_put
from portfolio.brokers.base import AnswerLostError
from portfolio.brokers.paper import PaperBroker
from portfolio.enums import BrokerName, OrderStatus, SendOutcome, TradingMode
from portfolio.errors import MarketClosedError, SenderFencedError
from portfolio.models import Fill, Order, Position, SendAttempt, Transaction
from portfolio.services import order_cancel, order_replace, trading_state_set
from portfolio.services.dispatch import Sender, orders_claim
from portfolio.shard_trader import ShardTrader
from portfolio.tests.factories import JIMIN, order_make
from tradingplatform.clock import KST, now
from tradingplatform.db.shards import shard_for

pytestmark = pytest.mark.django_db(databases="__all__")


def _trader(epoch=1, broker=None):
    trader = ShardTrader(shard_for(JIMIN), broker or PaperBroker(), epoch, threading.Event())
    trader.take_over()
    return trader


def _quote(price, symbol="005930", **changes):
    return quote_put(Instrument.objects.get(symbol=symbol), price, **changes)


def _again(order):
    return Order.objects.for_user(JIMIN).get(pk=order.pk)


def _hint(trader, symbol="005930"):
    trader._on_quote(f"market:{symbol}", b"")


def test_a_market_order_fills_at_the_far_side_of_the_quote(portfolio):
    buy = order_make(portfolio, quantity="10")
    _trader().turn()
    filled = _again(buy)
    assert (filled.status, filled.average_fill_price) == (OrderStatus.FILLED, 71_100)

    sell = order_make(portfolio, side="SELL", quantity="4")
    _trader(epoch=2).turn()
    fill = Fill.objects.for_user(JIMIN).get(order_id=sell.pk)
    assert (fill.price, fill.quote_source) == (71_000, "SAMPLE")
    assert (fill.fee, fill.tax) == (42, 568)
    assert Position.objects.for_user(JIMIN).get().quantity == 6


def test_a_send_attempt_is_committed_before_sending(portfolio):
    order = order_make(portfolio)
    seen = []

    class Watched(PaperBroker):
        def submit(self, order, quote, at):
            attempt = SendAttempt.objects.for_user(JIMIN).get(order_id=order.pk)
            seen.append((_again(order).status, attempt.outcome, attempt.sender_epoch))
            return super().submit(order, quote, at)

    _trader(epoch=5, broker=Watched()).turn()
    assert seen == [(OrderStatus.PENDING_SUBMIT, SendOutcome.PENDING, 5)]
    assert SendAttempt.objects.for_user(JIMIN).get(order_id=order.pk).outcome == "ACCEPTED"


def test_a_limit_order_rests_until_the_quote_crosses(portfolio):
    order = order_make(portfolio, limit_price="70000")
    trader = _trader()
    trader.turn()
    assert _again(order).status == OrderStatus.ACCEPTED
    _quote("70000")  # The ask is 70,100: not there yet.
    _hint(trader)
    trader.turn()
    assert _again(order).status == OrderStatus.ACCEPTED
    _quote("69800")
    _hint(trader)
    trader.turn()
    filled = _again(order)
    assert (filled.status, filled.average_fill_price) == (OrderStatus.FILLED, 69_900)


@pytest.mark.parametrize("time_in_force", ["IOC", "FOK"])
def test_what_cannot_trade_at_once_is_canceled(portfolio, time_in_force):
    missed = order_make(portfolio, limit_price="70000", time_in_force=time_in_force)
    crossed = order_make(portfolio, limit_price="71100", time_in_force=time_in_force)
    _trader().turn()
    ended = _again(missed)
    assert (ended.status, ended.status_reason) == (OrderStatus.CANCELED, "NOT_CROSSED")
    assert ended.reserved_cash == 0
    assert _again(crossed).status == OrderStatus.FILLED


def test_nothing_trades_on_a_stale_quote(portfolio, settings):
    order = order_make(portfolio)
    too_old = timedelta(seconds=settings.MARKET_QUOTE_STALE_S + 1)
    _quote("71000", received_at=now() - too_old)
    trader = _trader()
    trader.turn()
    waiting = _again(order)
    assert (waiting.status, waiting.status_reason) == (OrderStatus.ACCEPTED, "QUOTE_STALE")
    _quote("71000")
    _hint(trader)
    trader.turn()
    assert _again(order).status == OrderStatus.FILLED


def test_on_real_prices_nothing_trades_while_the_exchange_is_closed(portfolio):
    with time_machine.travel("2026-11-24T10:00:00+09:00", tick=False) as clock:
        _quote("71000", source="KIS")
        order = order_make(portfolio, limit_price="70000", time_in_force="GTC")
        trader = _trader()
        trader.turn()
        clock.move_to("2026-11-24T20:30:00+09:00")
        _quote("69000", source="KIS")

        with pytest.raises(MarketClosedError):
            order_make(portfolio, limit_price="70000")
        with pytest.raises(MarketClosedError):
            order_replace(
                account_db_key=JIMIN,
                portfolio_id=portfolio.pk,
                order_id=order.pk,
                limit_price=Decimal(71000),
            )
        _hint(trader)
        trader.turn()
        waiting = _again(order)
        assert (waiting.status, waiting.status_reason) == (OrderStatus.ACCEPTED, "MARKET_CLOSED")
        assert (waiting.limit_price, Order.objects.for_user(JIMIN).count()) == (70000, 1)

        clock.move_to("2026-11-25T09:00:00+09:00")
        _quote("69000", source="KIS")
        _hint(trader)
        trader.turn()
        assert _again(order).status == OrderStatus.FILLED


def test_a_market_order_never_pays_more_than_its_collar(portfolio):
    order = order_make(portfolio, "AAPL", quantity="1")
    _quote("211", "AAPL")
    _trader().turn()
    rejected = _again(order)
    assert (rejected.status, rejected.status_reason) == (OrderStatus.REJECTED, "PRICE_COLLAR")
    assert rejected.reserved_cash == 0


def test_a_day_order_dies_at_midnight_of_the_exchange(portfolio):
    order = order_make(portfolio, limit_price="60000")
    kept = order_make(portfolio, limit_price="60000", time_in_force="GTC")
    trader = _trader()
    trader.turn()
    midnight = _again(order).expires_at
    assert midnight.astimezone(KST).time() == time(0)
    assert timedelta(0) < midnight - now() <= timedelta(days=1)
    with time_machine.travel(midnight, tick=False):
        _trader(epoch=2).turn()
    expired = _again(order)
    assert (expired.status, expired.status_reason) == (OrderStatus.EXPIRED, "DAY_ENDED")
    assert expired.reserved_cash == 0
    assert _again(kept).status == OrderStatus.ACCEPTED


def test_cancel_and_replace_reach_the_resting_order(portfolio):
    canceled = order_make(portfolio, limit_price="70000")
    replaced = order_make(portfolio, limit_price="70000")
    trader = _trader()
    trader.turn()
    order_cancel(account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=canceled.pk)
    order_replace(
        account_db_key=JIMIN,
        portfolio_id=portfolio.pk,
        order_id=replaced.pk,
        limit_price=Decimal(71_100),
    )
    trader._on_wake("", str(replaced.pk).encode())
    _hint(trader)
    trader.turn()
    assert _again(canceled).status == OrderStatus.CANCELED
    assert _again(canceled).reserved_cash == 0
    assert _again(replaced).status == OrderStatus.FILLED


def test_an_order_that_changed_meanwhile_is_looked_at_again(portfolio):
    order = order_make(portfolio, limit_price="70000")
    trader = _trader()
    trader.turn()
    order_replace(
        account_db_key=JIMIN,
        portfolio_id=portfolio.pk,
        order_id=order.pk,
        limit_price=Decimal(69_000),
    )
    _quote("69800")  # Crosses the old limit, not the new one; the wake-up was lost.
    _hint(trader)
    trader.turn()
    assert _again(order).status == OrderStatus.ACCEPTED
    _quote("68800")
    _hint(trader)
    trader.turn()
    assert _again(order).status == OrderStatus.FILLED


def test_a_new_trader_finishes_what_the_old_one_was_sending(portfolio):
    order = order_make(portfolio)
    resting = order_make(portfolio, limit_price="70000")
    _trader(epoch=1)
    claimed = orders_claim(alias=shard_for(JIMIN), sender=Sender(BrokerName.PAPER, 1), limit=10)
    assert [row.pk for row in claimed] == [order.pk, resting.pk]  # And then it was killed.

    trader = _trader(epoch=2)
    trader.turn()
    assert _again(order).status == OrderStatus.FILLED
    assert _again(resting).status == OrderStatus.ACCEPTED
    assert SendAttempt.objects.for_user(JIMIN).filter(order_id=order.pk).count() == 1
    assert Fill.objects.for_user(JIMIN).count() == 1


def test_the_same_report_again_changes_nothing(portfolio):
    order = order_make(portfolio)
    _trader().turn()
    before = list(Transaction.objects.for_user(JIMIN).values_list("pk", flat=True))
    Order.objects.for_user(JIMIN).filter(pk=order.pk).update(
        status=OrderStatus.PENDING_SUBMIT, filled_quantity=0, filled_notional=0
    )
    _trader(epoch=2).turn()
    assert list(Transaction.objects.for_user(JIMIN).values_list("pk", flat=True)) == before
    assert Fill.objects.for_user(JIMIN).count() == 1


class Silent(PaperBroker):
    """Never answers, but writes down what it was sent."""

    def __init__(self):
        self.sent = []

    def submit(self, order, quote, at):
        self.sent.append(order.pk)
        raise AnswerLostError("timed out")

    def resume(self, order, quote, at):
        raise AnswerLostError("timed out")


def test_a_lost_answer_makes_the_order_unknown_and_it_is_never_sent_again(portfolio):
    order = order_make(portfolio, limit_price="70000")
    broker = Silent()
    for epoch in (1, 2):
        trader = _trader(epoch, broker)
        trader.turn()
        trader.turn()
    lost = _again(order)
    assert (lost.status, lost.status_reason) == (OrderStatus.UNKNOWN, "AnswerLostError")
    assert lost.reserved_cash == 700_105
    assert broker.sent == [order.pk]
    assert SendAttempt.objects.for_user(JIMIN).get().outcome == SendOutcome.UNKNOWN


def test_the_brokers_book_resolves_an_unknown_order(portfolio):
    order = order_make(portfolio)
    _trader(epoch=1, broker=Silent()).turn()
    assert _again(order).status == OrderStatus.UNKNOWN
    _trader(epoch=2).turn()
    assert _again(order).status == OrderStatus.FILLED
    assert SendAttempt.objects.for_user(JIMIN).count() == 1


def test_a_cancel_that_fails_is_asked_for_again(portfolio):
    class Deaf(PaperBroker):
        def cancel(self, order, at):
            raise AnswerLostError("timed out")

    order = order_make(portfolio, limit_price="70000")
    other = order_make(portfolio)
    deaf = _trader(broker=Deaf())
    deaf.turn()
    order_cancel(account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=order.pk)
    deaf.turn()
    assert _again(order).status == OrderStatus.PENDING_CANCEL
    assert _again(other).status == OrderStatus.FILLED
    _trader(epoch=2).turn()
    assert _again(order).status == OrderStatus.CANCELED


def test_a_trader_that_lost_its_lease_is_refused(portfolio):
    order = order_make(portfolio)
    old = _trader(epoch=1)
    _trader(epoch=2)
    with pytest.raises(SenderFencedError):
        old.turn()
    with pytest.raises(SenderFencedError):
        old.take_over()
    assert _again(order).status == OrderStatus.NEW


def test_a_halt_stops_sending_and_matching_until_it_is_lifted(portfolio):
    resting = order_make(portfolio, limit_price="70000")
    trader = _trader()
    trader.turn()
    waiting = order_make(portfolio)
    trading_state_set(mode=TradingMode.HALTED, reason="test", changed_by="operator")
    _quote("69800")
    _hint(trader)
    trader.turn()
    held = _again(waiting)
    assert (held.status, held.status_reason) == (OrderStatus.NEW, "TRADING_HALTED")
    assert _again(resting).status == OrderStatus.ACCEPTED

    order_cancel(account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=resting.pk)
    trader.turn()
    assert _again(resting).status == OrderStatus.CANCELED

    trading_state_set(mode=TradingMode.ACTIVE, reason="test", changed_by="operator")
    trader.turn()
    assert _again(waiting).status == OrderStatus.FILLED


def test_reducing_sends_only_sells(portfolio):
    order_make(portfolio)
    trader = _trader()
    trader.turn()
    buy, sell = order_make(portfolio), order_make(portfolio, side="SELL")
    trading_state_set(mode=TradingMode.REDUCING, reason="test", changed_by="operator")
    trader.turn()
    assert _again(buy).status == OrderStatus.NEW
    assert _again(sell).status == OrderStatus.FILLED


def test_one_broken_portfolio_does_not_hold_up_the_others(portfolio, caplog):
    from portfolio.tests.factories import portfolio_make

    healthy = portfolio_make()
    broken_order, healthy_order = order_make(portfolio), order_make(healthy)
    # Selling what is not there would be an invariant breach: the ledger stops that portfolio.
    Order.objects.for_user(JIMIN).filter(pk=broken_order.pk).update(side="SELL")
    _trader().turn()
    assert _again(healthy_order).status == OrderStatus.FILLED
    assert _again(broken_order).status == OrderStatus.PENDING_SUBMIT
    assert Fill.objects.for_user(JIMIN).count() == 1
