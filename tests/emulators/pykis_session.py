"""A session of python-kis, unmodified, as a program of its own: what it saw goes into a file.

Its hosts are constants; they are set before use and nothing else is touched.
"""

import json
import sys
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pykis
import pykis.client.websocket
import pykis.kis
from pykis import PyKis

EVENTS_S = 20


def main(given: dict[str, Any]) -> dict[str, Any]:
    pykis.kis.REAL_DOMAIN = given["rest"]
    pykis.client.websocket.WEBSOCKET_REAL_DOMAIN = given["ws"]
    kis = PyKis(
        id=given["hts_id"],
        account=given["account"],
        appkey=given["app_key"],
        secretkey=given["app_secret"],
        keep_token=False,
    )
    stock = kis.stock(given["symbol"])
    return {
        "token": kis.token.token,
        "name": stock.name,
        "quote": _quote(stock.quote()),
        "us_quote": _quote(kis.stock(given["us_symbol"]).quote()),
        "bars": _bars(stock, given["today"]),
        "book": [str(stock.orderbook().asks[0].price), str(stock.orderbook().bids[0].price)],
        "minutes": [[str(bar.close), bar.volume] for bar in stock.day_chart().bars],
        "balance": _balance(kis),
        **_live(kis, stock, date.fromisoformat(given["today"])),
    }


def _quote(quote: Any) -> list[str]:
    return [str(quote.price), str(quote.open), str(quote.volume), str(quote.change)]


def _bars(stock: Any, today: str) -> list[list[Any]]:
    last = date.fromisoformat(today)
    # More than a page, so that its paging is put to the test.
    bars = stock.daily_chart(start=last - timedelta(days=220), end=last).bars
    return [
        [f"{bar.time:%Y%m%d}", str(int(bar.open)), str(int(bar.close)), bar.volume] for bar in bars
    ]


def _balance(kis: Any) -> dict[str, Any]:
    balance = kis.account().balance()
    deposits = {currency: str(d.amount) for currency, d in balance.deposits.items()}
    stocks = {s.symbol: [str(s.quantity), str(s.purchase_amount)] for s in balance.stocks}
    return {"deposits": deposits, "stocks": stocks}


def _live(kis: Any, stock: Any, today: date) -> dict[str, Any]:
    """Follow trades and own fills until the emulator has sent what it was asked for."""
    trades: list[list[Any]] = []
    fills: list[list[str]] = []
    seen = {"trades": threading.Event(), "fills": threading.Event()}

    def on_trade(_: Any, event: Any) -> None:
        price = event.response
        trades.append([str(price.price), price.volume])
        if len(trades) == 4:
            seen["trades"].set()

    def on_fill(_: Any, event: Any) -> None:
        fill = event.response
        fills.append([fill.symbol, str(fill.executed_quantity), str(fill.price)])
        if len(fills) == 3:
            seen["fills"].set()

    # Both tickets must be held: pykis unsubscribes when one is forgotten.
    tickets = [stock.on("price", on_trade), kis.account().on("execution", on_fill)]
    complete = seen["trades"].wait(EVENTS_S)
    order = stock.buy(price=given_price(stock), qty=3)
    complete = seen["fills"].wait(EVENTS_S) and complete
    orders = kis.account().daily_orders(start=today).orders
    listed = [[o.number, str(o.executed_quantity)] for o in orders if o.number == order.number]
    for ticket in tickets:
        ticket.unsubscribe()
    return {"complete": complete, "trades": trades, "fills": fills, "order": order.number,
            "orders": listed}  # fmt: skip


def given_price(stock: Any) -> Any:
    """Order at the best ask, so that the order is filled at once."""
    return stock.orderbook().asks[0].price


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    # Not on standard output: the client's threads log there.
    Path(asked["answer"]).write_text(json.dumps(main(asked)))
