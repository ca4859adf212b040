"""Which database holds a user's rows."""

import threading

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tradingplatform.db.models import ShardConfig
from tradingplatform.errors import invariant

GLOBAL_ALIAS = "default"


class ShardMap:
    """The rows of table_shard_config, read once per process.

    Moving a logical shard bumps its version and asks every process to ``reload``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._aliases: list[str] = []

    def alias(self, logical_shard: int) -> str:
        aliases = self._aliases or self._load()
        return aliases[logical_shard]

    def reload(self) -> None:
        """Forget what was read; the next call reads the table again."""
        with self._lock:
            self._aliases = []

    def _load(self) -> list[str]:
        with self._lock:
            if not self._aliases:
                rows = ShardConfig.objects.using(GLOBAL_ALIAS).order_by("logical_shard")
                aliases = list(rows.values_list("database_alias", flat=True))
                invariant(
                    len(aliases) == settings.SHARD_COUNT,
                    f"table_shard_config has {len(aliases)} rows, SHARD_COUNT is "
                    f"{settings.SHARD_COUNT}; put it back, or fill holes by manage.py migrate_all",
                )
                self._aliases = aliases
            return self._aliases


shard_map = ShardMap()


def shard_aliases() -> list[str]:
    """Return the database aliases of all shards, in order."""
    return list(settings.SHARD_ALIASES)


def logical_shard(account_db_key: int) -> int:
    """Return the logical shard of a user, fixed for life."""
    return account_db_key % int(settings.SHARD_COUNT)


def shard_for(account_db_key: int) -> str:
    """Return the database alias that holds the rows of a user."""
    return shard_map.alias(logical_shard(account_db_key))


def shard_config_fill() -> int:
    """Create the missing rows of table_shard_config, spread evenly; return how many.

    Raises ImproperlyConfigured when SHARD_COUNT was changed: another count would look for
    every user's rows elsewhere.
    """
    aliases = shard_aliases()
    known = set(ShardConfig.objects.using(GLOBAL_ALIAS).values_list("logical_shard", flat=True))
    if known and max(known) + 1 != settings.SHARD_COUNT:
        message = f"SHARD_COUNT: fixed for the life of the data at {max(known) + 1}."
        raise ImproperlyConfigured(message)
    missing = [
        ShardConfig(logical_shard=number, database_alias=aliases[number % len(aliases)])
        for number in range(settings.SHARD_COUNT)
        if number not in known
    ]
    ShardConfig.objects.using(GLOBAL_ALIAS).bulk_create(missing, ignore_conflicts=True)
    shard_map.reload()
    return len(missing)
