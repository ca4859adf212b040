"""Portfolios and orders for tests of every app, made through the services."""

from decimal import Decimal
from itertools import count

from market.tests.factories import instrument_make, quote_put
from portfolio.brokers.base import Report
from portfolio.enums import BrokerName, OrderSide, OrderType, TimeInForce
from portfolio.models import Order, Portfolio
from portfolio.services import order_place, portfolio_open
from portfolio.services.dispatch import Reported, Sender, reports_apply
from portfolio.types import Execution, OrderRequest

JIMIN, DANIEL = 7, 8  # Two users, on two shards.
SENDER = Sender(BrokerName.PAPER, epoch=1)
_numbers = count(1)


def market_make() -> None:
    """Store Samsung (bid 71,000, ask 71,100) and Apple (bid 200, ask 200.01), live."""
    quote_put(instrument_make("005930"), "71000")
    quote_put(instrument_make("AAPL"), "200")


def portfolio_make(account_db_key: int = JIMIN, **cash: str) -> Portfolio:
    """Open a paper portfolio, by default with 10 million won and 10,000 dollars."""
    amounts = cash or {"KRW": "10000000", "USD": "10000"}
    return portfolio_open(
        account_db_key=account_db_key,
        name="Long term",
        base_currency="KRW",
        initial_cash={currency: Decimal(amount) for currency, amount in amounts.items()},
    )


def request_make(
    symbol: str = "005930",
    side: str = "BUY",
    quantity: str = "10",
    limit_price: str | None = None,
    time_in_force: str = "DAY",
) -> OrderRequest:
    """Build an order request with a client order id of its own."""
    return OrderRequest(
        client_order_id=f"test-{next(_numbers)}",
        symbol=symbol,
        side=OrderSide(side),
        order_type=OrderType.MARKET if limit_price is None else OrderType.LIMIT,
        quantity=Decimal(quantity),
        limit_price=None if limit_price is None else Decimal(limit_price),
        time_in_force=TimeInForce(time_in_force),
    )


def order_make(portfolio: Portfolio, *args: str, **terms: str) -> Order:
    """Place an order."""
    return order_place(
        account_db_key=portfolio.account_db_key,
        portfolio_id=portfolio.pk,
        request=request_make(*args, **terms),
    )


def execution_book(order: Order, execution: Execution) -> None:
    """Let the trader book an execution of an order, as it does when a broker reports one."""
    rows = Order.objects.for_user(order.account_db_key)
    version = rows.values_list("version", flat=True).get(pk=order.pk)
    reports_apply(
        account_db_key=order.account_db_key,
        portfolio_id=order.portfolio_id,
        sender=SENDER,
        reported=[Reported(order.pk, version, Report(executions=(execution,)))],
        quotes={},
    )
