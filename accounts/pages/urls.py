"""Addresses of log-in and sign-up."""

from django.urls import path

from accounts.pages import views

app_name = "account-pages"
urlpatterns = [
    path("log-in", views.log_in, name="log-in"),
    path("sign-up", views.sign_up, name="sign-up"),
    path("log-out", views.log_out, name="log-out"),
]
