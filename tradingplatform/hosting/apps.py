"""Ties the pieces together when Django has loaded them."""

from celery.signals import worker_process_init
from django.apps import AppConfig


class HostingConfig(AppConfig):
    name = "tradingplatform.hosting"
    label = "platform_hosting"

    def ready(self) -> None:
        # Makes our Celery application the current one, and its jobs known by name.
        from tradingplatform.celery import app
        from tradingplatform.hosting.warming import child_warm_up

        app.autodiscover_tasks(force=True)
        worker_process_init.connect(child_warm_up)
