"""Addresses under /api/account."""

from django.urls import path

from accounts.api import views

app_name = "accounts"
urlpatterns = [
    path("signup", views.SignUpView.as_view(), name="signup"),
    path("login", views.LogInView.as_view(), name="login"),
    path("logout", views.LogOutView.as_view(), name="logout"),
    path("token/refresh", views.TokenRefreshView.as_view(), name="token-refresh"),
    path("me", views.MeView.as_view(), name="me"),
    path("ws-ticket", views.WsTicketView.as_view(), name="ws-ticket"),
]
