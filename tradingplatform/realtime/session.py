"""One socket from handshake to close: who it is, what it says, how it ends."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings

from tradingplatform.clock import now
from tradingplatform.errors import (
    AuthenticationError,
    ErrorCode,
    PermissionDeniedError,
    TradingPlatformError,
)
from tradingplatform.ids import random_fraction, uuid7
from tradingplatform.logs import bind_request, clear_request
from tradingplatform.realtime.admission import Handshake
from tradingplatform.realtime.authentication import (
    Credentials,
    authenticate,
    policy_allows,
    policy_check,
    session_is_live,
)
from tradingplatform.realtime.bridge import run_db
from tradingplatform.realtime.errors import (
    CloseCode,
    FrameInvalidError,
    FrameRateExceededError,
    FrameTooLargeError,
    SocketLimitExceededError,
    StreamUnknownError,
)
from tradingplatform.realtime.frames import (
    ServerFrame,
    encode,
    error_frame,
    positions_body,
    timestamp,
)
from tradingplatform.realtime.hub import Hub
from tradingplatform.realtime.limits import (
    FRAMES_PER_S,
    SOCKETS_PER_USER,
    STRIKES,
    STRIKES_FORGIVEN_PER_S,
    Budget,
    SocketSlot,
)
from tradingplatform.realtime.messages import (
    AnyClientFrame,
    AuthFrame,
    ClientFrame,
    PingFrame,
    ResumeFrame,
    SubscribeFrame,
    UnsubscribeFrame,
    parse,
)
from tradingplatform.realtime.outlet import Outlet
from tradingplatform.realtime.sinks import Message
from tradingplatform.realtime.sources import FrameHandler, Position, SocketPrincipal, StreamSource
from tradingplatform.realtime.streams import StreamSet

log = structlog.get_logger(__name__)

GAP_SPREAD_S = 5.0


@dataclass(frozen=True)
class Endpoint:
    """What one socket address serves."""

    sources: tuple[StreamSource, ...]
    joined: tuple[str, ...] = ()
    anonymous: Callable[[], bool] = bool

    def joined_for(self, principal: SocketPrincipal) -> list[str]:
        """Return what comes joined; to an API key only what it was made for."""
        return [name for name in self.joined if policy_allows(principal, stream=name)]

    def handlers(self) -> dict[str, tuple[StreamSource, FrameHandler]]:
        """Return who serves which client frame type of the apps."""
        return {
            kind: (source, handler)
            for source in self.sources
            for kind, handler in source.frames.items()
        }


class SocketSession:
    """The life of one accepted socket; all methods run on the event loop."""

    def __init__(
        self, *, endpoint: Endpoint, hub: Hub, outlet: Outlet, handshake: Handshake
    ) -> None:
        self._endpoint = endpoint
        self._handshake = handshake
        self._handlers = endpoint.handlers()
        self._hub = hub
        self._outlet = outlet
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._streams = StreamSet(
            hub=hub, outlet=outlet, sources=endpoint.sources, spawn=self._spawn
        )
        self._principal: SocketPrincipal | None = None
        self._slot: SocketSlot | None = None
        self._watched: str | None = None
        self._frames = Budget(capacity=FRAMES_PER_S, per_s=FRAMES_PER_S)
        self._strikes = Budget(capacity=STRIKES, per_s=STRIKES_FORGIVEN_PER_S)

    async def open(self) -> None:
        """Take the credentials of the handshake, or start the clock for an auth frame."""
        self._after("heartbeat", settings.REALTIME_HEARTBEAT_S, self._beat)
        self._after("check", settings.REALTIME_RECHECK_S, self._check_soon)
        self._hub.listen_for_gaps(self._gap)
        handshake = self._handshake
        credentials = Credentials(ticket=handshake.ticket, session_key=handshake.cookie)
        if credentials:
            await self._guard(self._sign_in(credentials), sequence=0)
        if self._principal is None and not self._endpoint.anonymous():
            if handshake.ticket is not None:
                self._refuse()
            else:
                self._after("auth", settings.REALTIME_AUTH_TIMEOUT_S, self._refuse)

    async def take(self, message: Message) -> None:
        """Handle one ``websocket.receive`` event; whatever it holds, the socket survives it."""
        if self._outlet.closed:
            return
        if not self._frames.spend():
            error = FrameRateExceededError(
                f"More than {FRAMES_PER_S} frames a second.", limit=FRAMES_PER_S
            )
            self._strike(error, 0)
            return
        frame = self._read(message)
        if frame is not None:
            await self._guard(self._handle(frame), frame.sequence)

    def end(self) -> None:
        """Leave everything; the socket is gone."""
        self._outlet.closed = True
        self._outlet.discard()
        self._streams.leave_all()
        self._hub.unlisten_for_gaps(self._gap)
        self._watch_session(None)
        for timer in self._timers.values():
            timer.cancel()
        for task in self._tasks:
            task.cancel()

    async def give_back(self) -> None:
        """Free the user's socket slot."""
        if self._slot is not None:
            await run_db(self._slot.give_back)

    def _read(self, message: Message) -> AnyClientFrame | None:
        try:
            return parse(message.get("text"))
        except FrameTooLargeError as error:
            self._outlet.send(error_frame(error, 0))
            self._outlet.close(CloseCode.FRAME_TOO_LARGE, "The frame is too long.")
        except FrameInvalidError as error:
            self._strike(error, int(str(error.details.pop("sequence", 0))))
        return None

    def _strike(self, error: TradingPlatformError, sequence: int) -> None:
        self._outlet.send(error_frame(error, sequence))
        if not self._strikes.spend():
            self._outlet.close(CloseCode.ABUSE, "Too many bad frames.")

    async def _guard(self, work: Awaitable[None], sequence: int) -> None:
        """Do one frame's work under an id of its own, as a request has; failures become frames.

        Only the unanticipated ones are logged.
        """
        bind_request(str(uuid7()))
        try:
            await work
        except TradingPlatformError as error:
            self._outlet.send(error_frame(error, sequence))
        except Exception:
            log.exception("socket_frame_failed")
            self._outlet.send(error_frame(InternalError("Something went wrong."), sequence))
        finally:
            clear_request()

    async def _handle(self, frame: AnyClientFrame) -> None:
        if isinstance(frame, AuthFrame):
            await self._sign_in(_shown(frame, self._handshake), frame.sequence)
        elif self._principal is None and not self._endpoint.anonymous():
            self._outlet.send(
                error_frame(AuthenticationError("The first frame must be auth."), frame.sequence)
            )
            self._refuse()
        else:
            policy_check(self._principal, frame=frame.type)
            await self._answer(frame)

    async def _answer(self, frame: AnyClientFrame) -> None:
        if isinstance(frame, PingFrame):
            body = {"type": ServerFrame.PONG, "sequence": frame.sequence, "ts": timestamp()}
            self._outlet.send(encode(body))
        elif isinstance(frame, UnsubscribeFrame):
            await self._unsubscribe(frame)
        elif isinstance(frame, SubscribeFrame):
            await self._streams.join(frame.names(), frame.sequence)
        elif isinstance(frame, ResumeFrame):
            place = Position(frame.epoch, frame.seq)
            await self._streams.resume(frame.stream, place, frame.sequence)
        else:
            await self._handle_app_frame(frame)

    async def _unsubscribe(self, frame: UnsubscribeFrame) -> None:
        self._streams.leave(frame.names())
        body = {
            "type": ServerFrame.UNSUBSCRIBED,
            "sequence": frame.sequence,
            "ts": timestamp(),
            "streams": frame.names(),
        }
        self._outlet.send(encode(body))

    async def _handle_app_frame(self, frame: ClientFrame) -> None:
        body = frame.model_dump()
        if body["type"] not in self._handlers:
            raise StreamUnknownError(f"Frames of type {body['type']} are not served here.")
        if self._principal is None:
            raise AuthenticationError("Sign in first.")
        source, handler = self._handlers[body["type"]]
        stream_for = getattr(source, "stream_for", None)
        stream = stream_for(body) if stream_for is not None else None
        if stream is not None and stream not in self._streams:
            await self._streams.join([stream])
            if stream not in self._streams:
                return  # refused, and said so
        answer = await run_db(handler, self._principal, body)
        if answer is not None:
            self._outlet.send(encode({**answer, "sequence": frame.sequence}))

    async def _sign_in(self, credentials: Credentials, sequence: int = 0) -> None:
        try:
            principal = await run_db(authenticate, credentials)
        except AuthenticationError as error:
            if credentials.session_key is not None:
                return  # a page whose session ended; an auth frame may follow
            self._outlet.send(error_frame(error, sequence))
            self._refuse()
            return
        known = self._principal
        if known is not None and not _same_holder(known, principal):
            raise PermissionDeniedError("This socket belongs to someone else; open another.")
        self._watch_session(principal)
        if known is None and not await self._admit(principal, sequence):
            return
        self._principal = self._streams.principal = principal
        self._cancel("auth")
        self._close_in_time(principal)
        await self._streams.join(self._endpoint.joined_for(principal), sequence)

    def _close_in_time(self, principal: SocketPrincipal) -> None:
        if principal.expires_at is not None:
            left_s = (principal.expires_at - now()).total_seconds()
            self._after("expiry", max(0.0, left_s), lambda: self._revoked(b""))

    async def _admit(self, principal: SocketPrincipal, sequence: int) -> bool:
        self._slot = SocketSlot(principal.account_db_key)
        if not await run_db(self._slot.take):
            error = SocketLimitExceededError(
                f"A user may open {SOCKETS_PER_USER} sockets.", limit=SOCKETS_PER_USER
            )
            self._outlet.send(error_frame(error, sequence))
            self._outlet.close(CloseCode.TOO_MANY_SOCKETS, error.message)
        elif not await run_db(session_is_live, principal):
            self._revoked(b"")  # it ended between the look at it and the watch
        return not self._outlet.closed

    def _watch_session(self, principal: SocketPrincipal | None) -> None:
        if self._watched is not None:
            self._hub.unlisten(self._watched, self._revoked)
            self._watched = None
        if principal is not None and principal.session_id is not None:
            self._watched = f"session:{principal.session_id}"
            self._hub.listen(self._watched, self._revoked)

    def _revoked(self, _payload: bytes) -> None:
        self._outlet.close(CloseCode.UNAUTHENTICATED, "The session has ended.")

    def _refuse(self) -> None:
        self._outlet.close(CloseCode.UNAUTHENTICATED, "Sign in first.")

    def _beat(self) -> None:
        body = {
            "type": ServerFrame.HEARTBEAT,
            "ts": timestamp(),
            "streams": positions_body(self._streams.places()),
        }
        self._outlet.send(encode(body))
        self._after("heartbeat", settings.REALTIME_HEARTBEAT_S, self._beat)

    async def _check(self) -> None:
        """See now and then that the session is still on and that the bus lost nothing."""
        if self._principal is not None:
            if not await run_db(session_is_live, self._principal):
                self._revoked(b"")
                return
            if self._slot is not None:
                await run_db(self._slot.renew)
            await self._streams.repair()
        self._after("check", settings.REALTIME_RECHECK_S, self._check_soon)

    def _check_soon(self) -> None:
        self._spawn(self._check())

    def _gap(self) -> None:
        # Not all sockets at once: each asks the database what it missed.
        self._after("check", random_fraction() * GAP_SPREAD_S, self._check_soon)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._supervise(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _supervise(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            # Half-repaired streams must not look whole: the client comes back and resumes.
            log.exception("socket_upkeep_failed")
            self._outlet.close(CloseCode.INTERNAL_ERROR, "Try again.")

    def _after(self, name: str, delay_s: float, action: Callable[[], None]) -> None:
        self._cancel(name)
        if not self._outlet.closed:
            loop = asyncio.get_running_loop()
            self._timers[name] = loop.call_later(delay_s, action)

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()


def _shown(frame: AuthFrame, handshake: Handshake) -> Credentials:
    return Credentials(
        token=frame.token,
        api_key=frame.api_key,
        peer=handshake.peer,
        forwarded_for=handshake.forwarded_for,
    )


def _same_holder(one: SocketPrincipal, other: SocketPrincipal) -> bool:
    """Tell whether a socket may pass on: between sessions of a user, never from or to a key."""
    if one.is_program or other.is_program:
        return one.session_id == other.session_id
    return one.account_db_key == other.account_db_key


class InternalError(TradingPlatformError):
    """Something the platform did not anticipate."""

    code = ErrorCode.INTERNAL_ERROR
