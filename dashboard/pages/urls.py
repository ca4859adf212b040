"""Addresses of the pages."""

from django.urls import path

from dashboard.pages import views

app_name = "pages"
urlpatterns = [
    path("", views.home, name="home"),
    path("trade", views.trade, name="trade"),
    path("market", views.market, name="market"),
    path("screener", views.screener, name="screener"),
    path("trade/portfolios", views.portfolio_create, name="portfolio-create"),
    path("trade/portfolios/<uuid:portfolio_id>/ledger", views.ledger, name="ledger"),
    path("language", views.language, name="language"),
    # Browsers ask for it on pages that are not ours, such as the admin's.
    path("favicon.ico", views.favicon, name="favicon"),
]
