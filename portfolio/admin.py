"""The ledger and orders for operators: to look at, never to change."""

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from accounts.sharded_admin import ShardedAdmin, ShardFilter
from portfolio.models import Order, Portfolio, TradingState, Transaction


@admin.register(TradingState)
class TradingStateAdmin(ReadOnlyAdmin):
    """The history of the kill switch; set it with ``manage.py trading_state``."""

    list_display = ("changed_at", "mode", "reason", "changed_by")
    ordering = ("-pk",)


@admin.register(Portfolio)
class PortfolioAdmin(ShardedAdmin):
    list_display = ("id", "name", "base_currency", "broker", "status", "created_at")


@admin.register(Order)
class OrderAdmin(ShardedAdmin):
    list_display = ("id", "symbol", "side", "quantity", "filled_quantity", "status", "updated_at")
    list_filter = (ShardFilter, "status")


@admin.register(Transaction)
class TransactionAdmin(ShardedAdmin):
    list_display = ("id", "seq", "kind", "symbol", "quantity", "price", "occurred_at")
    list_filter = (ShardFilter, "kind")
