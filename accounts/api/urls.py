"""Addresses under /api/account."""

from django.urls import path

from accounts.api import (
    key_views,
    life_views,
    otp_views,
    passkey_views,
    password_views,
    session_views,
    views,
)

app_name = "accounts"
urlpatterns = [
    path("signup", views.SignUpView.as_view(), name="signup"),
    path("login", views.LogInView.as_view(), name="login"),
    path("login/otp", views.OtpLogInView.as_view(), name="login-otp"),
    path("login/passkey", passkey_views.PasskeyLogInView.as_view(), name="login-passkey"),
    path(
        "login/passkey/options",
        passkey_views.PasskeyLogInOptionsView.as_view(),
        name="login-passkey-options",
    ),
    path("logout", views.LogOutView.as_view(), name="logout"),
    path("token/refresh", views.TokenRefreshView.as_view(), name="token-refresh"),
    path("me", views.MeView.as_view(), name="me"),
    path("otp", otp_views.OtpView.as_view(), name="otp"),
    path("otp/confirm", otp_views.OtpConfirmView.as_view(), name="otp-confirm"),
    path("otp/verify", otp_views.OtpVerifyView.as_view(), name="otp-verify"),
    path("otp/backup-codes", otp_views.BackupCodesView.as_view(), name="otp-backup-codes"),
    path("passkeys", passkey_views.PasskeysView.as_view(), name="passkeys"),
    path("passkeys/options", passkey_views.PasskeyOptionsView.as_view(), name="passkey-options"),
    path("passkeys/<uuid:passkey_id>", passkey_views.PasskeyView.as_view(), name="passkey"),
    path("passkeys/verify", passkey_views.PasskeyVerifyView.as_view(), name="passkey-verify"),
    path(
        "passkeys/verify/options",
        passkey_views.PasskeyVerifyOptionsView.as_view(),
        name="passkey-verify-options",
    ),
    path("api-keys", key_views.ApiKeysView.as_view(), name="api-keys"),
    path("api-keys/<uuid:key_id>", key_views.ApiKeyView.as_view(), name="api-key"),
    path("security-activity", views.SecurityActivityView.as_view(), name="security-activity"),
    path("broker-keys", key_views.BrokerKeysView.as_view(), name="broker-keys"),
    path("broker-keys/<uuid:key_id>", key_views.BrokerKeyView.as_view(), name="broker-key"),
    path(
        "broker-keys/<uuid:key_id>/test",
        key_views.BrokerKeyTestView.as_view(),
        name="broker-key-test",
    ),
    path("export", life_views.ExportView.as_view(), name="export"),
    path("export/download", life_views.ExportDownloadView.as_view(), name="export-download"),
    path("close", life_views.AccountCloseView.as_view(), name="close"),
    path("email/verify", password_views.EmailVerifyView.as_view(), name="email-verify"),
    path("email/confirm", password_views.EmailConfirmView.as_view(), name="email-confirm"),
    path("password/change", password_views.PasswordChangeView.as_view(), name="password-change"),
    path("password/reset", password_views.PasswordResetView.as_view(), name="password-reset"),
    path(
        "password/reset/confirm",
        password_views.PasswordResetConfirmView.as_view(),
        name="password-reset-confirm",
    ),
    path("sessions", session_views.SessionsView.as_view(), name="sessions"),
    path("sessions/<uuid:session_id>", session_views.SessionView.as_view(), name="session"),
    path("ws-ticket", views.WsTicketView.as_view(), name="ws-ticket"),
]
