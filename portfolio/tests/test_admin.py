"""Operators can look at every shard, and change nothing."""

import pytest
from django.contrib import admin
from django.test import RequestFactory

from portfolio.admin import OrderAdmin, ShardFilter
from portfolio.models import Order, Portfolio, TradingState, Transaction
from portfolio.tests.factories import DANIEL, JIMIN, order_make, portfolio_make
from tradingplatform.db.shards import shard_for

pytestmark = pytest.mark.django_db(databases="__all__")


def test_orders_of_each_shard_can_be_looked_at(portfolio):
    here = order_make(portfolio)
    there = order_make(portfolio_make(DANIEL))
    site = OrderAdmin(Order, admin.site)
    for order, key in ((here, JIMIN), (there, DANIEL)):
        request = RequestFactory().get("/", {"shard": shard_for(key)})
        parameters = {"shard": [shard_for(key)]}
        chosen = ShardFilter(request, parameters, Order, site)
        shown = chosen.queryset(request, site.get_queryset(request))
        assert [row.pk for row in shown] == [order.pk]
        assert site.get_object(request, str(order.pk)).account_db_key == key
    assert site.get_object(request, "no-uuid") is None


@pytest.mark.parametrize("model", [Portfolio, Order, Transaction, TradingState])
def test_nothing_can_be_changed(model):
    request = RequestFactory().get("/")
    site = admin.site._registry[model]
    assert not site.has_add_permission(request)
    assert not site.has_change_permission(request)
    assert not site.has_delete_permission(request)
