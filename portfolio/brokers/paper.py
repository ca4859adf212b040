"""The paper broker: fills at the live quote, deterministic, and honest about having none.

Its book is the order table itself, so it can always say what became of an order. A buy
trades at the ask and a sell at the bid, whole, because quotes carry no size; nothing trades
on a stale quote, while a real market is closed, or beyond a market order's worst price.
"""

from datetime import datetime
from decimal import Decimal

from market.freshness import is_trading
from market.types import Quote
from portfolio.brokers.base import Report
from portfolio.enums import BrokerName, OrderEvent, OrderSide, OrderType, TimeInForce
from portfolio.market_view import is_tradable
from portfolio.models import Order
from portfolio.types import Execution
from tradingplatform.ids import derived_id

_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
NO_QUOTE = "QUOTE_STALE"
CLOSED = "MARKET_CLOSED"
NOT_CROSSED = "NOT_CROSSED"
BEYOND_COLLAR = "PRICE_COLLAR"
DAY_ENDED = "DAY_ENDED"


class PaperBroker:
    """Matches orders against quotes, in this process."""

    name = BrokerName.PAPER

    def submit(self, order: Order, quote: Quote | None, at: datetime) -> Report:
        if _is_over(order, at):
            return Report(end=OrderEvent.EXPIRE, reason=DAY_ENDED)
        if quote is not None and not is_trading(quote, at):
            return _unmatched(order, CLOSED)
        if quote is None or not is_tradable(quote, at):
            return _unmatched(order, NO_QUOTE)
        return _matched(order, quote, at)

    resume = submit

    def cancel(self, order: Order, at: datetime) -> Report:
        return Report(end=OrderEvent.CANCEL, reason=order.status_reason)

    def quoted(self, order: Order, quote: Quote | None, at: datetime) -> Report | None:
        report = self.submit(order, quote, at)
        says_something = report.executions or report.end or report.reason != order.status_reason
        return report if says_something else None


def _matched(order: Order, quote: Quote, at: datetime) -> Report:
    price = quote.ask if order.side == OrderSide.BUY else quote.bid
    if price is None:
        return _unmatched(order, NO_QUOTE)
    if order.order_type == OrderType.MARKET:
        if order.worst_price is not None and price > order.worst_price:
            end = OrderEvent.CANCEL if order.filled_quantity else OrderEvent.REJECT
            return Report(end=end, reason=BEYOND_COLLAR)
        return _filled(order, price, quote, at)
    if not _crosses(order, price):
        return _unmatched(order, "" if order.time_in_force not in _AT_ONCE else NOT_CROSSED)
    return _filled(order, price, quote, at)


def _crosses(order: Order, price: Decimal) -> bool:
    if order.limit_price is None:
        return False
    if order.side == OrderSide.BUY:
        return price <= order.limit_price
    return price >= order.limit_price


def _unmatched(order: Order, reason: str) -> Report:
    if order.time_in_force in _AT_ONCE:
        return Report(end=OrderEvent.CANCEL, reason=reason)
    return Report(reason=reason)


def _filled(order: Order, price: Decimal, quote: Quote, at: datetime) -> Report:
    # The id depends only on what is filled before, so that a replay is the same fill.
    exec_id = str(derived_id("paper", order.pk, order.filled_quantity.normalize()))
    execution = Execution(exec_id, order.remaining_quantity, price, at, quote.source)
    return Report(executions=(execution,))


def _is_over(order: Order, at: datetime) -> bool:
    return order.expires_at is not None and order.expires_at <= at
