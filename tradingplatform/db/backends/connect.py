"""Opening a database connection may be tried again: nothing has happened yet."""

from collections.abc import Callable
from typing import TypeVar

import stamina
from django.conf import settings
from django.db import OperationalError

T = TypeVar("T")


def with_retry(connect: Callable[[], T]) -> T:
    """Call ``connect`` up to settings.DB_CONNECT_ATTEMPTS times with exponential back-off."""
    for attempt in stamina.retry_context(
        on=OperationalError,
        attempts=settings.DB_CONNECT_ATTEMPTS,
        wait_initial=0.1,
        wait_max=2.0,
        wait_jitter=0.1,
    ):
        with attempt:
            return connect()
    message = "stamina ended without a result"
    raise AssertionError(message)
