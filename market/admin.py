"""Operators look at instruments and imports here; only services change them."""

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from accounts.sharded_admin import ShardedAdmin
from market.models import ImportRun, Instrument, Watchlist, WatchlistItem


@admin.register(Instrument)
class InstrumentAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "exchange", "name_en", "name_ko", "base_price", "source")
    list_filter = ("exchange", "sector", "source", "is_active")
    search_fields = ("symbol", "name_en", "name_ko")


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "kind", "symbol", "rows_read", "rows_new", "rows_bad")
    list_filter = ("kind",)


@admin.register(Watchlist)
class WatchlistAdmin(ShardedAdmin):
    list_display = ("id", "name", "place", "version", "updated_at")


@admin.register(WatchlistItem)
class WatchlistItemAdmin(ShardedAdmin):
    list_display = ("id", "watchlist_id", "symbol", "place", "added_at")
