"""Addresses under /api/market."""

from django.urls import path

from market.api import (
    alert_views,
    calendar_views,
    company_views,
    news_views,
    screen_views,
    views,
    watch_views,
)

_WATCHLIST = "watchlists/<uuid:watchlist_id>"

app_name = "market"
urlpatterns = [
    path("instruments", views.InstrumentsView.as_view(), name="instruments"),
    path("instruments/<str:symbol>", views.InstrumentView.as_view(), name="instrument"),
    path("quotes", views.QuotesView.as_view(), name="quotes"),
    path("bars/<str:symbol>", views.BarsView.as_view(), name="bars"),
    path("indicators/<str:symbol>", views.IndicatorsView.as_view(), name="indicators"),
    path(
        "fundamentals/<str:symbol>",
        company_views.FundamentalsView.as_view(),
        name="fundamentals",
    ),
    path("calendar", calendar_views.CalendarView.as_view(), name="calendar"),
    path("overview", screen_views.OverviewView.as_view(), name="overview"),
    path("alerts", alert_views.AlertsView.as_view(), name="alerts"),
    path("alerts/triggers", alert_views.TriggersView.as_view(), name="alert-triggers"),
    path("alerts/<uuid:alert_id>", alert_views.AlertView.as_view(), name="alert"),
    path("news", news_views.NewsView.as_view(), name="news"),
    path("screener", screen_views.ScreenerView.as_view(), name="screener"),
    path("screener/screens", screen_views.ScreensView.as_view(), name="screens"),
    path("screener/screens/<uuid:screen_id>", screen_views.ScreenView.as_view(), name="screen"),
    path("watchlists", watch_views.WatchlistsView.as_view(), name="watchlists"),
    path(_WATCHLIST, watch_views.WatchlistView.as_view(), name="watchlist"),
    path(f"{_WATCHLIST}/items", watch_views.WatchlistItemsView.as_view(), name="watchlist-items"),
    path(
        f"{_WATCHLIST}/items/<str:symbol>",
        watch_views.WatchlistItemView.as_view(),
        name="watchlist-item",
    ),
]
