"""Addresses under /api/portfolio."""

from django.urls import path

from portfolio.api import views

_ONE = "portfolios/<uuid:portfolio_id>"

app_name = "portfolio"
urlpatterns = [
    path("portfolios", views.PortfoliosView.as_view(), name="portfolios"),
    path(_ONE, views.PortfolioView.as_view(), name="portfolio"),
    path(f"{_ONE}/orders", views.OrdersView.as_view(), name="orders"),
    path(f"{_ONE}/orders/<uuid:order_id>", views.OrderView.as_view(), name="order"),
    path(f"{_ONE}/positions", views.PositionsView.as_view(), name="positions"),
    path(f"{_ONE}/transactions", views.TransactionsView.as_view(), name="transactions"),
    path(f"{_ONE}/cash", views.CashView.as_view(), name="cash"),
]
