"""Production as docs/operations.md has it: one process per role, on MariaDB and Redis."""

import asyncio
import os
import threading

import httpx2
import pytest

from tests.emulators.openai import Call, OpenAIEmulator, Say, serve
from tests.roles import NAMES, Platform
from tradingplatform.realtime.client import open_socket

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

BODY = {"email": "mina@example.com", "password": "zebra quilt 71 lantern", "nickname": "Mina"}
# A week: whatever the hour, sessions of both markets have ended since.
SEED = """
from datetime import timedelta
from market.services import sample_market_load
from tradingplatform.clock import now
sample_market_load(since=now().date() - timedelta(days=7))
"""
TEXT = "The first. The second. The third. The fourth. The fifth. The sixth. " * 10
ORDER = {
    "client_order_id": "o-1",
    "symbol": "005930",
    "side": "BUY",
    "order_type": "MARKET",
    "quantity": "10",
    "time_in_force": "DAY",
}


class Model:
    """Plans one tool call and then writes; slow enough to be killed until it may go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
        self.texts_begun = 0

    def __call__(self, body):
        if not body.get("tools"):
            self.texts_begun += 1
            return Say(TEXT, pieces=200, wait=lambda: self.go_on.wait(0.3))
        if any(message["role"] == "tool" for message in body["messages"]):
            return Say("")
        return Call((("market_data", {"symbols": ["AAPL"]}),))


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def platform(model, tmp_path):
    if not os.environ.get("DATABASE_GLOBAL_URL", "").startswith("mysql"):
        pytest.skip("needs MariaDB and Redis; `make test` starts them (TEST_TIER=real)")
    emulator = OpenAIEmulator(model)
    with (
        serve(emulator) as base_url,
        Platform(tmp_path, OPENAI_API_KEY="emulated", OPENAI_BASE_URL=base_url) as platform,
    ):
        platform.manage("migrate_all", "--verbosity=0")
        platform.manage("shell", "--verbosity=0", "--command", SEED)
        platform.start_all()
        yield platform


def signed_in(http: httpx2.Client) -> str:
    assert http.post("/api/account/signup", json=BODY).status_code == 201
    access = str(http.post("/api/account/login", json=BODY).json()["access"])
    http.headers["Authorization"] = f"Bearer {access}"
    return access


def is_quoted(http: httpx2.Client) -> bool:
    answer = http.get("/api/market/quotes", params={"symbols": "005930"})
    if answer.status_code == 503:
        return False  # the feed moves with the worker and has to come first
    assert answer.status_code == 200, answer.text
    return answer.json()["results"][0]["ask"] is not None


def open_portfolio(http: httpx2.Client) -> str:
    body = {"name": "First", "base_currency": "KRW", "initial_cash": "50000000"}
    opened = http.post("/api/portfolio/portfolios", json=body)
    assert opened.status_code == 201, opened.text
    return f"/api/portfolio/portfolios/{opened.json()['id']}"


async def buy(platform: Platform, http: httpx2.Client, access: str, path: str):
    await asyncio.to_thread(platform.wait_until, lambda: is_quoted(http))
    async with open_socket(f"{platform.socket_url}/ws", token=access, timeout_s=30) as ws:
        placed = await asyncio.to_thread(http.post, f"{path}/orders", json=ORDER)
        assert placed.status_code == 201, placed.text
        while True:
            data = (await ws.expect("portfolio"))["data"]
            if data["kind"] == "order" and data["order"]["status"] == "FILLED":
                return data["order"]


class Chat:
    """One room on one socket: what a client shows of the answer under way."""

    def __init__(self, ws, room: str) -> None:
        self._ws, self._room = ws, room
        self.text = ""

    async def ask(self, number: int) -> None:
        await self._ws.send(
            {
                "type": "chat",
                "room_id": self._room,
                "client_message_id": f"00000000-0000-4000-8000-00000000000{number}",
                "content": "Price of AAPL?",
            }
        )

    async def follow(self, *, until_text: bool = False):
        """Return the finished answer, or None as soon as its text has begun."""
        while True:
            data = (await self._ws.expect("chat"))["data"]
            if data["kind"] == "status" and data["status"] == "STREAMING":
                self.text = ""
            elif data["kind"] == "delta":
                self.text += data["text"]
                if until_text:
                    return None
            elif data["kind"] == "message" and data["status"] == "COMPLETE":
                return data


class Visit:
    """Asks; asks again and loses the worker; trades while a new one takes over."""

    def __init__(self, platform: Platform, model: Model, http: httpx2.Client) -> None:
        self._platform, self._model, self._http = platform, model, http
        self.access = signed_in(http)
        self.path = open_portfolio(http)
        self.room = http.post("/api/chat/rooms", json={}).json()["id"]

    async def run(self):
        address = f"{self._platform.socket_url}/ws/chat"
        async with open_socket(address, token=self.access, timeout_s=90) as ws:
            chat = Chat(ws, self.room)
            await chat.ask(1)
            first = await chat.follow()
            assert chat.text == first["content"]

            self._model.go_on.clear()
            await chat.ask(2)
            await chat.follow(until_text=True)
            self._platform.roles["worker"].kill()
            assert len(chat.text) < len(first["content"])
            self._model.go_on.set()
            self._platform.start("worker")
            second, order = await asyncio.gather(
                chat.follow(), buy(self._platform, self._http, self.access, self.path)
            )
            assert chat.text == second["content"]
            return {answer["id"]: answer["content"] for answer in (first, second)}, order


def test_the_roles_trade_and_answer_and_outlive_a_worker(platform, model):
    with httpx2.Client(base_url=platform.url, timeout=20) as http:
        visit = Visit(platform, model, http)
        answers, order = asyncio.run(visit.run())

        stored = http.get(f"{visit.path}/orders/{order['id']}").json()
        assert (stored["status"], len(stored["fills"])) == ("FILLED", 1)
        positions = http.get(f"{visit.path}/positions").json()["results"]
        assert [row["quantity"] for row in positions] == ["10"]
        messages = http.get(f"/api/chat/rooms/{visit.room}/messages").json()["results"]
    assert [row["role"] for row in messages] == ["USER", "ASSISTANT"] * 2
    kept = [row for row in messages if row["role"] == "ASSISTANT"]
    assert {row["status"] for row in kept} == {"COMPLETE"}
    assert {row["id"]: row["content"] for row in kept} == answers
    assert {text.count("The first.") for text in answers.values()} == {10}
    assert model.texts_begun == 3  # one each, and the one that died with its worker
    platform.manage("verify", "--all")

    assert platform.stop_all() == dict.fromkeys(NAMES, 0), platform.output()
    assert [role.name for role in platform.roles.values() if role.has_left_children()] == []
    assert "Traceback" not in platform.output()
