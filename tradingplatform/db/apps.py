"""The kernel's own tables and database checks."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PlatformDbConfig(AppConfig):
    name = "tradingplatform.db"
    label = "platform_db"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_fill_shard_config, sender=self)


def _fill_shard_config(*, using: str, **kwargs: Any) -> None:
    from tradingplatform.db.shards import GLOBAL_ALIAS, shard_config_fill

    if using == GLOBAL_ALIAS:
        shard_config_fill()
