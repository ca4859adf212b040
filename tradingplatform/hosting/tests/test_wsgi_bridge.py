"""WSGI applications see what WSGI promises, and their answers arrive whole."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from tradingplatform.hosting import wsgi_bridge
from tradingplatform.hosting.wsgi_bridge import Environ, WsgiBridge

pytestmark = pytest.mark.asyncio


def scope(**changes: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"host", b"here")],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.9", 5),
        **changes,
    }


async def call(
    application: Any, request: dict[str, Any], *chunks: bytes
) -> tuple[int, dict[bytes, bytes], bytes]:
    bridge = WsgiBridge(application, threads=2)
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks) - 1}
        for number, chunk in enumerate(chunks)
    ] or [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(event: Any) -> None:
        sent.append(dict(event))

    await bridge(request, receive, send)
    bridge.close()
    body = b"".join(event["body"] for event in sent[1:])
    assert not sent[-1].get("more_body", False)
    return sent[0]["status"], dict(sent[0]["headers"]), body


def application(seen: Environ, answer: Iterable[bytes] = (b"ok",)) -> Callable[..., Any]:
    def wsgi(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        start_response("201 Created", [("Content-Type", "text/plain")])
        return answer

    return wsgi


async def test_request_and_answer_pass_unchanged():
    seen: Environ = {}
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"6"),
        (b"x-request-id", b"r1"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x_request_id", b"forged"),
    ]
    status, answered, body = await call(
        application(seen),
        scope(method="POST", path="/주문", query_string=b"a=%20b", headers=headers),
        b"abc",
        b"def",
    )
    assert (status, answered, body) == (201, {b"content-type": b"text/plain"}, b"ok")
    assert seen["REQUEST_METHOD"] == "POST"
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/주문"
    assert seen["QUERY_STRING"] == "a=%20b"
    assert seen["CONTENT_TYPE"] == "application/json"
    assert seen["CONTENT_LENGTH"] == "6"
    assert seen["HTTP_X_REQUEST_ID"] == "r1"
    assert seen["HTTP_COOKIE"] == "a=1; b=2"
    assert seen["REMOTE_ADDR"] == "127.0.0.9"
    assert seen["body"] == b"abcdef"


async def test_a_chunked_body_gets_a_length():
    seen: Environ = {}
    headers = [(b"transfer-encoding", b"chunked")]
    await call(application(seen), scope(method="POST", headers=headers), b"12", b"345")
    assert seen["CONTENT_LENGTH"] == "5"
    assert "HTTP_TRANSFER_ENCODING" not in seen


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit_is_refused(monkeypatch, declared):
    monkeypatch.setattr(wsgi_bridge, "BODY_BYTES_MAX", 5)
    seen: Environ = {}
    headers = [(b"content-length", b"6")] if declared else []
    status, _, body = await call(application(seen), scope(headers=headers), b"123", b"456")
    assert status == 413
    assert b"PAYLOAD_TOO_LARGE" in body
    assert seen == {}


class Streaming:
    """A response of unknown length, as Django's StreamingHttpResponse is."""

    streaming = True

    def __init__(self) -> None:
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"1", b"2", b"3"])

    def close(self) -> None:
        self.closed = True


async def test_a_streaming_answer_arrives_and_is_closed():
    answer = Streaming()
    _, _, body = await call(application({}, answer), scope())
    assert body == b"123"
    assert answer.closed


async def test_requests_run_side_by_side():
    barrier_passed: list[bool] = []
    barrier = threading.Barrier(2, timeout=5)

    def wsgi(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        barrier.wait()
        barrier_passed.append(True)
        start_response("200 OK", [])
        return [b""]

    bridge = WsgiBridge(wsgi, threads=2)

    async def one() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(event: Any) -> None:
            pass

        await bridge(scope(), receive, send)

    await asyncio.gather(one(), one())
    assert barrier_passed == [True, True]
    bridge.close()
