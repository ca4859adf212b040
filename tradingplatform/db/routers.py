"""Route global models to the global database and user rows to their owner's shard."""

from typing import Any

from django.apps import apps
from django.db import models

from tradingplatform.db.models import ReplicaHeartbeat, ShardedModel
from tradingplatform.db.replicas import replica_for
from tradingplatform.db.shards import GLOBAL_ALIAS, shard_aliases, shard_for
from tradingplatform.errors import ShardNotSelectedError


class ShardRouter:
    """Fail closed: a sharded query must name a user or carry an instance."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        home = _home(model, hints)
        if getattr(model, "reads_primary", False):
            return home
        return replica_for(home) or home

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        return _home(model, hints)

    def allow_relation(self, obj1: models.Model, obj2: models.Model, **hints: Any) -> bool:
        return _home(type(obj1), {"instance": obj1}) == _home(type(obj2), {"instance": obj2})

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        if db not in {GLOBAL_ALIAS, *shard_aliases()}:
            return False
        if model_name is None:
            return None
        # Historical models lose their abstract bases, so look at the real class.
        try:
            model = apps.get_model(app_label, model_name)
        except LookupError:
            return db == GLOBAL_ALIAS
        if model is ReplicaHeartbeat:
            return True
        return issubclass(model, ShardedModel) == (db != GLOBAL_ALIAS)


def _home(model: type[models.Model], hints: dict[str, Any]) -> str:
    if not issubclass(model, ShardedModel):
        return GLOBAL_ALIAS
    account_db_key = hints.get("account_db_key")
    if account_db_key is None:
        account_db_key = getattr(hints.get("instance"), "account_db_key", None)
    if account_db_key is None:
        message = f"{model._meta.label}: use .for_user(account_db_key) or .using(alias)"
        raise ShardNotSelectedError(message)
    return shard_for(account_db_key)
