"""kill -9 in the middle of 200 orders: nothing accepted is lost, nothing is done twice."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest

from tests.live_server import LiveServer, live_server

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]

ORDERS = 200
KILL_AFTER = 80
THREADS = 8
PASSWORD = "a long enough pass phrase"


class Investor:
    """Somebody who trades over HTTP and writes down what the server acknowledged."""

    def __init__(self, server: LiveServer, name: str) -> None:
        self.http = httpx2.Client(base_url=server.url, timeout=20)
        body = {"email": f"{name}@example.com", "password": PASSWORD, "nickname": name}
        assert self.http.post("/api/account/signup", json=body).status_code == 201
        self.email = body["email"]
        self.log_in()
        opened = self.http.post(
            "/api/portfolio/portfolios",
            json={"name": name, "base_currency": "KRW", "initial_cash": "500000000"},
        )
        assert opened.status_code == 201, opened.text
        self.path = f"/api/portfolio/portfolios/{opened.json()['id']}"
        self.accepted: dict[str, str] = {}

    def log_in(self) -> None:
        body = {"email": self.email, "password": PASSWORD}
        access = self.http.post("/api/account/login", json=body).json()["access"]
        self.http.headers["Authorization"] = f"Bearer {access}"

    def place(self, number: int) -> bool:
        """Place one order; False if the server was gone before it answered."""
        order = {
            "client_order_id": f"o-{number}",
            "symbol": "005930",
            "side": "BUY",
            "order_type": "MARKET",
            "quantity": "1",
            "time_in_force": "DAY" if number % 5 else "IOC",
        }
        try:
            answer = self.http.post(
                f"{self.path}/orders", json=order, headers={"Idempotency-Key": f"o-{number}"}
            )
        except httpx2.TransportError:
            return False
        assert answer.status_code == 201, answer.text
        self.accepted[order["client_order_id"]] = answer.json()["id"]
        return True

    def orders(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        url: str | None = f"{self.path}/orders?limit=200"
        while url:
            page = self.http.get(url).json()
            found += page["results"]
            url = page["next"]
        return found


@pytest.fixture
def server(prepared: Path):
    with live_server(prepared, RATE_LIMIT_FACTOR="100") as running:
        yield running


@pytest.fixture
def investors(server):
    found = [Investor(server, name) for name in ("mina", "daniel")]
    yield found
    for investor in found:
        investor.http.close()


def test_kill_during_200_orders(server, investors, wait_until):
    killer = threading.Barrier(2)
    acknowledged = threading.Semaphore(0)

    def place(number: int) -> None:
        if investors[number % 2].place(number):
            acknowledged.release()

    def kill_midway() -> None:
        for _ in range(KILL_AFTER):
            acknowledged.acquire()
        server.kill()
        killer.wait(60)

    threading.Thread(target=kill_midway, daemon=True).start()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(place, range(ORDERS)))
    killer.wait(60)
    before = [dict(investor.accepted) for investor in investors]
    assert KILL_AFTER <= sum(map(len, before)) < ORDERS

    server.start()
    for investor in investors:
        investor.log_in()
    wait_until(lambda: _is_quoted(investors[0]), timeout_s=60)
    # The clients do not know what became of the rest: the same keys make it safe to repeat.
    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(lambda number: investors[number % 2].place(number), range(ORDERS)))

    for investor, known in zip(investors, before, strict=True):
        wait_until(lambda who=investor: _all_ended(who), timeout_s=60)
        found = {str(order["client_order_id"]): order for order in investor.orders()}
        assert len(found) == len(investor.orders()) == ORDERS / 2
        assert {name: found[name]["id"] for name in known} == known
        _check_books(investor, found)
    verified = server.manage("verify", "--all")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _is_quoted(investor: Investor) -> bool:
    """Whether the feed is back: until then market orders are refused, by rule."""
    answer = investor.http.get("/api/market/quotes", params={"symbols": "005930"})
    return answer.json()["results"][0]["ask"] is not None


def _all_ended(investor: Investor) -> bool:
    return all(order["status"] in {"FILLED", "CANCELED"} for order in investor.orders())


def _check_books(investor: Investor, orders: dict[str, dict[str, object]]) -> None:
    """Each order was filled and paid for once, or (IOC only) canceled for want of a quote."""
    spent, filled = Decimal(0), 0
    for order in orders.values():
        fills = investor.http.get(f"{investor.path}/orders/{order['id']}").json()["fills"]
        if order["status"] == "CANCELED":
            assert (order["time_in_force"], order["status_reason"]) == ("IOC", "QUOTE_STALE")
            assert fills == []
            continue
        assert len(fills) == 1
        filled += 1
        spent += Decimal(fills[0]["quantity"]) * Decimal(fills[0]["price"])
        spent += Decimal(fills[0]["fee"])
    cash = investor.http.get(investor.path).json()["cash"]["KRW"]
    assert Decimal(cash["balance"]) == Decimal(500_000_000) - spent
    assert Decimal(cash["reserved"]) == 0
    position = investor.http.get(f"{investor.path}/positions").json()["results"][0]
    assert Decimal(position["quantity"]) == filled
    assert Decimal(position["cost_basis"]) == spent
