"""Operators can look at every shard, and change nothing."""

import orjson
import pytest
from django.contrib import admin
from django.test import RequestFactory

from accounts.admin import ReadOnlyAdmin
from accounts.enums import AuditAction
from accounts.models import AuditEntry
from accounts.services import user_sign_up
from accounts.sharded_admin import ShardFilter
from portfolio.admin import OrderAdmin
from portfolio.models import Order, Portfolio, TradingState, Transaction
from portfolio.tests.factories import DANIEL, JIMIN, order_make, portfolio_make
from tradingplatform.db.shards import shard_for

PASSWORD = "correct horse battery"

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


def test_looking_at_a_ledger_is_noted_in_the_audit_log(client):
    owner = user_sign_up(email="mina@example.com", password=PASSWORD, nickname="Mina")
    operator = user_sign_up(email="op@example.com", password=PASSWORD, nickname="Op", is_staff=True)
    portfolio = portfolio_make(owner.pk)
    client.post("/log-in", {"email": operator.email, "password": PASSWORD})

    url = "/admin/portfolio/portfolio/"
    shown = client.get(url, {"shard": shard_for(owner.pk)})
    page = client.get(f"{url}{portfolio.pk}/change/")

    assert (shown.status_code, page.status_code) == (200, 200)
    looked = AuditEntry.objects.filter(action=AuditAction.STAFF_VIEWED).order_by("occurred_at")
    assert list(looked.values_list("account_uid", "actor")) == [
        (None, str(operator.uid)),
        (owner.uid, str(operator.uid)),
    ]
    assert orjson.loads(looked[1].details) == {"model": "portfolio"}


def test_every_list_of_the_admin_site_is_audited():
    own = [site for site in admin.site._registry.values() if "django" not in type(site).__module__]
    assert [site for site in own if not isinstance(site, ReadOnlyAdmin)] == []


@pytest.mark.parametrize("model", [Portfolio, Order, Transaction, TradingState])
def test_nothing_can_be_changed(model):
    request = RequestFactory().get("/")
    site = admin.site._registry[model]
    assert not site.has_add_permission(request)
    assert not site.has_change_permission(request)
    assert not site.has_delete_permission(request)
