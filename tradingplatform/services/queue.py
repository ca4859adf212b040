"""Hand work to the workers: a thin view of the Celery application."""

from typing import Any, Protocol

from celery import Celery, current_app
from django.conf import settings
from kombu import Connection
from kombu.exceptions import OperationalError

from tradingplatform.errors import UnavailableError
from tradingplatform.services.base import without_secrets

PING_TIMEOUT_S = 2


class Queue(Protocol):
    """Messages to background workers; jobs are started through ``jobs.enqueue``."""

    def depths(self) -> dict[str, int]:
        """Return how many messages wait in each queue."""
        ...

    def connection(self) -> Connection:
        """Return a new connection to the broker, for tests of the broker itself."""
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


class CeleryQueue:
    """Celery on the broker of QUEUE_URL (Redis, or memory inside one process)."""

    def __init__(self, *, app: Celery | None = None) -> None:
        self._app = app

    def depths(self) -> dict[str, int]:
        with self.app.connection_for_write() as connection:
            channel = connection.default_channel
            return {name: _size_of(channel, name) for name in self._queue_names()}

    def connection(self) -> Connection:
        return self.app.connection_for_write()

    def ping(self) -> None:
        with self.app.connection_for_write() as connection:
            try:
                connection.ensure_connection(max_retries=1, timeout=PING_TIMEOUT_S)
            except OperationalError as exc:
                msg = "The job broker is out of reach."
                raise UnavailableError(msg) from exc

    def close(self) -> None:
        # The Celery application belongs to the process, not to this service.
        return

    def describe(self) -> str:
        return f"Celery on {without_secrets(self.app.conf.broker_url or 'memory://')}"

    @property
    def app(self) -> Celery:
        """The Celery application of this process."""
        if self._app is not None:
            return self._app
        current: Celery = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - celery's own idiom
        return current

    def _queue_names(self) -> list[str]:
        return list(settings.QUEUES)


def _size_of(channel: Any, name: str) -> int:
    """Return the waiting messages of one queue; kombu's virtual transports all know it."""
    return int(channel._size(name))  # noqa: SLF001 - the only way that declares nothing
