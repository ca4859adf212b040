"""Ties the pieces together when Django has loaded them."""

from django.apps import AppConfig


class HostingConfig(AppConfig):
    name = "tradingplatform.hosting"
    label = "platform_hosting"

    def ready(self) -> None:
        # Makes our Celery application the current one, so that jobs are known by name.
        import tradingplatform.celery  # noqa: F401
