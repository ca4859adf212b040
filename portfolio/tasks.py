"""Periodic work of this app."""

import threading
from typing import Any

import structlog

from portfolio.services import ending_tell
from portfolio.verify import lasting_breaches
from tradingplatform.jobs import job

log = structlog.get_logger(__name__)

_PAUSE_S = 0.5


@job(name="portfolio.ending_tell", queue="user")
def tell_ending(*, account_db_key: int, aggregate_id: str, **_: Any) -> None:
    """Tell a holder by mail that an instrument is no longer traded."""
    ending_tell(account_db_key=account_db_key, action_id=int(aggregate_id))


@job(name="portfolio.ledger_verify", queue="bulk")
def ledger_verify(**_: Any) -> None:
    """Run the checks of ``manage.py verify`` and raise the alarm in the log on a breach."""
    for line in lasting_breaches(lambda: threading.Event().wait(_PAUSE_S)):
        log.critical("invariant_broken", breach=line)
