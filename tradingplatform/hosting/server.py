"""Uvicorn with our socket protocol and our way to stop."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from django.core.management.base import CommandError

from tradingplatform.realtime.bridge import close_pool
from tradingplatform.realtime.hub import close_hub
from tradingplatform.realtime.messages import MAX_FRAME_BYTES
from tradingplatform.realtime.sinks import Receive, Scope, Send
from tradingplatform.realtime.wire import WireProtocol

BACKLOG = 2048
SHUTDOWN_S = 3
PING_EVERY_S = 20.0

Application = Callable[[Scope, Receive, Send], object]


class Server(uvicorn.Server):
    """A uvicorn that leaves signals to `run_server`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


def server_config(application: object) -> uvicorn.Config:
    """Return how sockets and HTTP are served here, whatever the role of the process."""
    return uvicorn.Config(
        application,  # type: ignore[arg-type]
        loop="uvloop",
        http="httptools",
        ws=WireProtocol,
        ws_max_size=MAX_FRAME_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_EVERY_S,
        ws_ping_timeout=PING_EVERY_S,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="warning",  # the lines of a handshake would show one-time tickets
        backlog=BACKLOG,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket, or end with one clear line."""
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(kind, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host.strip("[]"), port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise CommandError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Set PORT to a free port."
        ) from None
    return sock


def run_server(
    application: object, sock: socket.socket, *, on_stop: Callable[[], None] = lambda: None
) -> None:
    """Serve until SIGTERM or SIGINT; ``on_stop`` is called at the first, the second forces."""
    config = server_config(application)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(Server(config), sock, on_stop))


async def _serve(server: Server, sock: socket.socket, on_stop: Callable[[], None]) -> None:
    def stop() -> None:
        if server.should_exit:
            sys.stderr.write("Stopped by force.\n")
            sys.stderr.flush()
            os._exit(1)
        server.should_exit = True
        on_stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        await server.serve(sockets=[sock])
    finally:
        close_hub()
        close_pool()
