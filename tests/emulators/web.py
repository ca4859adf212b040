"""A very small web layer for the emulators: requests, answers, and a server in a thread."""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

Json = dict[str, Any]
Headers = tuple[tuple[str, str], ...]
Application = Callable[[Json, Any, Any], Any]


@dataclass(frozen=True)
class Request:
    """What a client asked for. Header names are lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    port: int
    scheme: str = "http"

    def json(self) -> Any:
        return json.loads(self.body or b"{}")


@dataclass
class Answer:
    """What goes back."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json;charset=UTF-8"

    def raw(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, default=str).encode()


class CutError(Exception):
    """Ends the response without an end, as a dropped connection does."""


async def read(scope: Json, receive: Any) -> Request:
    raw, more = b"", True
    while more:
        message = await receive()
        raw, more = raw + message.get("body", b""), message.get("more_body", False)
    query = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(query),
        headers={name.decode().lower(): value.decode() for name, value in scope["headers"]},
        body=raw,
        port=scope["server"][1],
        scheme=scope.get("scheme", "http"),
    )


async def send_answer(send: Any, answer: Answer, *, cut: bool = False) -> None:
    """Send it; `cut` drops the connection after half of the body."""
    raw = answer.raw()
    pairs = [(b"content-type", answer.kind.encode()), (b"content-length", b"%d" % len(raw))]
    pairs += [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    if cut:
        body = raw[: len(raw) // 2]
        await send({"type": "http.response.body", "body": body, "more_body": True})
        raise CutError
    await send({"type": "http.response.body", "body": raw})


async def until_gone(receive: Any) -> None:
    """Wait until the client has given up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def listener(port: int = 0) -> socket.socket:
    """Listen on 127.0.0.1, on a free port unless one is named."""
    # With the protocol named, asyncio sends without delay; else each answer waits 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock


def listeners(ports: dict[str, int]) -> dict[str, socket.socket]:
    """Listen on several ports by name, or on none of them."""
    with ExitStack() as opened:
        sockets = {name: opened.enter_context(listener(port)) for name, port in ports.items()}
        opened.pop_all()
    return sockets


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


@contextmanager
def serving(
    application: Application,
    sockets: list[socket.socket],
    *,
    beside: Callable[[], AbstractAsyncContextManager[None]] = _nothing,
) -> Iterator[None]:
    """Serve the application on these sockets in a thread of its own.

    `beside` runs on the same event loop for as long.
    """
    config = uvicorn.Config(
        application,
        log_config=None,
        lifespan="off",
        loop="asyncio",
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)

    async def run() -> None:
        async with beside():
            await server.serve(sockets=sockets)

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    with _no_news_of_cuts():
        thread.start()
        if not server.is_up.wait(timeout=10):
            message = "the emulator did not start"
            raise RuntimeError(message)
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@contextmanager
def _no_news_of_cuts() -> Iterator[None]:
    # Connections that are cut on purpose are no news.
    logs = [logging.getLogger(name) for name in ("uvicorn.error", "websockets.server")]
    before = [log.disabled for log in logs]
    for log in logs:
        log.disabled = True
    try:
        yield
    finally:
        for log, was_disabled in zip(logs, before, strict=True):
            log.disabled = was_disabled


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.is_up.set()
