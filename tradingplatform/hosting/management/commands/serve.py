"""Run the whole platform in one process on one port (the embedded default)."""

import logging
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tradingplatform.hosting import preparation
from tradingplatform.hosting.server import bind
from tradingplatform.services.startup import require, start


class Command(BaseCommand):
    help = (
        "Migrate, bring demo data and sample market up to date, and serve until SIGTERM or Ctrl-C."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        # Until the server takes over, both signals end the start and its child process.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        sock = bind(options["host"], options["port"])
        try:
            self._prepare()
            self._serve(options["host"], sock)
        except KeyboardInterrupt:
            self.stderr.write("Stopped before it was ready.")
            _leave_now(1)
        _leave_now(0)

    def _serve(self, host: str, sock: socket.socket) -> None:
        from tradingplatform.hosting.embedded import EmbeddedHost

        self._welcome(host, sock.getsockname()[1])
        EmbeddedHost().run(sock)

    def _prepare(self) -> None:
        require("database")
        if preparation.migrate_if_needed():
            self._say("Databases are up to date.")
        if preparation.seed_if_empty():
            self._say("Demo data is ready.")
        if preparation.market_if_behind():
            self._say("The sample market is up to date.")
        start()

    def _welcome(self, host: str, port: int) -> None:
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - only compared
        base = f"{shown}:{port}"
        lines = [
            f"Open       http://{base}/",
            f"API        http://{base}/api/docs",
            f"Sockets    ws://{base}/ws",
            f"Operators  http://{base}/admin/   http://{base}/debug/services",
        ]
        logins = preparation.demo_logins()
        lines += [f"Log in     {one.role:9} {one.email} / {one.password}" for one in logins]
        self._say("\n".join(lines))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _leave_now(code: int) -> None:
    # All is stopped and closed. Taking the interpreter apart would take another second, and a
    # thread that will not end must not hold up a restart: all it leaves undone is found again.
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
