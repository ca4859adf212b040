"""Periodic work of this app."""

import threading
from typing import Any

import structlog

from portfolio.verify import lasting_breaches
from tradingplatform.jobs import job

log = structlog.get_logger(__name__)

_PAUSE_S = 0.5


@job(name="portfolio.ledger_verify", queue="bulk")
def ledger_verify(**_: Any) -> None:
    """Run the checks of ``manage.py verify`` and raise the alarm in the log on a breach."""
    for line in lasting_breaches(lambda: threading.Event().wait(_PAUSE_S)):
        log.critical("invariant_broken", breach=line)
