"""Operators look at instruments and imports here; only services change them."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from market.models import ImportRun, Instrument

if TYPE_CHECKING:
    _AdminBase = admin.ModelAdmin[Any]
else:
    _AdminBase = admin.ModelAdmin


class ReadOnlyAdmin(_AdminBase):
    """Rows to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Instrument)
class InstrumentAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "exchange", "name_en", "name_ko", "base_price", "source")
    list_filter = ("exchange", "sector", "source", "is_active")
    search_fields = ("symbol", "name_en", "name_ko")


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "kind", "symbol", "rows_read", "rows_new", "rows_bad")
    list_filter = ("kind",)
