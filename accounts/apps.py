"""Users and sessions."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_out

        from accounts.services.pages import page_session_end

        # The admin site logs out by Django alone; its signal is the only way to hear of it.
        user_logged_out.connect(page_session_end, dispatch_uid="accounts.page_session_end")
