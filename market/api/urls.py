"""Addresses under /api/market."""

from django.urls import path

from market.api import views

app_name = "market"
urlpatterns = [
    path("instruments", views.InstrumentsView.as_view(), name="instruments"),
    path("instruments/<str:symbol>", views.InstrumentView.as_view(), name="instrument"),
    path("quotes", views.QuotesView.as_view(), name="quotes"),
    path("bars/<str:symbol>", views.BarsView.as_view(), name="bars"),
    path("overview", views.OverviewView.as_view(), name="overview"),
]
