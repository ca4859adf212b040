"""What a process that serves sockets and nothing else answers to HTTP: its probes."""

import asyncio
from typing import Any

import orjson

from tradingplatform.health import reports
from tradingplatform.realtime.bridge import run_db
from tradingplatform.realtime.sinks import Receive, Scope, Send

_NOT_FOUND = {
    "errorCode": "NOT_FOUND",
    "message": "This process serves sockets only.",
    "sequence": 0,
    "details": {},
}
_HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]

Report = tuple[dict[str, Any], bool]

_asking: asyncio.Task[Report] | None = None


async def socket_probes(scope: Scope, _receive: Receive, send: Send) -> None:
    """Serve ``/health/live`` and ``/health/ready``."""
    status, body = 404, _NOT_FOUND
    if scope["path"] == "/health/live":
        status, body = 200, {"status": "ok"}
    elif scope["path"] == "/health/ready":
        body, is_ready = await _readiness()
        status = 200 if is_ready else 503
    await send({"type": "http.response.start", "status": status, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": orjson.dumps(body)})


async def _readiness() -> Report:
    """Ask in one thread, however many want to know: the others belong to the sockets."""
    global _asking  # noqa: PLW0603 - one question at a time per process
    if _asking is None or _asking.done():
        _asking = asyncio.create_task(run_db(reports.socket_readiness))
    return await asyncio.shield(_asking)
