"""Overview, figures of instruments and screens: computed, never invented, quick for many."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from market import panel as panels
from market.enums import ActionKind, Source
from market.errors import ScreenInvalidError
from market.exporters import market_rows
from market.feature_models import InstrumentFeatures, SavedScreen
from market.features import BARS_USED, BarTable, features_of
from market.models import Bar, CorporateAction, Instrument
from market.panel import Panel, panel_get
from market.screens import FIELDS, screen_parse, screen_run
from market.services import features_refresh, screen_save, screens_forget
from market.tasks import features_ensure, refresh
from market.tests.factories import bars_make, instrument_make, quote_make, quote_put
from quant import indicators
from tests.query_budget import query_budget
from tradingplatform.clock import now
from tradingplatform.db.shards import shard_aliases
from tradingplatform.ids import uuid7

pytestmark = pytest.mark.django_db(databases="__all__")

URL = "/api/market/screener"
JIMIN = 7


def _post(client: Any, url: str, body: Any) -> Any:
    return client.post(url, data=body, content_type="application/json")


def _quoted(
    symbol: str, price: str, *, base: str = "100", volume: int = 10, **more: Any
) -> Instrument:
    instrument = instrument_make(symbol, **more)
    quote_put(instrument, price, base_price=base, volume=volume)
    return instrument


def _symbols(answer: Any) -> list[str]:
    return [row["symbol"] for row in answer.json()["results"]]


def _screened(client: Any, filters: list[Any], sort: str = "-value", **paging: int) -> Any:
    return _post(client, URL, {"definition": {"filters": filters, "sort": sort}, **paging})


def test_overview_ranks_what_moved(client):
    _quoted("AAPL", "101", sector="TECH")
    _quoted("MSFT", "97", volume=500, sector="TECH")
    _quoted("KO", "100", volume=1, sector="DRINKS")
    _quoted("005930", "103", sector="TECH")
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
    _quoted("AAPL", "101")
    _quoted("005930", "103")

    answer = client.get("/api/market/overview?exchange=KRX").json()

    assert [row["symbol"] for row in answer["gainers"]] == ["005930"]
    assert [one["exchange"] for one in answer["exchanges"]] == ["KRX"]


def test_overview_of_an_empty_market(client):
    answer = client.get("/api/market/overview").json()

    assert (answer["gainers"], answer["sectors"], answer["exchanges"]) == ([], [], [])
    assert answer["breadth"]["advancing"] == 0


def test_new_highs_and_lows_need_a_year_of_bars(client):
    today = now().date()
    old, young = _quoted("AAPL", "120"), _quoted("KO", "120")
    bars_make(old, today - timedelta(days=400), ["110"] * 400)
    bars_make(young, today - timedelta(days=30), ["110"] * 30)
    features_refresh()

    breadth = client.get("/api/market/overview").json()["breadth"]

    assert (breadth["new_highs"], breadth["new_lows"], breadth["ranged"]) == (1, 0, 1)


def test_callers_share_one_panel_while_it_is_young(settings, monkeypatch):
    settings.MARKET_PANEL_S = 60.0
    kept = panels._Kept(panels.panel_read)
    monkeypatch.setattr(panels, "_kept", kept)
    _quoted("AAPL", "101")
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


def _table(n_rows: int, n_bars: int, seed: int = 2) -> BarTable:
    random = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(random.normal(0, 0.02, (n_rows, n_bars)), axis=1))
    last = (date(2026, 3, 31) - date(1970, 1, 1)).days
    days = np.tile(np.arange(last - n_bars + 1, last + 1), (n_rows, 1))
    volumes = random.integers(1, 1000, (n_rows, n_bars)).astype(float)
    return BarTable(days, closes * 1.01, closes * 0.99, closes, volumes)


def test_figures_are_those_of_the_bars():
    table = _table(3, BARS_USED)
    columns = features_of(table).columns

    for row in range(3):
        closes = table.closes[row]
        by_day = dict(zip(table.days[row].tolist(), closes, strict=True))
        number = {
            name: (date(*on) - date(1970, 1, 1)).days
            for name, on in {
                "close_1m": (2026, 2, 28),
                "close_3m": (2025, 12, 31),
                "close_6m": (2025, 9, 30),
                "close_1y": (2025, 3, 31),
                "close_ytd": (2025, 12, 31),
            }.items()
        }
        assert {name: columns[name][row] for name in number} == {
            name: by_day[day] for name, day in number.items()
        }
        assert columns["close_5d"][row] == closes[-6]
        assert columns["high_52w"][row] == pytest.approx(table.highs[row, -365:].max())
        assert columns["low_52w"][row] == pytest.approx(table.lows[row, -365:].min())
        assert columns["sma_60"][row] == pytest.approx(closes[-60:].mean())
        assert columns["volatility_60d"][row] == pytest.approx(
            np.diff(np.log(closes[-61:])).std(ddof=1) * np.sqrt(252)
        )
        assert columns["rsi_14"][row] == indicators.relative_strength_index(closes)[-1]
        macd = indicators.moving_average_convergence_divergence(closes).histogram
        assert columns["macd_histogram"][row] == macd[-1]
        assert columns["macd_histogram_before"][row] == macd[-2]


def test_a_young_instrument_has_no_figure_that_its_bars_do_not_give():
    table = _table(1, 30)
    padded = BarTable(
        np.concatenate([np.zeros((1, 370), dtype=np.int64), table.days], axis=1),
        *(
            np.concatenate([np.full((1, 370), np.nan), column], axis=1)
            for column in (table.highs, table.lows, table.closes, table.volumes)
        ),
    )
    columns = features_of(padded).columns

    known = {name for name, column in columns.items() if np.isfinite(column[0])}
    assert known == {"close_5d", "sma_20", "volume_20d", "rsi_14", "atr_14"}


def test_the_job_stores_figures_once_per_instrument_and_forgets_what_left():
    today = now().date()
    apple = instrument_make("AAPL")
    bars_make(apple, today - timedelta(days=40), [str(100 + day % 7) for day in range(40)])
    instrument_make("KO")

    refresh()
    first = InstrumentFeatures.objects.get()
    refresh()
    second = InstrumentFeatures.objects.get()

    assert (first.instrument_id, first.session) == (apple.pk, today - timedelta(days=1))
    assert (first.source, first.close_1y, first.high_52w) == ("SAMPLE", None, None)
    assert second.rsi_14 == first.rsi_14 is not None
    Instrument.objects.update(is_active=False)
    assert features_refresh() == 0
    assert not InstrumentFeatures.objects.exists()


def test_a_split_is_no_loss():
    today = now().date()
    apple = instrument_make("AAPL")
    bars_make(apple, today - timedelta(days=30), ["200"] * 20 + ["100"] * 10)
    # The sample market tells prices that are adjusted already.
    Bar.objects.update(source=Source.CSV)
    CorporateAction.objects.create(
        instrument=apple,
        kind=ActionKind.SPLIT,
        ex_date=today - timedelta(days=10),
        ratio=Decimal(2),
        source=Source.CSV,
    )

    features_refresh()
    row = InstrumentFeatures.objects.get()

    assert (row.close_5d, row.sma_20) == (100.0, 100.0)
    assert row.volume_20d == pytest.approx((10 * 2000 + 10 * 1000) / 20)


def test_screens_filter_sort_and_page_by_live_prices(client):
    for symbol, price in (("AAPL", "110"), ("MSFT", "90"), ("KO", "105"), ("005930", "101")):
        _quoted(symbol, price, sector="TECH" if symbol != "KO" else "DRINKS")
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
    apple = _quoted("AAPL", "150", base="120")
    bars_make(apple, today - timedelta(days=40), ["100"] * 39 + ["120"])
    features_refresh()

    (row,) = _screened(client, [{"field": "return_5d", "op": "gt", "value": 0.4}]).json()["results"]

    assert row["return_5d"] == pytest.approx(0.5)
    assert row["sma_20_distance"] == pytest.approx(150 / 101 - 1)
    assert (row["return_1y"], row["high_distance"]) == (None, None)


def test_what_no_source_tells_is_left_out_and_counted(client):
    _quoted("AAPL", "150"), _quoted("KO", "90")
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


def _saved() -> list[tuple[Any, ...]]:
    return [
        row
        for alias in shard_aliases()
        for row in SavedScreen.objects.using(alias).values_list("name", "definition")
    ]


SAVED = {"name": "Cheap", "definition": {"filters": [], "sort": "-volume"}}


def test_screens_are_saved_changed_and_deleted(signed_in):
    jimin = signed_in("jimin")
    made = _post(jimin, f"{URL}/screens", SAVED)
    path = f"{URL}/screens/{made.json()['id']}"

    changed = jimin.patch(path, data={"name": "Loud"}, content_type="application/json").json()
    with query_budget("market:screens"):
        listed = jimin.get(f"{URL}/screens").json()

    assert made.status_code == 201
    assert (changed["name"], changed["definition"]) == ("Loud", SAVED["definition"])
    assert listed["results"] == [changed]
    assert jimin.get(path).json() == changed
    assert jimin.delete(path).status_code == 204
    assert _saved() == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (SAVED | {"definition": {"sort": "hope"}}, 400, "SCREEN_INVALID"),
        (SAVED | {"name": ""}, 400, "INVALID_INPUT"),
        ({"name": "x"}, 400, "INVALID_INPUT"),
        (SAVED, 422, "SCREEN_LIMIT_REACHED"),
    ],
)
def test_a_refused_screen_is_not_saved(signed_in, settings, body, status, code):
    settings.SCREENS_PER_USER = 0

    answer = _post(signed_in("jimin"), f"{URL}/screens", body)

    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
    assert _saved() == []


def test_nobody_reaches_the_screen_of_somebody_else(signed_in):
    jimin, daniel = signed_in("jimin"), signed_in("daniel")
    path = f"{URL}/screens/{_post(jimin, f'{URL}/screens', SAVED).json()['id']}"
    before = _saved()

    answers = [
        daniel.get(path),
        daniel.patch(path, data={"name": "Mine"}, content_type="application/json"),
        daniel.delete(path),
        jimin.get(f"{URL}/screens/{uuid7()}"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["errorCode"] for answer in answers} == {"SCREEN_NOT_FOUND"}
    assert daniel.get(f"{URL}/screens").json()["results"] == []
    assert _saved() == before


def test_a_copy_of_the_data_holds_the_screens_and_closing_deletes_them():
    screen_save(account_db_key=JIMIN, name="Cheap", definition={"sort": "price"})

    rows = market_rows(JIMIN)["saved_screens"]
    screens_forget(JIMIN)

    assert [row["name"] for row in rows] == ["Cheap"]
    assert _saved() == []


def _indexed() -> None:
    _quoted("AAPL", "101", sector="TECH")
    _quoted("KR30", "1030", base="1000", exchange="KRX", currency="KRW", asset_type="INDEX")
    _quoted("US20", "990", base="1000", exchange="NYSE", asset_type="INDEX", volume=10**9)


def test_indices_are_shown_and_ranked_nowhere(client):
    _indexed()

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
def test_overview_of_an_exchange_has_the_indices_of_its_market(client, exchange, symbols):
    _indexed()

    answer = client.get("/api/market/overview", {"exchange": exchange}).json()

    assert [row["symbol"] for row in answer["indices"]] == symbols


def test_indices_pass_no_screen(client):
    _indexed()

    found = _screened(client, [])
    fields = client.get(URL).json()["results"]

    assert (_symbols(found), found.json()["screened"]) == (["AAPL"], 1)
    [types] = [one["values"] for one in fields if one["field"] == "asset_type"]
    assert types == ["STOCK"]


def test_a_worker_has_figures_computed_at_its_start_where_there_are_none(monkeypatch, settings):
    asked: list[str] = []
    monkeypatch.setattr("market.tasks.enqueue", asked.append)
    bars_make(instrument_make("AAPL"), date(2026, 11, 2), ["100", "101"])

    features_ensure()
    assert asked == ["market.features_refresh"]

    features_refresh()
    features_ensure()
    assert asked == ["market.features_refresh"]
    assert "market.tasks.features_ensure" in settings.WARM_UPS["bulk"]
