"""The REST contract of portfolios: shapes, errors, isolation, idempotency, query budgets."""

import threading
from collections.abc import Iterable
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from market.models import Instrument
from portfolio.api import serializers
from portfolio.brokers.paper import PaperBroker
from portfolio.models import CashBalance, Order, Portfolio, Transaction
from portfolio.shard_trader import ShardTrader
from portfolio.tests.factories import market_make
from tradingplatform.db.shards import shard_aliases
from tradingplatform.ids import uuid7
from tradingplatform.services import override_services
from tradingplatform.services.cache import MemoryCache

pytestmark = pytest.mark.django_db(databases="__all__")

URL = "/api/portfolio/portfolios"
ORDER = {
    "client_order_id": "o-1",
    "symbol": "005930",
    "side": "BUY",
    "order_type": "LIMIT",
    "quantity": "10",
    "limit_price": "70000",
    "time_in_force": "DAY",
}
CASH = {"kind": "DEPOSIT", "currency": "KRW", "amount": "1"}


@pytest.fixture
def investor(signed_in) -> Client:
    market_make()
    return signed_in("jimin")


@pytest.fixture
def path(investor) -> str:
    body = {
        "name": "Long term",
        "base_currency": "KRW",
        "broker": "PAPER",
        "initial_cash": {"KRW": "10000000", "USD": "1000.50"},
    }
    return f"{URL}/{_post(investor, URL, body).json()['id']}"


def _post(client: Client, url: str, body: Any, **headers: str):
    return client.post(url, data=body, content_type="application/json", headers=headers)


def _patch(client: Client, url: str, body: Any):
    return client.patch(url, data=body, content_type="application/json")


def _trade(epoch: int = 1) -> None:
    for alias in shard_aliases():
        trader = ShardTrader(alias, PaperBroker(), epoch, threading.Event())
        trader.take_over()
        trader.turn()


def _rows() -> tuple[int, ...]:
    """Count what a refused request must not have changed."""
    models = (Portfolio, Order, Transaction)
    counts = [m.objects.using(a).count() for m in models for a in shard_aliases()]
    reserved = [
        int(cash.reserved) for a in shard_aliases() for cash in CashBalance.objects.using(a).all()
    ]
    return (*counts, *reserved)


def _keys(serializer: type) -> set[str]:
    return set(serializer().fields)


def test_opening_a_portfolio(investor):
    body = {"name": "First", "base_currency": "KRW", "initial_cash": "5000000"}
    answer = _post(investor, URL, body)
    assert answer.status_code == 201
    opened = answer.json()
    assert set(opened) == _keys(serializers.PortfolioOutput)
    assert opened["broker"] == "PAPER"
    assert opened["cash"] == {
        "KRW": {"balance": "5000000", "reserved": "0", "available": "5000000"}
    }
    assert (opened["market_value"], opened["equity"]) == ("0", "5000000")
    assert investor.get(f"{URL}/{opened['id']}").json()["id"] == opened["id"]
    listed = investor.get(URL).json()
    assert [row["id"] for row in listed["results"]] == [opened["id"]]
    assert listed["next"] is None


def test_an_order_from_placing_to_its_postings(investor, path):
    placed = _post(investor, f"{path}/orders", ORDER | {"limit_price": "71100"})
    assert placed.status_code == 201
    order = placed.json()
    assert set(order) == _keys(serializers.OrderOutput)
    assert (order["status"], order["filled_quantity"]) == ("NEW", "0")
    assert order["average_fill_price"] is None
    _trade()

    filled = investor.get(f"{path}/orders/{order['id']}").json()
    assert set(filled) == _keys(serializers.OrderDetailOutput)
    assert (filled["status"], filled["average_fill_price"]) == ("FILLED", "71100")
    assert set(filled["fills"][0]) == _keys(serializers.FillOutput)
    assert filled["fills"][0]["fee"] == "106"

    position = investor.get(f"{path}/positions").json()["results"][0]
    assert set(position) == _keys(serializers.PositionOutput)
    assert (position["cost_basis"], position["average_cost"]) == ("711106", "71110.6")
    assert position["unrealized_pnl"] == "-1106"
    assert position["unrealized_return"] == pytest.approx(-1106 / 711106)

    entries = investor.get(f"{path}/transactions").json()["results"]
    assert [entry["kind"] for entry in entries] == ["BUY", "DEPOSIT", "DEPOSIT"]
    assert set(entries[0]) == _keys(serializers.TransactionOutput)
    assert {(p["account"], p["amount"]) for p in entries[0]["postings"]} == {
        ("cash:KRW", "-711106"),
        ("position:005930", "711106"),
    }
    assert entries[0]["order_id"] == order["id"]


def test_cancel_and_replace(investor, path):
    order = _post(investor, f"{path}/orders", ORDER).json()
    _trade()
    changed = _patch(investor, f"{path}/orders/{order['id']}", {"limit_price": "69900"})
    assert (changed.status_code, changed.json()["limit_price"]) == (200, "69900")
    canceled = investor.delete(f"{path}/orders/{order['id']}")
    assert (canceled.status_code, canceled.json()["status"]) == (202, "PENDING_CANCEL")
    _trade(epoch=2)
    assert investor.get(f"{path}/orders/{order['id']}").json()["status"] == "CANCELED"
    for answer in (
        investor.delete(f"{path}/orders/{order['id']}"),
        _patch(investor, f"{path}/orders/{order['id']}", {"quantity": "1"}),
    ):
        assert (answer.status_code, answer.json()["errorCode"]) == (409, "ORDER_STATE_CONFLICT")


def test_orders_are_listed_by_status_in_pages(investor, path):
    ids = [
        _post(investor, f"{path}/orders", ORDER | {"client_order_id": f"o-{n}"}).json()["id"]
        for n in range(3)
    ]
    investor.delete(f"{path}/orders/{ids[1]}")
    listed = investor.get(f"{path}/orders?status=OPEN").json()["results"]
    assert [row["id"] for row in listed] == [ids[2], ids[0]]
    page = investor.get(f"{path}/orders?limit=2").json()
    assert [row["id"] for row in page["results"]] == [ids[2], ids[1]]
    rest = investor.get(page["next"]).json()
    assert [row["id"] for row in rest["results"]] == [ids[0]]
    assert investor.get(f"{path}/orders?status=NOPE").status_code == 400


def test_cash_moves(investor, path):
    little = {"kind": "DEPOSIT", "currency": "USD", "amount": "9.50"}
    paid = _post(investor, f"{path}/cash", little, **{"Idempotency-Key": "in"})
    assert (paid.status_code, paid.json()["balance"]) == (201, "1010")
    much = {"kind": "WITHDRAWAL", "currency": "USD", "amount": "1010.01"}
    refused = _post(investor, f"{path}/cash", much, **{"Idempotency-Key": "out"})
    assert (refused.status_code, refused.json()["errorCode"]) == (422, "INSUFFICIENT_CASH")
    assert refused.json()["details"] == {
        "required": "1010.01",
        "available": "1010",
        "currency": "USD",
    }


def test_cash_does_not_move_without_a_key(investor, path):
    before = _rows()
    body = {"kind": "DEPOSIT", "currency": "USD", "amount": "9.50"}
    refused = _post(investor, f"{path}/cash", body)
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")
    assert _rows() == before


def test_rename_and_close(investor, path):
    assert _patch(investor, path, {"name": "New"}).json()["name"] == "New"
    assert investor.delete(path).status_code == 204
    closed = _post(investor, f"{path}/orders", ORDER)
    assert (closed.status_code, closed.json()["errorCode"]) == (409, "PORTFOLIO_CLOSED")
    assert investor.get(path).json()["status"] == "CLOSED"


def test_the_same_key_is_the_same_order(investor, path):
    first = _post(investor, f"{path}/orders", ORDER, **{"Idempotency-Key": "k"})
    again = _post(investor, f"{path}/orders", ORDER, **{"Idempotency-Key": "k"})
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = _post(
        investor, f"{path}/orders", ORDER | {"quantity": "11"}, **{"Idempotency-Key": "k"}
    )
    assert other.status_code == 422
    twice = _post(investor, f"{path}/orders", ORDER, **{"Idempotency-Key": "another"})
    assert (twice.status_code, twice.json()["errorCode"]) == (409, "ORDER_DUPLICATE")
    assert twice.json()["details"] == {"order_id": first.json()["id"]}
    assert len(investor.get(f"{path}/orders").json()["results"]) == 1


BAD_ORDERS = [
    ("unknown symbol", {"symbol": "NOPE"}, 404, "SYMBOL_UNKNOWN"),
    ("off tick", {"limit_price": "70050"}, 422, "PRICE_OFF_TICK"),
    ("out of band", {"limit_price": "100000"}, 422, "PRICE_OUT_OF_BAND"),
    ("off lot", {"quantity": "1.5"}, 422, "QUANTITY_OFF_LOT"),
    ("too large", {"quantity": "1000001"}, 422, "ORDER_TOO_LARGE"),
    ("too little cash", {"quantity": "1000"}, 422, "INSUFFICIENT_CASH"),
    ("too few shares", {"side": "SELL"}, 422, "INSUFFICIENT_SHARES"),
    ("limit missing", {"limit_price": None}, 422, "ORDER_TERMS_INVALID"),
    ("limit on market", {"order_type": "MARKET"}, 422, "ORDER_TERMS_INVALID"),
    ("zero", {"quantity": "0"}, 400, "INVALID_INPUT"),
    ("negative", {"quantity": "-1"}, 400, "INVALID_INPUT"),
    ("nan", {"quantity": "NaN"}, 400, "INVALID_INPUT"),
    ("infinity", {"quantity": "Infinity"}, 400, "INVALID_INPUT"),
    ("exponent", {"quantity": "1e3"}, 400, "INVALID_INPUT"),
    ("huge", {"quantity": "9" * 19}, 400, "INVALID_INPUT"),
    ("very huge", {"quantity": "9" * 5000}, 400, "INVALID_INPUT"),
    ("fine", {"quantity": "1.000000001"}, 400, "INVALID_INPUT"),
    ("float", {"quantity": 10.0}, 400, "INVALID_INPUT"),
    ("boolean", {"quantity": True}, 400, "INVALID_INPUT"),
    ("list", {"quantity": ["10"]}, 400, "INVALID_INPUT"),
    ("other digits", {"quantity": "\uff11\uff10"}, 400, "INVALID_INPUT"),
    ("empty", {"quantity": ""}, 400, "INVALID_INPUT"),
    ("missing", {"quantity": None}, 400, "INVALID_INPUT"),
    ("fine price", {"limit_price": "70000.0000001"}, 400, "INVALID_INPUT"),
    ("side", {"side": "HOLD"}, 400, "INVALID_INPUT"),
    ("type", {"order_type": "STOP"}, 400, "INVALID_INPUT"),
    ("stop price", {"stop_price": "1"}, 400, "INVALID_INPUT"),
    ("time in force", {"time_in_force": "GTD"}, 400, "INVALID_INPUT"),
    ("client id", {"client_order_id": "a b"}, 400, "INVALID_INPUT"),
    ("client id newline", {"client_order_id": "a\nb"}, 400, "INVALID_INPUT"),
    ("long client id", {"client_order_id": "x" * 65}, 400, "INVALID_INPUT"),
    ("symbol type", {"symbol": {"$gt": ""}}, 400, "INVALID_INPUT"),
    ("symbol nul", {"symbol": "A\x00"}, 400, "INVALID_INPUT"),
]


@pytest.mark.parametrize(("_case", "change", "status", "code"), BAD_ORDERS)
def test_bad_orders_get_their_error_and_change_nothing(investor, path, _case, change, status, code):
    before = _rows()
    answer = _post(investor, f"{path}/orders", ORDER | change)
    body = answer.json()
    assert (answer.status_code, body["errorCode"]) == (status, code), body
    assert body["message"]
    assert body["sequence"] == 0
    assert _rows() == before


@pytest.mark.parametrize("body", ["[]", '"x"', "1", "null", "{", "", "[" * 5000, '{"a": NaN}'])
def test_bodies_that_are_no_order(investor, path, body):
    before = _rows()
    answer = investor.post(f"{path}/orders", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert _rows() == before


@pytest.mark.parametrize(
    ("_case", "change", "status", "code"),
    [
        ("currency", {"base_currency": "EUR"}, 422, "CURRENCY_UNSUPPORTED"),
        ("cash currency", {"initial_cash": {"EUR": "1"}}, 422, "CURRENCY_UNSUPPORTED"),
        ("half a won", {"initial_cash": "0.5"}, 422, "AMOUNT_INVALID"),
        ("too much", {"initial_cash": "999999999999999999"}, 422, "AMOUNT_INVALID"),
        ("exponent", {"initial_cash": "1e6"}, 400, "INVALID_INPUT"),
        ("negative", {"initial_cash": "-1"}, 400, "INVALID_INPUT"),
        ("nan", {"initial_cash": {"KRW": "NaN"}}, 400, "INVALID_INPUT"),
        ("nested", {"initial_cash": {"KRW": {"KRW": "1"}}}, 400, "INVALID_INPUT"),
        ("list", {"initial_cash": [1]}, 400, "INVALID_INPUT"),
        ("name", {"name": "x" * 81}, 400, "INVALID_INPUT"),
        ("no name", {"name": " "}, 400, "INVALID_INPUT"),
        ("broker", {"broker": "ROBINHOOD"}, 400, "INVALID_INPUT"),
        ("live", {"broker": "KIS"}, 501, "BROKER_NOT_CONFIGURED"),
    ],
)
def test_portfolios_that_cannot_be_opened(investor, _case, change, status, code):
    body = {"name": "x", "base_currency": "KRW", "initial_cash": "1000"}
    before = _rows()
    answer = _post(investor, URL, body | change)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code), answer.json()
    assert _rows() == before


@pytest.mark.parametrize("change", [{}, {"quantity": "0"}, {"limit_price": "1e5"}, []])
def test_bad_replacements(investor, path, change):
    order = _post(investor, f"{path}/orders", ORDER).json()
    before = _rows()
    assert _patch(investor, f"{path}/orders/{order['id']}", change).status_code == 400
    assert _rows() == before


def test_what_belongs_to_somebody_else_does_not_exist(investor, path, signed_in):
    order = _post(investor, f"{path}/orders", ORDER).json()
    stranger = signed_in("daniel")
    before = _rows()
    for url in (path, f"{URL}/{uuid7()}"):
        answers = [
            stranger.get(url),
            _patch(stranger, url, {"name": "mine"}),
            stranger.delete(url),
            stranger.get(f"{url}/orders"),
            _post(stranger, f"{url}/orders", ORDER),
            stranger.get(f"{url}/positions"),
            stranger.get(f"{url}/transactions"),
            _post(stranger, f"{url}/cash", CASH, **{"Idempotency-Key": "k"}),
            stranger.get(f"{url}/orders/{order['id']}"),
            _patch(stranger, f"{url}/orders/{order['id']}", {"quantity": "1"}),
            stranger.delete(f"{url}/orders/{order['id']}"),
        ]
        assert {answer.status_code for answer in answers} == {404}
        bodies = [answer.json() for answer in answers]
        assert {b["errorCode"] for b in bodies} <= {"PORTFOLIO_NOT_FOUND", "ORDER_NOT_FOUND"}
    assert stranger.get(URL).json()["results"] == []
    assert _rows() == before


def test_nobody_is_let_in_without_a_token(path):
    anonymous = Client(raise_request_exception=False)
    assert anonymous.get(path).status_code == 401
    assert _post(anonymous, f"{path}/orders", ORDER).status_code == 401


def _queries(call) -> int:
    captured = [CaptureQueriesContext(connections[alias]) for alias in shard_aliases()]
    for context in captured:
        context.__enter__()
    call()
    for context in captured:
        context.__exit__(None, None, None)
    return sum(len(context) for context in captured)


@pytest.mark.parametrize(
    ("suffix", "budget"),
    [("", 3), ("/orders", 2), ("/positions", 3), ("/transactions", 3)],
)
def test_reads_keep_to_their_query_budget(investor, path, suffix, budget):
    for number in range(4):
        _post(
            investor,
            f"{path}/orders",
            ORDER | {"limit_price": "71100", "client_order_id": f"q-{number}"},
        )
    _trade()
    assert _queries(lambda: investor.get(f"{path}{suffix}")) == budget


def test_placing_keeps_to_its_query_budget(investor, path):
    _post(investor, f"{path}/orders", ORDER)
    headers = {"Idempotency-Key": "k"}
    body = ORDER | {"client_order_id": "o-2"}
    # 2 idempotency, 2 portfolio with its cash, 1 order, 3 outbox, 4 savepoints.
    assert _queries(lambda: _post(investor, f"{path}/orders", body, **headers)) == 12


class WatchedCache(MemoryCache):
    """Notes which calls come while a transaction is open."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[bool] = []

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        shards = [connections[alias].in_atomic_block for alias in shard_aliases()]
        self.asked.append(any(shards))
        return super().get_many(keys)


@pytest.mark.django_db(databases="__all__", transaction=True)
@pytest.mark.parametrize("more", [{"Idempotency-Key": "k"}, {}])
def test_no_quote_is_read_while_rows_are_locked(signed_in, more):
    cache = WatchedCache()
    with override_services(cache=cache):
        client = signed_in("jimin")
        market_make()
        body = {"name": "x", "base_currency": "KRW", "initial_cash": "10000000"}
        url = f"{URL}/{_post(client, URL, body, **more).json()['id']}"
        first = _post(client, f"{url}/orders", ORDER | {"limit_price": "71100"})
        _trade()
        cache.asked.clear()
        second = _post(client, f"{url}/orders", ORDER | {"client_order_id": "o-2"}, **more)
        paid = _post(client, f"{url}/cash", CASH, **{"Idempotency-Key": "cash"})
    assert [answer.status_code for answer in (first, second, paid)] == [201, 201, 201]
    assert len(cache.asked) >= 2
    assert not any(cache.asked)


@pytest.mark.parametrize("change", [{"asset_type": "INDEX"}, {"is_active": False}])
def test_an_index_or_a_delisted_instrument_takes_no_orders(investor, path, change):
    Instrument.objects.filter(symbol="005930").update(**change)
    before = investor.get(path).json()["cash"]

    answer = _post(investor, f"{path}/orders", ORDER)

    assert (answer.status_code, answer.json()["errorCode"]) == (409, "INSTRUMENT_NOT_TRADABLE")
    assert investor.get(path).json()["cash"] == before
    assert investor.get(f"{path}/orders").json()["results"] == []
