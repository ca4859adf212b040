"""Streams, users and a server for the tests of this package."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from tradingplatform.errors import AuthenticationError
from tradingplatform.hosting.server import Server, bind, server_config
from tradingplatform.realtime.errors import StreamUnknownError
from tradingplatform.realtime.frames import Frame
from tradingplatform.realtime.hub import close_hub
from tradingplatform.realtime.sources import FrameHandler, Json, SocketPrincipal
from tradingplatform.services import services

AUTHENTICATOR = "tradingplatform.realtime.tests.support.authenticate"
SESSIONS_ENDED = "tradingplatform.realtime.tests.support.sessions_ended"
SESSION_CHECK = "tradingplatform.realtime.tests.support.session_is_live"
EPOCH = "e1"


@dataclass(frozen=True)
class User:
    account_db_key: int
    session_id: str
    is_authenticated: bool = True
    is_operator: bool = False
    is_verified: bool = False
    is_program: bool = False
    expires_at: datetime | None = None


USERS = {f"token-{key}": User(key, f"s{key}") for key in range(1, 30)}
ended_sessions: set[str] = set()


def authenticate(
    *, token: str | None, ticket: str | None, session_key: str | None, **_: str | None
) -> SocketPrincipal:
    user = USERS.get(token or ticket or session_key or "")
    if user is None:
        raise AuthenticationError("Nobody.")
    return user


def session_is_live(principal: User) -> bool:
    return principal.session_id not in ended_sessions


def sessions_ended(session_ids: Collection[str]) -> set[str]:
    return ended_sessions & set(session_ids)


def body(stream: str, seq: int, **data: Any) -> Json:
    return {"type": "x", "stream": stream, "epoch": EPOCH, "seq": seq, "ts": "", "data": data}


def frame(stream: str, seq: int, **data: Any) -> Frame:
    return Frame(orjson.dumps(body(stream, seq, **data)))


class Quotes:
    """Streams of which the newest frame matters."""

    prefix = "market"
    frames: Mapping[str, FrameHandler] = {}

    def __init__(self) -> None:
        self.seq = 0
        self.before_snapshot: Callable[[], None] = lambda: None

    def authorise(self, principal: SocketPrincipal | None, stream: str) -> None:
        if stream.startswith("market:NONE"):
            raise StreamUnknownError("No such symbol.")

    def snapshot(self, principal: SocketPrincipal | None, stream: str) -> Sequence[Json]:
        snapshot = body(stream, self.seq, snapshot=True)
        self.before_snapshot()
        return [snapshot]

    def since(
        self, principal: SocketPrincipal | None, stream: str, epoch: str, seq: int
    ) -> Sequence[Json] | None:
        return None

    def channel(self, principal: SocketPrincipal | None, stream: str) -> str:
        return stream

    def publish(self, stream: str = "market:A", **data: Any) -> int:
        self.seq += 1
        services.websocket.publish(stream, orjson.dumps(body(stream, self.seq, **data)))
        return self.seq


@dataclass
class Diary:
    """A stream that never drops, kept in a list."""

    prefix: str = "user"
    kept: int = 1000
    events: list[Json] = field(default_factory=list)

    @property
    def frames(self) -> Mapping[str, FrameHandler]:
        return {"chat": self.answer, "cancel": self.fail}

    def answer(self, principal: SocketPrincipal, frame: Json) -> Json:
        self.publish(said=frame["content"])
        return {"type": "accepted", "message_id": frame["client_message_id"]}

    def fail(self, principal: SocketPrincipal, frame: Json) -> Json:
        raise RuntimeError(frame["message_id"])

    def stream_for(self, frame: Json) -> str | None:
        return "user" if frame["type"] == "chat" else None

    def authorise(self, principal: SocketPrincipal | None, stream: str) -> None:
        if principal is None:
            raise AuthenticationError("Sign in first.")

    def head(self, principal: SocketPrincipal | None, stream: str) -> tuple[str, int]:
        return EPOCH, len(self.events)

    def snapshot(self, principal: SocketPrincipal | None, stream: str) -> Sequence[Json]:
        return []

    def since(
        self, principal: SocketPrincipal | None, stream: str, epoch: str, seq: int
    ) -> Sequence[Json] | None:
        if epoch != EPOCH or len(self.events) - seq > self.kept:
            return None
        return self.events[seq:]

    def channel(self, principal: SocketPrincipal | None, stream: str) -> str:
        return "stream:diary"

    def write(self, **data: Any) -> Json:
        """Keep an event without telling the bus, as when a hint is lost."""
        event = body("user", len(self.events) + 1, **data)
        self.events.append(event)
        return event

    def publish(self, **data: Any) -> int:
        event = self.write(**data)
        services.websocket.publish("stream:diary", orjson.dumps(event))
        return len(self.events)


@asynccontextmanager
async def serving(application: object, port: int = 0) -> AsyncIterator[str]:
    """Run the production server on a (free) port of this machine; yield its address."""
    server = Server(server_config(application))
    sock = bind("127.0.0.1", port)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        yield f"ws://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        close_hub()


async def eventually(condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    """Let the loop run until the condition holds."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - a test waits for whatever it is
            await asyncio.sleep(0.005)
