"""The embedded product: web, sockets, worker, beat and every loop in one process on one port."""

import socket

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from tradingplatform import clock
from tradingplatform.hosting.celery_threads import beat_run, worker_run
from tradingplatform.hosting.server import run_server
from tradingplatform.hosting.supervisor import Supervisor
from tradingplatform.hosting.wsgi_bridge import WsgiBridge
from tradingplatform.realtime.sinks import Receive, Scope, Send
from tradingplatform.routing import socket_application
from tradingplatform.services import services
from tradingplatform.wsgi import application as wsgi_application

log = structlog.get_logger(__name__)

STOP_WITHIN_S = 4.5


class EmbeddedApplication:
    """Sockets go to the socket application, everything else to Django in threads."""

    def __init__(self) -> None:
        self._web = WsgiBridge(wsgi_application)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket."""
        if scope["type"] == "websocket":
            await socket_application(scope, receive, send)
        else:
            await self._web(scope, receive, send)

    def close(self) -> None:
        """Take no more requests."""
        self._web.close()


class EmbeddedHost:
    """Starts everything, serves until a signal, stops everything in time."""

    def __init__(self) -> None:
        self._supervisor = Supervisor()
        self._application = EmbeddedApplication()
        self._asked_at = 0.0

    def run(self, sock: socket.socket) -> None:
        """Serve until a signal, then stop everything."""
        try:
            for name, path in settings.RUNNERS.items():
                self._supervisor.start(name, import_string(path))
            self._supervisor.start("worker", worker_run)
            self._supervisor.start("beat", beat_run)
            run_server(self._application, sock, on_stop=self._begin_to_stop)
        finally:
            self._finish()

    def _begin_to_stop(self) -> None:
        self._asked_at = clock.monotonic()
        self._supervisor.stop.set()

    def _finish(self) -> None:
        self._supervisor.stop.set()
        self._application.close()
        spent = clock.monotonic() - self._asked_at if self._asked_at else 0.0
        left = self._supervisor.join(max(0.5, STOP_WITHIN_S - spent))
        if left:
            log.error("runners_did_not_stop", runners=left)
        services.close_all()
