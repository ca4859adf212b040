"""kill -9 in the middle of answers: none is lost, none is written twice, sockets resume."""

import asyncio
import threading
from pathlib import Path

import httpx2
import pytest

from tests.emulators.openai import Call, OpenAIEmulator, Say, serve
from tests.live_server import live_server
from tradingplatform.realtime.client import open_socket

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]

QUESTIONS = 3
BODY = {"email": "asker@example.com", "password": "zebra quilt 71 lantern", "nickname": "Asker"}
SENTENCES = "The first. The second. The third. The fourth. The fifth. The sixth. The seventh. "


class Model:
    """Plans one tool call and then writes, held back until the server has died once."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(self, body):
        if not body.get("tools"):
            return Say(SENTENCES * 3, pieces=30, wait=lambda: self.go_on.wait(0.3))
        if any(message["role"] == "tool" for message in body["messages"]):
            return Say("")
        return Call((("market_data", {"symbols": ["AAPL"]}),))


def log_in(http):
    access = http.post("/api/account/login", json=BODY).json()["access"]
    http.headers["Authorization"] = f"Bearer {access}"
    return access


def answers_in(http, path):
    rows = http.get(path).json()["results"]
    return {row["id"]: row for row in rows if row["role"] == "ASSISTANT"}


class Screen:
    """What a client shows, put together from frames as docs/chat.md says."""

    def __init__(self):
        self.texts, self.done, self.place = {}, set(), ("", 0)

    def take(self, frame):
        data, self.place = frame["data"], (frame["epoch"], frame["seq"])
        if data["kind"] == "status" and data["status"] == "STREAMING":
            self.texts[data["message_id"]] = ""
        elif data["kind"] == "delta":
            self.texts[data["message_id"]] += data["text"]
        elif data["kind"] == "message" and data["role"] == "ASSISTANT":
            self.texts[data["id"]] = data["content"]
            if data["status"] not in {"PENDING", "STREAMING"}:
                self.done.add(data["id"])


async def watch(server, access, screen, room, *, until):
    async with open_socket(f"{server.socket_url}/ws/chat", token=access, timeout_s=90) as ws:
        stream = f"chat:{room}"
        if screen.place[0]:
            epoch, seq = screen.place
            await ws.send({"type": "resume", "stream": stream, "epoch": epoch, "seq": seq})
        else:
            await ws.send({"type": "subscribe", "streams": [stream]})
        while not until(screen):
            frame = await ws.receive()
            if frame["type"] == "chat" and "seq" in frame:
                screen.take(frame)


def test_answers_survive_the_death_of_their_worker(prepared: Path):
    model, screen = Model(), Screen()
    with (
        serve(OpenAIEmulator(model)) as base_url,
        live_server(prepared, OPENAI_API_KEY="emulated", OPENAI_BASE_URL=base_url) as server,
        httpx2.Client(base_url=server.url, timeout=20) as http,
    ):
        assert http.post("/api/account/signup", json=BODY).status_code == 201
        access = log_in(http)
        room = http.post("/api/chat/rooms", json={}).json()["id"]
        path = f"/api/chat/rooms/{room}/messages"
        for number in range(QUESTIONS):
            body = {"client_message_id": f"q-{number}", "content": "Price of AAPL?"}
            assert http.post(path, json=body).status_code == 202
        asyncio.run(watch(server, access, screen, room, until=lambda s: any(s.texts.values())))

        server.kill()
        model.go_on.set()
        server.start()

        access = log_in(http)
        asyncio.run(watch(server, access, screen, room, until=lambda s: len(s.done) == QUESTIONS))
        stored = answers_in(http, path)
        assert {row["status"] for row in stored.values()} == {"COMPLETE"}
        assert {row["content"].count("The first.") for row in stored.values()} == {3}
        assert screen.texts == {name: row["content"] for name, row in stored.items()}
