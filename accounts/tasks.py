"""Background work on accounts."""

from typing import Any

from accounts.services.sessions import sessions_prune
from tradingplatform.jobs import job


@job(name="accounts.sessions_prune", queue="bulk")
def sessions_prune_job(**_: Any) -> None:
    sessions_prune()
