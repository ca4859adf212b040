"""The ledger and orders for operators: to look at, never to change."""

from django.contrib import admin

from portfolio.models import TradingState


@admin.register(TradingState)
class TradingStateAdmin(admin.ModelAdmin[TradingState]):
    """The history of the kill switch; set it with ``manage.py trading_state``."""

    list_display = ("changed_at", "mode", "reason", "changed_by")
    ordering = ("-pk",)

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
