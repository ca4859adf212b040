"""Addresses of log-in, sign-up and the settings."""

from django.urls import path

from accounts.pages import mail_views, settings_views, views

app_name = "account-pages"
urlpatterns = [
    path("log-in", views.log_in, name="log-in"),
    path("keep-factor", mail_views.keep_factor, name="keep-factor"),
    path("sign-up", views.sign_up, name="sign-up"),
    path("log-out", views.log_out, name="log-out"),
    path("verify-email", mail_views.verify_email, name="verify-email"),
    path("reset-password", mail_views.reset_password, name="reset-password"),
    path("reset-password/new", mail_views.new_password, name="new-password"),
    path("settings", settings_views.settings_home, name="settings"),
    path("settings/<slug:section>", settings_views.settings_section, name="settings-section"),
]
