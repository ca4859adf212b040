"""Starting jobs that a periodic job would find anyway."""

import logging
from typing import Any

from kombu.exceptions import OperationalError

from tradingplatform.jobs import enqueue

logger = logging.getLogger(__name__)


def start_soon(job: str, **kwargs: Any) -> None:
    """Start a job now if the queue takes it: nobody is turned away because it does not."""
    try:
        enqueue(job, **kwargs)
    except OperationalError:
        logger.warning("The queue did not take a job", extra={"job": job})
