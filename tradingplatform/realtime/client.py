"""A small socket client in Python: for tests, benchmarks and scripts."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Json = dict[str, Any]

CLOSE_TIMEOUT_S = 0.5


class SocketClient:
    """One open socket; frames go in and come out as dictionaries."""

    def __init__(self, connection: ClientConnection, *, timeout_s: float = 5.0) -> None:
        self._connection = connection
        self._timeout_s = timeout_s

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        token: str | None = None,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        origin: str | None = None,
        timeout_s: float = 5.0,
    ) -> Self:
        """Open a socket and, with a token or an API key, sign in and wait for `subscribed`."""
        connection = await connect(
            url,
            additional_headers=dict(headers or {}),
            origin=origin,  # type: ignore[arg-type]
            compression=None,
            max_size=None,
            open_timeout=timeout_s,
            close_timeout=CLOSE_TIMEOUT_S,
            proxy=None,
        )
        client = cls(connection, timeout_s=timeout_s)
        shown = {"token": token, "api_key": api_key}
        for name, secret in shown.items():
            if secret is not None:
                await client.send({"type": "auth", name: secret})
                await client.expect("subscribed")
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(self, body: Json) -> None:
        """Send one frame."""
        await self._connection.send(orjson.dumps(body).decode())

    async def send_raw(self, data: str | bytes) -> None:
        """Send whatever it is, as text or as a binary frame."""
        await self._connection.send(data)

    async def receive(self) -> Json:
        """Return the next frame; raise TimeoutError when none comes."""
        async with asyncio.timeout(self._timeout_s):
            data = await self._connection.recv()
        body: Json = orjson.loads(data)
        return body

    async def expect(self, kind: str) -> Json:
        """Return the next frame of one type, passing over the others."""
        async with asyncio.timeout(self._timeout_s):
            while True:
                body = await self.receive()
                if body["type"] == kind:
                    return body

    async def closed(self) -> int:
        """Wait for the server to close the socket and return its close code."""
        async with asyncio.timeout(self._timeout_s):
            try:
                while True:
                    await self._connection.recv()
            except ConnectionClosed:
                pass
        code = self._connection.close_code
        return 1006 if code is None else code

    async def close(self) -> None:
        """Close the socket."""
        await self._connection.close()


@asynccontextmanager
async def open_socket(url: str, **options: Any) -> AsyncIterator[SocketClient]:
    """Open a socket for the length of a block."""
    client = await SocketClient.connect(url, **options)
    try:
        yield client
    finally:
        await client.close()
