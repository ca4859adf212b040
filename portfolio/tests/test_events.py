"""What the sockets were told adds up to what REST shows, for every action."""

import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from portfolio.brokers.paper import PaperBroker
from portfolio.payloads import order_payload, portfolio_payload, position_payload
from portfolio.selectors import orders_get, portfolio_summary, positions_get
from portfolio.services import cash_move, order_cancel, order_replace
from portfolio.shard_trader import ShardTrader
from portfolio.tests.factories import JIMIN, order_make
from tradingplatform.db.outbox import stream_events_since, stream_head
from tradingplatform.db.shards import shard_for

if TYPE_CHECKING:
    from portfolio.models import Order

pytestmark = pytest.mark.django_db(databases="__all__")


class Screen:
    """What a client knows: a snapshot, then every message applied to it."""

    def __init__(self, portfolio):
        self.portfolio = portfolio
        self.state = self.snapshot()
        self.epoch, self.seq = stream_head(JIMIN, "user")

    def snapshot(self) -> dict[str, Any]:
        terms = {"account_db_key": JIMIN, "portfolio_id": self.portfolio.pk}
        shown = portfolio_payload(portfolio_summary(**terms))
        del shown["as_of"]
        return {
            "orders": {str(o.pk): order_payload(o) for o in orders_get(**terms)},
            "positions": {
                p.symbol: _without_weight(position_payload(p)) for p in positions_get(**terms)
            },
            "portfolio": shown,
        }

    def catch_up(self) -> None:
        for frame in stream_events_since(JIMIN, "user", self.epoch, self.seq) or []:
            assert (frame["type"], frame["seq"]) == ("portfolio", self.seq + 1)
            self.seq = frame["seq"]
            self._apply(frame["data"])

    def _apply(self, data: dict[str, Any]) -> None:
        assert data["portfolio_id"] == str(self.portfolio.pk)
        if data["kind"] == "order":
            self.state["orders"][data["order"]["id"]] = data["order"]
            if data["order"]["side"] == "BUY":
                cash = dict(data["cash"])
                self.state["portfolio"]["cash"][cash.pop("currency")] = cash
            else:
                held = dict(data["held"])
                self.state["positions"].get(held.pop("symbol"), {}).update(held)
        elif data["kind"] == "position":
            position = _without_weight(data["position"])
            self.state["positions"].pop(position["symbol"], None)
            if position["quantity"] != "0":
                self.state["positions"][position["symbol"]] = position
        elif data["kind"] == "equity":
            self.state["portfolio"] = {k: v for k, v in data["equity"].items() if k != "as_of"}


def _without_weight(position: dict[str, Any]) -> dict[str, Any]:
    # A weight is a ratio of two figures the client has; it moves with every quote.
    return {name: value for name, value in position.items() if name != "weight"}


def test_snapshot_and_messages_make_the_next_snapshot(portfolio):
    screen = Screen(portfolio)
    trader = ShardTrader(shard_for(JIMIN), PaperBroker(), 1, threading.Event())
    trader.take_over()
    orders: dict[str, Order] = {}
    terms = {"account_db_key": JIMIN, "portfolio_id": portfolio.pk}
    actions = [
        lambda: orders.update(a=order_make(portfolio, limit_price="60000")),
        lambda: orders.update(b=order_make(portfolio, quantity="5")),
        trader.turn,
        lambda: order_replace(order_id=orders["a"].pk, quantity=Decimal(3), **terms),
        lambda: order_make(portfolio, "AAPL", quantity="2"),
        trader.turn,
        lambda: cash_move(kind="DEPOSIT", currency="USD", amount=Decimal(5), **terms),
        lambda: order_cancel(order_id=orders["a"].pk, **terms),
        trader.turn,
        lambda: order_make(portfolio, "AAPL", side="SELL", quantity="2"),
        trader.turn,
        lambda: order_make(portfolio, time_in_force="IOC", limit_price="60000"),
        trader.turn,
    ]
    for action in actions:
        action()
        screen.catch_up()
        assert screen.state == screen.snapshot()
    assert set(screen.state["positions"]) == {"005930"}
    assert len(screen.state["orders"]) == 5
