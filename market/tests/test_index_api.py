"""An index is an instrument like others, which is watched and not traded."""

from datetime import date

import pytest

from market.enums import AssetType
from market.tests.factories import bars_make, instrument_make, quote_put

pytestmark = pytest.mark.django_db(databases="__all__")

WATCHLISTS = "/api/market/watchlists"


@pytest.fixture
def index():
    made = instrument_make("KR30", exchange="KRX", currency="KRW", asset_type=AssetType.INDEX)
    bars_make(made, date(2026, 9, 1), [f"{1000 + day}.25" for day in range(30)])
    quote_put(made, "1031.5", base_price="1029.25", bid=None, ask=None)
    return made


def test_quote_of_an_index_has_the_fields_of_any_quote(client, index):
    stock = quote_put(instrument_make("AAPL"), "100")

    answer = client.get("/api/market/quotes", {"symbols": "KR30,AAPL"}).json()["results"]

    told, other = answer
    assert told.keys() == other.keys()
    assert (told["price"], told["change"], told["bid"], told["ask"]) == (
        "1031.5",
        "2.25",
        None,
        None,
    )
    assert (told["source"], other["symbol"]) == ("SAMPLE", stock.symbol)


def test_bars_and_indicators_of_an_index(client, index):
    bars = client.get("/api/market/bars/KR30", {"limit": 2}).json()
    found = client.get("/api/market/indicators/KR30", {"indicators": "rsi", "limit": 1})

    assert [bar["close"] for bar in bars["results"]] == ["1028.25", "1029.25"]
    assert (bars["source"], bars["results"][0]["time"]) == ("SAMPLE", "2026-09-29")
    assert found.status_code == 200


def test_an_index_is_found_and_said_to_be_untradable(client, index):
    [row] = client.get("/api/market/instruments", {"asset_type": "INDEX"}).json()["results"]

    assert (row["symbol"], row["is_tradable"], row["asset_type"]) == ("KR30", False, "INDEX")


def test_an_index_goes_on_a_watchlist(signed_in, index):
    jimin = signed_in("jimin")
    made = jimin.post(WATCHLISTS, data={"name": "Levels"}, content_type="application/json").json()

    added = jimin.post(
        f"{WATCHLISTS}/{made['id']}/items", data={"symbol": "KR30"}, content_type="application/json"
    )

    assert added.status_code == 201
    assert [item["symbol"] for item in added.json()["items"]] == ["KR30"]
