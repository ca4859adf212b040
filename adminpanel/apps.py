"""What operators use: Django's admin site and the demo data."""

from django.apps import AppConfig
from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class AdminpanelConfig(AppConfig):
    name = "adminpanel"
    verbose_name = _("Operators")

    def ready(self) -> None:
        admin.site.site_title = _("AI Trading Platform")
        admin.site.site_header = _("Operator console")
        admin.site.index_title = _("What the platform holds")
        admin.site.site_url = "/trade"
