"""Sockets spoken to inside this process, in the transaction of a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from asgiref.testing import ApplicationCommunicator

from tests.authorisation.people import OUTSIDE
from tradingplatform.routing import socket_application


@dataclass(frozen=True)
class Shown:
    """What a client shows at the door."""

    token: str = ""
    query: bytes = b""
    cookie: str = ""


@dataclass
class Socket:
    """One socket, spoken to inside this process."""

    wire: ApplicationCommunicator

    async def send(self, **frame: Any) -> None:
        await self.wire.send_input(
            {"type": "websocket.receive", "text": orjson.dumps(frame).decode()}
        )

    async def receive(self) -> dict[str, Any]:
        """Return the next frame, or {"type": "closed", "code": …}."""
        event = await self.wire.receive_output(timeout=10)
        if event["type"] == "websocket.close":
            return {"type": "closed", "code": event["code"]}
        body: dict[str, Any] = orjson.loads(event.get("text") or event["bytes"])
        return body

    async def answer(self, **frame: Any) -> list[dict[str, Any]]:
        """Send a frame and return what comes until the answer to a ping behind it."""
        await self.send(**frame)
        await self.send(type="ping", sequence=99)
        came: list[dict[str, Any]] = []
        while True:
            body = await self.receive()
            if body["type"] == "closed":
                return [*came, body]
            if body["type"] == "pong":
                return came
            came.append(body)


@asynccontextmanager
async def opened(address: str, credentials: Shown) -> AsyncIterator[Socket]:
    headers = [(b"host", b"testserver")]
    if credentials.cookie:
        headers += [(b"origin", b"http://testserver"), (b"cookie", credentials.cookie.encode())]
    scope = {
        "type": "websocket",
        "path": address,
        "query_string": credentials.query,
        "headers": headers,
        "client": (OUTSIDE, 1),
        "subprotocols": [],
    }
    wire = ApplicationCommunicator(socket_application, scope)
    await wire.send_input({"type": "websocket.connect"})
    assert (await wire.receive_output(timeout=10))["type"] == "websocket.accept"
    socket = Socket(wire)
    if credentials.token:
        await socket.send(type="auth", token=credentials.token)
    yield socket
    await wire.send_input({"type": "websocket.disconnect", "code": 1000})
    await wire.wait(timeout=10)
