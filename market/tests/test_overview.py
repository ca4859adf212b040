"""The overview: what moved, from one panel that callers share."""

import threading
from datetime import timedelta

import pytest

from market import panel as panels
from market.panel import Panel, panel_get
from market.services import features_refresh
from market.tests.factories import (
    bars_make,
    instrument_make,
    quoted_make,
)
from tests.query_budget import query_budget
from tradingplatform.clock import now

pytestmark = pytest.mark.django_db(databases="__all__")


def test_overview_ranks_what_moved(client):
    quoted_make("AAPL", "101", sector="TECH")
    quoted_make("MSFT", "97", volume=500, sector="TECH")
    quoted_make("KO", "100", volume=1, sector="DRINKS")
    quoted_make("005930", "103", sector="TECH")
    instrument_make("NONE")

    with query_budget("market:overview"):
        answer = client.get("/api/market/overview", {"limit": 1}).json()

    assert [row["symbol"] for row in answer["gainers"]] == ["005930"]
    assert [row["symbol"] for row in answer["losers"]] == ["MSFT"]
    assert [row["symbol"] for row in answer["most_active"]] == ["005930", "MSFT"]
    assert [row["symbol"] for row in answer["most_volume"]] == ["MSFT"]
    assert answer["breadth"] == {
        "advancing": 2,
        "declining": 1,
        "unchanged": 1,
        "new_highs": 0,
        "new_lows": 0,
        "ranged": 0,
    }
    assert [one["exchange"] for one in answer["exchanges"]] == ["KRX", "NASDAQ", "NYSE"]
    assert (answer["sources"], answer["indices"]) == (["SAMPLE"], [])
    assert answer["gainers"][0]["change_rate"] == 0.03
    nasdaq = answer["sectors"][1]
    assert (nasdaq["exchange"], nasdaq["name"], nasdaq["instruments"]) == ("NASDAQ", "TECH", 2)
    assert nasdaq["change_rate"] == -0.01
    assert nasdaq["weighted_change_rate"] == pytest.approx(
        (0.01 * 1010 - 0.03 * 48500) / (1010 + 48500), abs=1e-6
    )


def test_overview_of_one_exchange(client):
    quoted_make("AAPL", "101")
    quoted_make("005930", "103")

    answer = client.get("/api/market/overview?exchange=KRX").json()

    assert [row["symbol"] for row in answer["gainers"]] == ["005930"]
    assert [one["exchange"] for one in answer["exchanges"]] == ["KRX"]


def test_overview_of_an_empty_market(client):
    answer = client.get("/api/market/overview").json()

    assert (answer["gainers"], answer["sectors"], answer["exchanges"]) == ([], [], [])
    assert answer["breadth"]["advancing"] == 0


def test_new_highs_and_lows_need_a_year_of_bars(client):
    today = now().date()
    old, young = quoted_make("AAPL", "120"), quoted_make("KO", "120")
    bars_make(old, today - timedelta(days=400), ["110"] * 400)
    bars_make(young, today - timedelta(days=30), ["110"] * 30)
    features_refresh()

    breadth = client.get("/api/market/overview").json()["breadth"]

    assert (breadth["new_highs"], breadth["new_lows"], breadth["ranged"]) == (1, 0, 1)


def test_callers_share_one_panel_while_it_is_young(settings, monkeypatch):
    settings.MARKET_PANEL_S = 60.0
    kept = panels._Kept(panels.panel_read)
    monkeypatch.setattr(panels, "_kept", kept)
    quoted_make("AAPL", "101")
    found: list[Panel] = []
    threads = [threading.Thread(target=lambda: found.append(kept.get(60.0))) for _ in range(3)]
    first = panel_get()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(one is first for one in found)
    assert panel_get() is first
    settings.MARKET_PANEL_S = 0.0
    assert panel_get() is not first


def test_indices_are_shown_and_ranked_nowhere(client, indices_and_a_stock):
    answer = client.get("/api/market/overview").json()

    assert [row["symbol"] for row in answer["indices"]] == ["KR30", "US20"]
    assert answer["indices"][0]["change_rate"] == 0.03
    for ranking in ("gainers", "losers", "most_active", "most_volume"):
        assert {row["symbol"] for row in answer[ranking]} <= {"AAPL"}
    assert answer["breadth"]["advancing"] == 1
    assert [one["exchange"] for one in answer["exchanges"]] == ["NASDAQ"]


@pytest.mark.parametrize(
    ("exchange", "symbols"), [("KRX", ["KR30"]), ("NASDAQ", ["US20"]), ("AMEX", ["US20"])]
)
def test_overview_of_an_exchange_has_the_indices_of_its_market(
    client, indices_and_a_stock, exchange, symbols
):
    answer = client.get("/api/market/overview", {"exchange": exchange}).json()

    assert [row["symbol"] for row in answer["indices"]] == symbols
