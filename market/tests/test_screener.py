"""Screens: filters over live prices, quick for many instruments."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from market.errors import ScreenInvalidError
from market.models import Instrument
from market.panel import Panel
from market.screens import FIELDS, screen_parse, screen_run
from market.services import features_refresh
from market.tests.factories import (
    bars_make,
    quote_make,
    quoted_make,
)
from tests.query_budget import query_budget
from tradingplatform.clock import now

pytestmark = pytest.mark.django_db(databases="__all__")
URL = "/api/market/screener"


def _post(client: Any, url: str, body: Any) -> Any:
    return client.post(url, data=body, content_type="application/json")


def _symbols(answer: Any) -> list[str]:
    return [row["symbol"] for row in answer.json()["results"]]


def _screened(client: Any, filters: list[Any], sort: str = "-value", **paging: int) -> Any:
    return _post(client, URL, {"definition": {"filters": filters, "sort": sort}, **paging})


def test_screens_filter_sort_and_page_by_live_prices(client):
    for symbol, price in (("AAPL", "110"), ("MSFT", "90"), ("KO", "105"), ("005930", "101")):
        quoted_make(symbol, price, sector="TECH" if symbol != "KO" else "DRINKS")
    Instrument.objects.filter(symbol="MSFT").update(industry="Software - Infrastructure")
    software = {"field": "industry", "op": "eq", "value": "Software - Infrastructure"}
    tech = {"field": "sector", "op": "eq", "value": "TECH"}
    rising = {"field": "change_rate", "op": "gt", "value": 0}

    with query_budget("market:screener (POST)"):
        both = _screened(client, [tech, rising], "change_rate")
    paged = _screened(client, [], "-change_rate", limit=2, offset=1)
    between = _screened(client, [{"field": "price", "op": "between", "value": [100, 105]}], "price")
    words = _screened(client, [{"field": "exchange", "op": "in", "value": ["KRX", "NYSE"]}])

    assert _symbols(both) == ["005930", "AAPL"]
    assert (_symbols(paged), paged.json()["next_offset"]) == (["KO", "005930"], 3)
    assert (paged.json()["total"], paged.json()["screened"]) == (4, 4)
    assert _symbols(between) == ["005930", "KO"]
    (infrastructure,) = _screened(client, [software]).json()["results"]
    assert (infrastructure["symbol"], infrastructure["sector"]) == ("MSFT", "TECH")
    assert sorted(_symbols(words)) == ["005930", "KO"]
    assert both.json()["results"][1]["change_rate"] == 0.1
    assert both.json()["sources"] == ["SAMPLE"]


def test_returns_move_with_the_live_price(client):
    today = now().date()
    apple = quoted_make("AAPL", "150", base="120")
    bars_make(apple, today - timedelta(days=40), ["100"] * 39 + ["120"])
    features_refresh()

    (row,) = _screened(client, [{"field": "return_5d", "op": "gt", "value": 0.4}]).json()["results"]

    assert row["return_5d"] == pytest.approx(0.5)
    assert row["sma_20_distance"] == pytest.approx(150 / 101 - 1)
    assert (row["return_1y"], row["high_distance"]) == (None, None)


def test_what_no_source_tells_is_left_out_and_counted(client):
    quoted_make("AAPL", "150"), quoted_make("KO", "90")
    cheap = {"field": "price_to_earnings", "op": "lt", "value": 10}

    answer = _screened(client, [cheap]).json()
    fields = {one["field"]: one for one in client.get(URL).json()["results"]}

    assert (answer["total"], answer["results"]) == (0, [])
    assert answer["left_out"] == [
        {"field": "price_to_earnings", "instruments": 2, "status": "UNAVAILABLE"}
    ]
    assert fields["price_to_earnings"]["status"] == "UNAVAILABLE"
    assert fields["price"]["status"] == "AVAILABLE"
    assert fields["exchange"]["values"] == ["NASDAQ", "NYSE"]
    assert set(fields) == set(FIELDS)


@pytest.mark.parametrize(
    "definition",
    [
        {"filters": {}},
        {"filters": [1]},
        {"filters": [{}]},
        {"filters": [{"field": "price", "op": "gt"}]},
        {"filters": [{"field": "instrument__symbol", "op": "eq", "value": "A"}]},
        {"filters": [{"field": "price", "op": "eq", "value": 1}]},
        {"filters": [{"field": "price", "op": "gt", "value": "1"}]},
        {"filters": [{"field": "price", "op": "gt", "value": True}]},
        {"filters": [{"field": "price", "op": "gt", "value": 1e300}]},
        {"filters": [{"field": "price", "op": "between", "value": [1]}]},
        {"filters": [{"field": "price", "op": ["gt"], "value": 1}]},
        {"filters": [{"field": "sector", "op": "gt", "value": "A"}]},
        {"filters": [{"field": "sector", "op": "eq", "value": ["A", "B"]}]},
        {"filters": [{"field": "sector", "op": "in", "value": []}]},
        {"filters": [{"field": "price", "op": "gt", "value": 1}] * 21},
        {"sort": "hope"},
        {"sort": 1},
        {"where": "1=1"},
    ],
)
def test_a_wrong_screen_is_refused_by_name(client, definition):
    answer = _post(client, URL, {"definition": definition})

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "SCREEN_INVALID")
    assert "part" in answer.json()["details"]
    with pytest.raises(ScreenInvalidError):
        screen_parse(definition)


def test_three_thousand_instruments_are_filtered_like_one_at_a_time():
    random = np.random.default_rng(1)
    size = 3000
    instruments = [Instrument(symbol=f"S{at:04}", exchange="KRX") for at in range(size)]
    quotes = [quote_make(one) for one in instruments[:1]] * size
    numbers = {name: random.normal(0, 1, size) for name in FIELDS}
    numbers["rsi"][::7] = np.nan
    panel = Panel(datetime(2026, 1, 1, tzinfo=UTC), None, instruments, quotes, numbers)
    definition = {
        "filters": [
            {"field": "rsi", "op": "lt", "value": 0.5},
            {"field": "value", "op": "between", "value": [-1, 1]},
        ],
        "sort": "-rsi",
    }

    found = screen_run(screen_parse(definition), panel)

    expected = [
        at for at in range(size) if numbers["rsi"][at] < 0.5 and -1 <= numbers["value"][at] <= 1
    ]
    assert found.places.tolist() == sorted(expected, key=lambda at: -numbers["rsi"][at])
    assert found.left_out == {"rsi": len(range(0, size, 7))}


def test_indices_pass_no_screen(client, indices_and_a_stock):
    found = _screened(client, [])
    fields = client.get(URL).json()["results"]

    assert (_symbols(found), found.json()["screened"]) == (["AAPL"], 1)
    [types] = [one["values"] for one in fields if one["field"] == "asset_type"]
    assert types == ["STOCK"]
