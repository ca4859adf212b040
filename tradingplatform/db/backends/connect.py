"""Opening a database connection may be tried again: nothing has happened yet."""

from collections.abc import Callable
from typing import TypeVar

import stamina
from django.conf import settings

T = TypeVar("T")


def with_retry(alias: str, connect: Callable[[], T], *, on: type[Exception]) -> T:
    """Call ``connect`` up to settings.DB_CONNECT_ATTEMPTS times with exponential back-off.

    ``on`` is the driver's own error: Django wraps it further out. A replica gets one try,
    because the primary can answer in its place.
    """
    attempts = 1 if alias in settings.REPLICA_ALIASES.values() else settings.DB_CONNECT_ATTEMPTS
    for attempt in stamina.retry_context(
        on=on, attempts=attempts, wait_initial=0.1, wait_max=2.0, wait_jitter=0.1
    ):
        with attempt:
            return connect()
    message = "stamina ended without a result"
    raise AssertionError(message)
