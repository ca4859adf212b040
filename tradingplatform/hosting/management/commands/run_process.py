"""Run one role of the platform (production)."""

import os
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from tradingplatform import metrics
from tradingplatform.hosting import roles
from tradingplatform.hosting.metrics_files import share_metrics
from tradingplatform.hosting.supervisor import Supervisor
from tradingplatform.services.startup import require_shared, start


class Command(BaseCommand):
    help = "Run one role: " + ", ".join(role.name for role in roles.ROLES) + "."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=[role.name for role in roles.ROLES])
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--queues", default="", help="worker only: some of the queues")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        os.environ.setdefault("PROCESS_NAME", name)
        require_shared()
        start()
        if name in {"web", "worker"}:
            share_metrics(name)
        else:
            metrics.serve(settings.METRICS_PORT, options["host"])
        if name == "web":
            roles.become(roles.web_command(options["host"], options["port"]))
        elif name == "worker":
            roles.become(roles.worker_command(options["queues"]))
        elif name == "beat":
            roles.become(roles.beat_command())
        elif name == "ws":
            _run_sockets(options["host"], options["port"])
        else:
            _run_loop(name)


def _run_sockets(host: str, port: int) -> None:
    from tradingplatform.hosting.server import bind, run_server
    from tradingplatform.routing import sockets_only

    run_server(sockets_only, bind(host, port))


def _run_loop(name: str) -> None:
    supervisor = Supervisor()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop.set())
    supervisor.keep(name, import_string(settings.RUNNERS[name]))
