"""Which socket address serves which streams."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from chat.streams import ChatStreams
from market.streams import BookStreams, MarketStreams
from tradingplatform.api.policy import SOCKETS, permits
from tradingplatform.api.principal import ANONYMOUS
from tradingplatform.health.probes import socket_probes
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.sinks import Receive, Scope, Send
from tradingplatform.realtime.sources import StreamSource
from tradingplatform.realtime.user_stream import STREAM, UserStream

AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]


def _socket(address: str, *sources: StreamSource, joined: tuple[str, ...] = ()) -> StreamConsumer:
    """Serve an address to whom the policy table lets stay there."""
    return StreamConsumer(
        *sources, joined=joined, anonymous=lambda: permits(SOCKETS.get(address), ANONYMOUS)
    )


ROUTES: dict[str, StreamConsumer] = {
    "/ws": _socket(
        "/ws", UserStream(), MarketStreams(), BookStreams(), ChatStreams(), joined=(STREAM,)
    ),
    "/ws/market": _socket("/ws/market", MarketStreams(), BookStreams()),
    "/ws/chat": _socket("/ws/chat", ChatStreams(), UserStream()),
}


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Close a socket at an address where nobody lives."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


def _route(pattern: str, application: AsgiApplication) -> Any:
    # Django's re_path is typed for views; Channels routes sockets with it.
    return re_path(pattern, cast("Any", application))


_ROUTER = URLRouter(
    [
        *(_route(rf"^{address.lstrip('/')}/?$", consumer) for address, consumer in ROUTES.items()),
        _route("", _refuse),
    ]
)
socket_application = cast("AsgiApplication", _ROUTER)
sockets_only = cast(
    "AsgiApplication", ProtocolTypeRouter({"websocket": _ROUTER, "http": socket_probes})
)
