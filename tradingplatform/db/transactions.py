"""The one way to write."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import stamina
from django.conf import settings
from django.db import OperationalError, connections, transaction

from tradingplatform.db.replicas import pin
from tradingplatform.db.shards import GLOBAL_ALIAS, shard_for

P = ParamSpec("P")
T = TypeVar("T")

DEADLOCK, LOCK_WAIT_TIMEOUT, SNAPSHOT_CHANGED = 1213, 1205, 1020
_TRANSIENT_CODES = {DEADLOCK, LOCK_WAIT_TIMEOUT, SNAPSHOT_CHANGED}


def tx(account_db_key: int, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``work`` in one transaction on the user's shard and return its result.

    The whole transaction is tried again (3 tries, exponential back-off with jitter) on a
    deadlock, a lock time-out or a locked SQLite file, so ``work`` must have no effect
    outside the database. Inside another ``tx`` on the same shard it joins that one.
    """
    result = _run(shard_for(account_db_key), work, *args, **kwargs)
    pin(account_db_key)
    return result


def global_tx(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``work`` in one transaction on the global database; see ``tx``."""
    result = _run(GLOBAL_ALIAS, work, *args, **kwargs)
    pin(None)
    return result


def shard_tx(alias: str, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``work`` in one transaction on a named shard, for work across its users."""
    return _run(alias, work, *args, **kwargs)


def after_commit(account_db_key: int | None, callback: Callable[[], object]) -> None:
    """Call back once the transaction on the user's shard (None: global) has committed."""
    alias = GLOBAL_ALIAS if account_db_key is None else shard_for(account_db_key)
    transaction.on_commit(callback, using=alias)


def is_transient(error: Exception) -> bool:
    """Whether a database error means: nothing happened, try the transaction again."""
    if not isinstance(error, OperationalError):
        return False
    code = error.args[0] if error.args else None
    return code in _TRANSIENT_CODES or " is locked" in str(error)


def _run(alias: str, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    if connections[alias].in_atomic_block:
        with transaction.atomic(using=alias):
            return work(*args, **kwargs)
    for attempt in stamina.retry_context(
        on=is_transient,
        attempts=settings.TX_ATTEMPTS,
        timeout=settings.TX_DEADLINE_S,
        wait_initial=0.02,
        wait_max=0.5,
        wait_jitter=0.05,
    ):
        with attempt, transaction.atomic(using=alias):
            return work(*args, **kwargs)
    message = "stamina ended without a result"
    raise AssertionError(message)
