"""A hint to the trader that there is something to do; losing it costs one poll."""

from functools import partial
from uuid import UUID

import structlog

from tradingplatform.db.shards import shard_for
from tradingplatform.db.transactions import after_commit
from tradingplatform.errors import UnavailableError
from tradingplatform.services import services

log = structlog.get_logger(__name__)

TRADER_CHANNEL = "wake:trader:"


def trader_wake(account_db_key: int, order_id: UUID) -> None:
    """Once the transaction has committed, tell the trader which order changed."""
    after_commit(account_db_key, partial(_publish, shard_for(account_db_key), order_id))


def _publish(alias: str, order_id: UUID) -> None:
    try:
        services.websocket.publish(f"{TRADER_CHANNEL}{alias}", str(order_id).encode())
    except UnavailableError:
        log.info("trader_not_woken", shard=alias)
