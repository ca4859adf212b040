"""Which socket address serves which streams."""

from collections.abc import Awaitable, Callable

from django.conf import settings

from chat.streams import ChatStreams
from market.streams import MarketStreams
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.sinks import Receive, Scope, Send
from tradingplatform.realtime.user_stream import STREAM, UserStream

AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

_NOT_FOUND = (
    b'{"errorCode":"NOT_FOUND","message":"This process serves sockets only.","sequence":0,'
    b'"details":{}}'
)


def _market_is_public() -> bool:
    return bool(settings.MARKET_ANONYMOUS)


ROUTES: dict[str, AsgiApplication] = {
    "/ws": StreamConsumer(UserStream(), MarketStreams(), ChatStreams(), joined=(STREAM,)),
    "/ws/market": StreamConsumer(MarketStreams(), anonymous=_market_is_public),
    "/ws/chat": StreamConsumer(ChatStreams(), UserStream()),
}


async def socket_application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one socket, or refuse it when nobody lives at its address."""
    consumer = ROUTES.get(scope["path"].rstrip("/"))
    if consumer is not None:
        await consumer(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.close", "code": 4404})


async def sockets_only(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve the sockets of a process that does nothing else but say that it is alive."""
    if scope["type"] == "websocket":
        await socket_application(scope, receive, send)
    elif scope["type"] == "http":
        alive = scope["path"] == "/health/live"
        body = b'{"status":"ok"}' if alive else _NOT_FOUND
        headers = [(b"content-type", b"application/json")]
        status = 200 if alive else 404
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
