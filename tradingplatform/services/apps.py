"""The services' own tables and their start-up checks."""

from django.apps import AppConfig
from django.core.checks import register


class PlatformServicesConfig(AppConfig):
    name = "tradingplatform.services"
    label = "platform_services"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tradingplatform.services.checks import check_backends

        register(check_backends)
