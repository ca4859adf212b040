"""What ends with an account."""

import pytest

from portfolio.exporters import orders_end, portfolio_rows
from portfolio.models import Order
from portfolio.tests.factories import DANIEL, JIMIN, order_make, portfolio_make

pytestmark = pytest.mark.django_db(databases="__all__")


def test_open_orders_of_a_closed_account_are_canceled_and_no_others(portfolio):
    order_make(portfolio, quantity="5", limit_price="60000")
    other = order_make(portfolio_make(DANIEL), quantity="5", limit_price="60000")

    orders_end(JIMIN)
    orders_end(JIMIN)

    assert not Order.objects.for_user(JIMIN).filter(status="NEW").exists()
    assert {row.status for row in Order.objects.for_user(JIMIN)} <= {"CANCELED", "PENDING_CANCEL"}
    assert Order.objects.for_user(DANIEL).get().status == other.status


def test_rows_are_of_one_user_and_without_the_shard_key(portfolio):
    order_make(portfolio)
    order_make(portfolio_make(DANIEL))
    tables = portfolio_rows(JIMIN)
    assert [row["portfolio_id"] for row in tables["orders"]] == [portfolio.pk]
    assert all("account_db_key" not in row for rows in tables.values() for row in rows)
