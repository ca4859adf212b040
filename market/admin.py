"""Operators look at instruments and imports here, and correct the calendar, through services."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import ReadOnlyAdmin
from accounts.services.pages import device_of, page_principal
from accounts.sharded_admin import ShardedAdmin, ShardFilter
from market.models import (
    AlertTrigger,
    BarGap,
    CalendarOverride,
    CompanyFundamentals,
    CorporateAction,
    ImportRun,
    Instrument,
    InstrumentFeatures,
    NewsItem,
    PriceAlert,
    SavedScreen,
    Watchlist,
    WatchlistItem,
)
from market.services import (
    calendar_override_delete,
    calendar_override_save,
    gaps_reopen,
    override_fault,
)


@admin.register(Instrument)
class InstrumentAdmin(ReadOnlyAdmin):
    list_display = (
        "symbol",
        "exchange",
        "market_segment",
        "asset_type",
        "name_en",
        "name_ko",
        "base_price",
        "source",
        "is_active",
    )
    list_filter = (
        "exchange",
        "market_segment",
        "asset_type",
        "is_nxt_tradable",
        "sector",
        "sector_source",
        "source",
        "is_active",
    )
    search_fields = ("symbol", "name_en", "name_ko", "isin")


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = (
        "started_at",
        "kind",
        "file_format",
        "file_name",
        "symbol",
        "rows_read",
        "rows_new",
        "rows_replaced",
        "rows_delisted",
        "rows_bad",
    )
    list_filter = ("kind", "file_format")


@admin.register(BarGap)
class BarGapAdmin(ReadOnlyAdmin):
    list_display = (
        "instrument",
        "interval",
        "starts_at",
        "ends_at",
        "state",
        "attempts",
        "try_at",
        "bars_filled",
        "source",
        "fault",
    )
    list_filter = ("state", "interval", "source")
    search_fields = ("instrument__symbol",)
    list_select_related = ("instrument",)
    actions = ("ask_again",)

    @admin.action(description=_("Ask for these bars again"), permissions=["view"])
    def ask_again(self, request: HttpRequest, rows: QuerySet[BarGap]) -> None:
        """Let the next run ask for what failed or was empty."""
        n_gaps = gaps_reopen(rows)
        self.message_user(request, _("%d ranges will be asked for again.") % n_gaps)


@admin.register(Watchlist)
class WatchlistAdmin(ShardedAdmin):
    list_display = ("id", "name", "place", "version", "updated_at")


@admin.register(WatchlistItem)
class WatchlistItemAdmin(ShardedAdmin):
    list_display = ("id", "watchlist_id", "symbol", "place", "added_at")


@admin.register(PriceAlert)
class PriceAlertAdmin(ShardedAdmin):
    list_display = ("id", "symbol", "measure", "direction", "level", "status", "fired_at")
    list_filter = (ShardFilter, "status", "measure")


@admin.register(AlertTrigger)
class AlertTriggerAdmin(ShardedAdmin):
    list_display = ("id", "alert_id", "generation", "value", "price", "fired_at")


@admin.register(SavedScreen)
class SavedScreenAdmin(ShardedAdmin):
    list_display = ("id", "name", "created_at", "updated_at")


@admin.register(InstrumentFeatures)
class InstrumentFeaturesAdmin(ReadOnlyAdmin):
    list_display = (
        "instrument",
        "session",
        "source",
        "computed_at",
        "rsi_14",
        "high_52w",
        "low_52w",
    )
    list_select_related = ("instrument",)


@admin.register(CompanyFundamentals)
class CompanyFundamentalsAdmin(ReadOnlyAdmin):
    list_display = ("instrument", "source", "as_of", "asked_at", "looked_at", "period_end")
    list_filter = ("source",)
    list_select_related = ("instrument",)


@admin.register(NewsItem)
class NewsItemAdmin(ReadOnlyAdmin):
    list_display = ("published_at", "source", "publisher", "title")
    list_filter = ("source",)
    search_fields = ("title",)


class CalendarOverrideForm(forms.ModelForm[CalendarOverride]):
    class Meta:
        model = CalendarOverride
        fields = ("calendar", "day", "is_closed", "opens_at", "closes_at", "reason", "source")

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if values and values.get("day"):
            fault = override_fault(CalendarOverride(**values))
            if fault:
                raise ValidationError(fault)
        return values


@admin.register(CorporateAction)
class CorporateActionAdmin(ReadOnlyAdmin):
    list_display = (
        "ex_date",
        "instrument",
        "kind",
        "ratio",
        "amount",
        "old_symbol",
        "new_symbol",
        "source",
        "applied_at",
        "followed_at",
    )
    list_filter = ("kind", "source")
    list_select_related = ("instrument",)
    search_fields = ("instrument__symbol", "old_symbol", "new_symbol")
    ordering = ("-ex_date",)


@admin.register(CalendarOverride)
class CalendarOverrideAdmin(ReadOnlyAdmin):
    form = CalendarOverrideForm
    list_display = ("day", "calendar", "is_closed", "opens_at", "closes_at", "reason", "source")
    list_filter = ("calendar", "is_closed")
    ordering = ("-day",)

    def save_model(
        self, request: HttpRequest, obj: CalendarOverride, form: Any, change: Any
    ) -> None:
        calendar_override_save(row=obj, actor=_operator(request), device=device_of(request))

    def delete_model(self, request: HttpRequest, obj: CalendarOverride) -> None:
        calendar_override_delete(row=obj, actor=_operator(request), device=device_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


def _operator(request: HttpRequest) -> str:
    operator = page_principal(request)
    return str(operator.uid) if operator else ""
