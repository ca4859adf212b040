"""The ASGI application of one socket address."""

from collections.abc import Callable

from django.conf import settings

from tradingplatform import metrics
from tradingplatform.realtime.admission import Handshake, handshake_of
from tradingplatform.realtime.errors import CloseCode
from tradingplatform.realtime.hub import current_hub
from tradingplatform.realtime.outlet import Outlet
from tradingplatform.realtime.session import Endpoint, SocketSession
from tradingplatform.realtime.sinks import Receive, Scope, Send, sink_for
from tradingplatform.realtime.sources import StreamSource


class StreamConsumer:
    """Serves the streams of ``sources``; ``joined`` ones without asking, once signed in."""

    open_sockets = 0

    def __init__(
        self,
        *sources: StreamSource,
        joined: tuple[str, ...] = (),
        anonymous: Callable[[], bool] = bool,
    ) -> None:
        self._endpoint = Endpoint(sources=sources, joined=joined, anonymous=anonymous)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one socket from connect to disconnect."""
        await receive()
        handshake = handshake_of(scope)
        if not handshake.origin_allowed:
            await send({"type": "websocket.close", "code": 4403})
            return
        await send({"type": "websocket.accept"})
        StreamConsumer.open_sockets += 1
        metrics.SOCKETS.inc()
        try:
            await self._run(handshake, receive, Outlet(sink_for(scope, send)))
        finally:
            StreamConsumer.open_sockets -= 1
            metrics.SOCKETS.dec()

    async def _run(self, handshake: Handshake, receive: Receive, outlet: Outlet) -> None:
        if StreamConsumer.open_sockets > settings.REALTIME_SOCKETS_MAX:
            outlet.close(CloseCode.TRY_AGAIN_LATER, "The server is full; try again later.")
        hub = current_hub()
        await hub.ready()
        session = SocketSession(
            endpoint=self._endpoint, hub=hub, outlet=outlet, handshake=handshake
        )
        try:
            await session.open()
            while (message := await receive())["type"] != "websocket.disconnect":
                await session.take(message)
        finally:
            session.end()
            await session.give_back()
