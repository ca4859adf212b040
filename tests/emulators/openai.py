"""An OpenAI-compatible endpoint of our own: scripted, with a truth log, and able to misbehave.

`OpenAIEmulator` is a plain ASGI application. Each request takes the next step of its script; a
request beyond the script gets a bare "OK.". `serve()` runs it on a free port of 127.0.0.1.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.web import CutError, listener, serving

Json = dict[str, Any]
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


@dataclass(frozen=True)
class Say:
    """Answer with text, in pieces when a stream is asked for.

    `cut_after` drops the connection after so many pieces; `wait` is called before each piece.
    """

    text: str
    pieces: int = 8
    cut_after: int | None = None
    wait: Callable[[], object] | None = None


@dataclass(frozen=True)
class Call:
    """Ask for tool calls; arguments may be text that is no JSON."""

    calls: tuple[tuple[str, Json | str], ...]


@dataclass(frozen=True)
class Fail:
    """Answer with an HTTP error."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Garbage:
    """Answer with bytes that are no answer."""

    body: bytes = b"<html>gateway</html>"


@dataclass(frozen=True)
class Silence:
    """Accept the request and answer nothing until the client gives up."""


Step = Say | Call | Fail | Garbage | Silence
Script = list[Step] | Callable[[Json], Step]


@dataclass
class OpenAIEmulator:
    """The application; `log` holds every request body in order."""

    script: Script = field(default_factory=list)
    log: list[Json] = field(default_factory=list)
    models_status: int = 200

    async def __call__(self, scope: Json, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        if scope["method"] == "GET":
            answer = {"id": "emulated", "object": "model", "created": 1}
            await _json(send, answer, status=self.models_status)
            return
        self.log.append(body)
        await self._act(self._step(body), body, receive, send)

    def _step(self, body: Json) -> Step:
        if callable(self.script):
            return self.script(body)
        return self.script.pop(0) if self.script else Say("OK.")

    async def _act(self, step: Step, body: Json, receive: Any, send: Any) -> None:
        match step:
            case Fail():
                error = {"error": {"message": "emulated", "type": "emulated", "code": None}}
                await _json(send, error, status=step.status, headers=step.headers)
            case Garbage():
                await _start(send, 200, "text/html")
                await send({"type": "http.response.body", "body": step.body})
            case Silence():
                while (await receive())["type"] != "http.disconnect":
                    pass
            case _ if body.get("stream"):
                await _stream(send, step)
            case _:
                await _json(send, _completion(step))


async def _stream(send: Any, step: Say | Call) -> None:
    await _start(send, 200, "text/event-stream")
    text = step.text if isinstance(step, Say) else ""
    pieces = [piece async for piece in _pieces(text, step)]
    for number, piece in enumerate(pieces):
        if isinstance(step, Say) and step.wait is not None:
            await asyncio.to_thread(step.wait)
        if isinstance(step, Say) and step.cut_after == number:
            raise CutError
        await _event(send, _chunk({"content": piece}))
    await _event(send, _chunk({}, finish_reason="stop"))
    await _event(send, {**_base("chat.completion.chunk"), "choices": [], "usage": USAGE})
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


async def _pieces(text: str, step: Say | Call) -> AsyncIterator[str]:
    size = max(1, -(-len(text) // (step.pieces if isinstance(step, Say) else 1)))
    for start in range(0, len(text), size):
        yield text[start : start + size]


async def _body(receive: Any) -> Json:
    raw, more = b"", True
    while more:
        message = await receive()
        raw, more = raw + message.get("body", b""), message.get("more_body", False)
    return json.loads(raw) if raw else {}


async def _json(
    send: Any, body: Json, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> None:
    await _start(send, status, "application/json", headers)
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


async def _start(
    send: Any, status: int, kind: str, headers: tuple[tuple[str, str], ...] = ()
) -> None:
    pairs = [(b"content-type", kind.encode())]
    pairs += [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs})


async def _event(send: Any, body: Json) -> None:
    data = b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"
    await send({"type": "http.response.body", "body": data, "more_body": True})


def _base(kind: str) -> Json:
    return {"id": "emulated", "object": kind, "created": 1, "model": "emulated"}


def _chunk(delta: Json, finish_reason: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {**_base("chat.completion.chunk"), "choices": [choice]}


def _completion(step: Say | Call) -> Json:
    message: Json = {"role": "assistant", "content": None}
    if isinstance(step, Say):
        message["content"] = step.text
    else:
        message["tool_calls"] = [
            {
                "id": f"call_{number}",
                "type": "function",
                "function": {
                    "name": name,
                    "arguments": given if isinstance(given, str) else json.dumps(given),
                },
            }
            for number, (name, given) in enumerate(step.calls)
        ]
    reason = "stop" if isinstance(step, Say) else "tool_calls"
    choice = {"index": 0, "finish_reason": reason, "message": message}
    return {**_base("chat.completion"), "choices": [choice], "usage": USAGE}


@contextmanager
def serve(emulator: OpenAIEmulator) -> Iterator[str]:
    """Run the emulator in a thread and yield the base URL for OPENAI_BASE_URL."""
    sock = listener()
    port = sock.getsockname()[1]
    with serving(emulator, [sock]):
        yield f"http://127.0.0.1:{port}/v1"
