"""The path that clients rely on (docs: README), from outside, through the real product."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.live_server import LiveServer, live_server
from tradingplatform.realtime.client import open_socket

PASSWORD = "a long enough pass phrase"
CASH = Decimal(50_000_000)


def socket(server: LiveServer, path: str, access: str):
    return open_socket(f"{server.socket_url}{path}", token=access, timeout_s=30)


@pytest.fixture(scope="module")
def server(prepared: Path):
    with live_server(prepared) as running:
        yield running


@pytest.fixture(scope="module")
def investor(server: LiveServer):
    """A client that has signed up and logged in, and its access token."""
    with httpx2.Client(base_url=server.url, timeout=20) as client:
        body = {"email": "mina@example.com", "password": PASSWORD, "nickname": "Mina"}
        created = client.post("/api/account/signup", json=body)
        assert created.status_code == 201, created.text
        assert set(created.json()) >= {"uid", "email", "nickname"}

        logged_in = client.post("/api/account/login", json=body | {"nickname": None}).json()
        assert set(logged_in) == {"access", "refresh", "expires_in"}
        client.headers["Authorization"] = f"Bearer {logged_in['access']}"
        assert client.get("/api/account/me").json()["email"] == "mina@example.com"
        yield client, logged_in["access"]


def test_watch(server: LiveServer, investor):
    client, _ = investor

    found = client.get("/api/market/instruments", params={"search": "AAPL"}).json()["results"]
    assert found[0]["symbol"] == "AAPL"
    assert set(found[0]) >= {"name", "exchange", "currency", "asset_type", "tick_size", "lot_size"}

    quotes = client.get("/api/market/quotes", params={"symbols": "AAPL,005930"}).json()["results"]
    assert [quote["symbol"] for quote in quotes] == ["AAPL", "005930"]
    assert {quote["source"] for quote in quotes} == {"SAMPLE"}

    bars = client.get(
        "/api/market/bars/AAPL",
        params={"interval": "1d", "start": "2020-01-01", "end": "2020-12-31"},
    ).json()
    assert bars["source"] == "SAMPLE"
    assert len(bars["results"]) == 252 or len(bars["results"]) == 253
    assert set(bars["results"][0]) >= {"time", "open", "high", "low", "close", "volume"}


def test_quotes_move_on_the_socket(server: LiveServer, investor):
    _, access = investor

    async def watch():
        async with socket(server, "/ws/market", access) as ws:
            await ws.send({"type": "subscribe", "symbols": ["AAPL"], "sequence": 7})
            seen: list[dict[str, Any]] = []
            while len({frame["data"]["price"] for frame in seen}) < 2:
                frame = await ws.expect("market")
                seen.append(frame)
            return seen

    frames = asyncio.run(watch())
    assert {frame["stream"] for frame in frames} == {"market:AAPL"}
    seqs = [frame["seq"] for frame in frames]
    assert seqs == sorted(seqs)


def test_trade_on_paper(server: LiveServer, investor):
    client, access = investor
    opened = client.post(
        "/api/portfolio/portfolios",
        json={
            "name": "First",
            "base_currency": "KRW",
            "broker": "PAPER",
            "initial_cash": str(CASH),
        },
        headers={"Idempotency-Key": "open-1"},
    )
    assert opened.status_code == 201, opened.text
    path = f"/api/portfolio/portfolios/{opened.json()['id']}"
    order = {
        "client_order_id": "o-1",
        "symbol": "005930",
        "side": "BUY",
        "order_type": "MARKET",
        "quantity": "10",
        "time_in_force": "DAY",
    }

    async def buy():
        async with socket(server, "/ws", access) as ws:
            placed = await asyncio.to_thread(
                client.post, f"{path}/orders", json=order, headers={"Idempotency-Key": "o-1"}
            )
            kinds: dict[str, Any] = {}
            while "position" not in kinds or kinds["order"]["status"] != "FILLED":
                frame = await ws.expect("portfolio")
                kinds[frame["data"]["kind"]] = frame["data"].get("order", frame["data"])
            return placed

    placed = asyncio.run(buy())
    assert placed.status_code == 201, placed.text
    again = client.post(f"{path}/orders", json=order, headers={"Idempotency-Key": "o-1"})
    assert again.json()["id"] == placed.json()["id"]

    filled = client.get(f"{path}/orders/{placed.json()['id']}").json()
    assert filled["status"] == "FILLED"
    fill = filled["fills"][0]
    cost = Decimal(fill["quantity"]) * Decimal(fill["price"]) + Decimal(fill["fee"])
    summary = client.get(path).json()
    assert Decimal(summary["cash"]["KRW"]["balance"]) == CASH - cost
    assert Decimal(summary["cash"]["KRW"]["reserved"]) == 0
    position = client.get(f"{path}/positions").json()["results"][0]
    assert (position["symbol"], position["quantity"]) == ("005930", "10")
    assert Decimal(position["cost_basis"]) == cost
    kinds = [row["kind"] for row in client.get(f"{path}/transactions").json()["results"]]
    assert sorted(kinds) == ["BUY", "DEPOSIT"]
    assert server.manage("verify", "--all").returncode == 0


@pytest.mark.parametrize(
    ("question", "tool"),
    [
        ("What is the RSI of AAPL?", "technical_analysis"),
        ("삼성전자 지금 얼마야?", "market_data"),
    ],
)
def test_ask(question: str, tool: str, server: LiveServer, investor):
    client, access = investor
    room = client.post("/api/chat/rooms", json={"title": "Questions"}).json()
    messages = f"/api/chat/rooms/{room['id']}/messages"

    async def ask():
        async with socket(server, "/ws/chat", access) as ws:
            await ws.send(
                {
                    "type": "chat",
                    "room_id": room["id"],
                    "client_message_id": "00000000-0000-4000-8000-000000000001",
                    "content": question,
                }
            )
            text = ""
            while True:
                data = (await ws.expect("chat"))["data"]
                if data["kind"] == "delta":
                    text += data["text"]
                if data["kind"] == "message" and data["role"] == "ASSISTANT":
                    return text, data

    streamed, final = asyncio.run(ask())
    assert final["status"] == "COMPLETE"
    assert streamed == final["content"]
    assert [call["tool"] for call in final["tool_calls"]] == [tool]
    assert final["tool_calls"][0]["source"] == "SAMPLE"
    stored = client.get(messages).json()["results"]
    assert [message["role"] for message in stored] == ["USER", "ASSISTANT"]
    assert stored[1]["content"] == final["content"]


def test_the_page_and_the_operators_door(server: LiveServer):
    with httpx2.Client(base_url=server.url, timeout=20, follow_redirects=True) as client:
        assert client.get("/").status_code == 200
        assert client.get("/admin/").status_code == 200
        assert client.get("/health").json()["status"] == "ok"


def test_logging_out_works_at_once(server: LiveServer):
    body = {"email": "leaver@example.com", "password": PASSWORD, "nickname": "Leaver"}
    with httpx2.Client(base_url=server.url, timeout=20) as client:
        client.post("/api/account/signup", json=body).raise_for_status()
        access = client.post("/api/account/login", json=body).json()["access"]
        client.headers["Authorization"] = f"Bearer {access}"

        async def leave():
            async with socket(server, "/ws", access) as ws:
                answer = await asyncio.to_thread(client.post, "/api/account/logout")
                return answer.status_code, await ws.closed()

        assert asyncio.run(leave()) == (204, 4401)
        assert client.get("/api/account/me").status_code == 401
