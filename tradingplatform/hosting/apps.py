"""Ties the pieces together when Django has loaded them."""

from django.apps import AppConfig


class HostingConfig(AppConfig):
    name = "tradingplatform.hosting"
    label = "platform_hosting"

    def ready(self) -> None:
        # Makes our Celery application the current one, and its jobs known by name.
        from tradingplatform.celery import app

        app.autodiscover_tasks(force=True)
