"""Every rule of FMP that the emulator keeps."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from tests.emulators.fmp import FmpEmulator, running_fmp_emulator

pytestmark = pytest.mark.embedded

# A Wednesday, 11:00 in New York.
MORNING = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)


@pytest.fixture
def emulator() -> Iterator[FmpEmulator]:
    with running_fmp_emulator() as emulator:
        emulator.clock.hold(MORNING)
        yield emulator


def _get(emulator: FmpEmulator, path: str, **query: Any) -> httpx2.Response:
    params = {"apikey": emulator.api_key, **query}
    return httpx2.get(f"{emulator.url}/stable/{path}", params=params, timeout=5)


def _rows(emulator: FmpEmulator, path: str, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _get(emulator, path, **query).raise_for_status().json()
    return rows


@pytest.mark.parametrize("key", ["", "nonsense"])
def test_a_bad_key_is_refused(emulator: FmpEmulator, key: str) -> None:
    answer = _get(emulator, "quote", symbol="AAPL", apikey=key)

    assert answer.status_code == 401
    assert answer.json()["Error Message"].startswith("Invalid API KEY.")


def test_the_key_may_come_in_a_header(emulator: FmpEmulator) -> None:
    answer = httpx2.get(
        f"{emulator.url}/stable/quote",
        params={"symbol": "AAPL"},
        headers={"apikey": emulator.api_key},
        timeout=5,
    )

    assert answer.json()[0]["symbol"] == "AAPL"


def test_legacy_paths_are_refused(emulator: FmpEmulator) -> None:
    answer = httpx2.get(f"{emulator.url}/api/v3/quote/AAPL", timeout=5)

    assert answer.status_code == 403
    assert answer.json()["Error Message"].startswith("Legacy Endpoint :")


@pytest.mark.parametrize(
    ("plan", "limit", "length_s"), [("FREE", 250, 86400), ("STARTER", 300, 60)]
)
def test_calls_are_limited_by_plan(plan: str, limit: int, length_s: int) -> None:
    with running_fmp_emulator(plan=plan) as emulator, httpx2.Client(base_url=emulator.url) as http:
        emulator.clock.hold(MORNING)
        params = {"symbol": "AAPL", "apikey": emulator.api_key}
        codes = [http.get("/stable/quote", params=params).status_code for _ in range(limit + 1)]
        emulator.clock.advance(seconds=length_s)
        after = http.get("/stable/quote", params=params).status_code

    assert codes == [*[200] * limit, 429]
    assert after == 200


def test_a_small_plan_lacks_special_endpoints() -> None:
    with running_fmp_emulator(plan="FREE") as emulator:
        answer = _get(emulator, "batch-quote", symbols="AAPL,KO")

    assert answer.status_code == 402
    assert answer.text.startswith("Premium Query Parameter:")


def test_a_quote_is_that_of_the_last_trade(emulator: FmpEmulator) -> None:
    emulator.trade("AAPL", "190.12", 5)

    (row,) = _rows(emulator, "quote", symbol="AAPL")

    assert (row["price"], row["change"], row["volume"]) == (190.12, 0.28, 5)
    assert (row["previousClose"], row["exchange"]) == (189.84, "NASDAQ")
    assert row["timestamp"] == int(MORNING.timestamp())
    assert row["name"].endswith("EMU")


def test_several_quotes_leave_unknown_symbols_out(emulator: FmpEmulator) -> None:
    rows = _rows(emulator, "batch-quote", symbols="AAPL,NOPE,KO,005930.KS")

    assert [row["symbol"] for row in rows] == ["AAPL", "KO", "005930.KS"]


@pytest.mark.parametrize(
    "path",
    [
        "quote", "historical-price-eod/full", "historical-price-eod/light",
        "historical-chart/5min", "profile", "income-statement", "ratios", "key-metrics-ttm",
    ],
)  # fmt: skip
def test_an_unknown_symbol_is_an_empty_list(emulator: FmpEmulator, path: str) -> None:
    assert _rows(emulator, path, symbol="NOPE") == []


@pytest.mark.parametrize(
    "path", ["quote", "profile", "search-symbol", "sector-performance-snapshot"]
)
def test_a_missing_parameter_is_named(emulator: FmpEmulator, path: str) -> None:
    answer = _get(emulator, path)

    assert answer.status_code == 400
    assert "Invalid or missing query parameter" in answer.json()["Error Message"]


def test_daily_prices_are_the_market_s_newest_first(emulator: FmpEmulator) -> None:
    emulator.trade("AAPL", "190.12", 5)
    history = emulator.market.history("AAPL")

    rows = _rows(emulator, "historical-price-eod/full", symbol="AAPL", **{"from": "2026-11-02"})
    light = _rows(emulator, "historical-price-eod/light", symbol="AAPL", to="2026-11-24")

    assert [row["date"] for row in rows[:2]] == ["2026-11-25", "2026-11-24"]
    assert rows[0]["close"] == 190.12
    assert rows[-1]["date"] == "2026-11-02"
    assert (light[0]["price"], light[0]["volume"]) == (189.84, history[-1].volume)
    assert len(light) == len(history)


def test_intraday_bars_add_up_to_the_day(emulator: FmpEmulator) -> None:
    bar = emulator.market.history("AAPL")[-1]
    day = bar.day.isoformat()

    for interval, count in (("1min", 390), ("5min", 78), ("1hour", 7), ("4hour", 2)):
        rows = _rows(
            emulator, f"historical-chart/{interval}", symbol="AAPL", to=day, **{"from": day}
        )
        assert len(rows) == count
        assert rows[-1]["date"] == f"{day} 09:30:00"
        assert sum(row["volume"] for row in rows) == bar.volume
        assert max(row["high"] for row in rows) == float(bar.high)
        assert rows[0]["close"] == float(bar.close)


def test_statements_balance_and_ratios_follow_from_them(emulator: FmpEmulator) -> None:
    income = _rows(emulator, "income-statement", symbol="AAPL", limit=3)
    balance = _rows(emulator, "balance-sheet-statement", symbol="AAPL", limit=3)
    ratios = _rows(emulator, "ratios", symbol="AAPL", limit=3)
    metrics = _rows(emulator, "key-metrics", symbol="AAPL", limit=3)

    assert [row["fiscalYear"] for row in income] == ["2025", "2024", "2023"]
    for inc, bal, rat, met in zip(income, balance, ratios, metrics, strict=True):
        assert bal["totalAssets"] == bal["totalLiabilities"] + bal["totalEquity"]
        assert inc["grossProfit"] - inc["operatingExpenses"] == inc["operatingIncome"]
        assert rat["netProfitMargin"] == round(inc["netIncome"] / inc["revenue"], 4)
        assert rat["debtToEquityRatio"] == round(bal["totalDebt"] / bal["totalEquity"], 4)
        assert met["returnOnEquity"] == round(inc["netIncome"] / bal["totalEquity"], 4)
        assert met["enterpriseValue"] == pytest.approx(met["marketCap"] + bal["netDebt"], rel=1e-9)


def test_quarters_and_funds(emulator: FmpEmulator) -> None:
    quarters = _rows(emulator, "income-statement", symbol="AAPL", period="quarter", limit=5)

    assert [row["period"] for row in quarters] == ["Q3", "Q2", "Q1", "Q4", "Q3"]
    assert quarters[0]["date"] == "2026-09-30"
    assert _rows(emulator, "income-statement", symbol="SPY") == []
    assert _rows(emulator, "profile", symbol="SPY")[0]["isEtf"] is True


def test_search_and_screener(emulator: FmpEmulator) -> None:
    emulator.trade("KO", "62.40", 500)

    assert [r["symbol"] for r in _rows(emulator, "search-symbol", query="aa")] == ["AAPL"]
    assert [r["symbol"] for r in _rows(emulator, "search-name", query="samsung e")] == ["005930.KS"]
    cheap = _rows(emulator, "company-screener", priceLowerThan=100, exchange="NYSE")
    assert [row["symbol"] for row in cheap] == ["KO"]
    assert _rows(emulator, "company-screener", volumeMoreThan=400)[0]["symbol"] == "KO"
    assert _get(emulator, "company-screener", priceMoreThan="x").status_code == 400


def test_news_come_in_pages_and_are_labelled(emulator: FmpEmulator) -> None:
    first = _rows(emulator, "news/stock", symbols="AAPL", limit=5)
    second = _rows(emulator, "news/stock", symbols="AAPL", limit=5, page=1)

    days = [row["publishedDate"] for row in (*first, *second)]
    assert len(set(days)) == 10
    assert days == sorted(days, reverse=True)
    assert all(row["title"].startswith("[EMU]") for row in (*first, *second))
    assert _rows(emulator, "news/general-latest")[0]["symbol"] is None


def test_movers_are_ordered(emulator: FmpEmulator) -> None:
    emulator.trade("KO", "70.00", 10)
    emulator.trade("IBM", "150.00", 90)

    assert _rows(emulator, "biggest-gainers")[0]["symbol"] == "KO"
    assert _rows(emulator, "biggest-losers")[0]["symbol"] == "IBM"
    assert _rows(emulator, "most-actives")[0]["symbol"] == "IBM"


def test_the_economy(emulator: FmpEmulator) -> None:
    week = {"from": "2026-11-16", "to": "2026-11-20"}
    rates = _rows(emulator, "treasury-rates", **week)
    calendar = _rows(emulator, "economic-calendar", **{"from": "2026-11-01", "to": "2026-12-20"})

    assert [row["date"] for row in rates] == [f"2026-11-{day}" for day in (20, 19, 18, 17, 16)]
    assert {"month1", "year10", "year30"} <= set(rates[0])
    out = [row for row in calendar if row["date"] < "2026-11-26"]
    coming = [row for row in calendar if row["date"] >= "2026-11-26"]
    assert all(row["actual"] is not None for row in out)
    assert coming
    assert all(row["actual"] is None for row in coming)
    assert _rows(emulator, "market-risk-premium")[0]["totalEquityRiskPremium"] == 4.33
    span = {"from": "2026-01-01", "to": "2026-12-31"}
    assert _get(emulator, "economic-calendar", **span).status_code == 400
    assert _get(emulator, "economic-indicators", name="nothing").status_code == 400
    assert _rows(emulator, "economic-indicators", name="CPI")[0]["date"] == "2026-11-01"


@pytest.mark.parametrize(("status", "text"), [(429, "Limit Reach"), (500, "emulated")])
def test_errors_can_be_switched_on(emulator: FmpEmulator, status: int, text: str) -> None:
    emulator.misbehave("error", status=status, times=1, path="quote")

    answer = _get(emulator, "quote", symbol="AAPL")

    assert answer.status_code == status
    assert answer.json()["Error Message"].startswith(text)
    assert _get(emulator, "quote", symbol="AAPL").status_code == 200


def test_connections_can_be_cut(emulator: FmpEmulator) -> None:
    emulator.misbehave("cut", times=1)

    with pytest.raises(httpx2.RemoteProtocolError):
        _get(emulator, "quote", symbol="AAPL")

    assert _get(emulator, "quote", symbol="AAPL").status_code == 200


def test_the_log_holds_calls_without_keys(emulator: FmpEmulator) -> None:
    _get(emulator, "quote", symbol="AAPL")

    shown = httpx2.get(f"{emulator.url}/__truth", params={"kind": "call"}, timeout=5)

    (entry,) = shown.json()["entries"]
    assert (entry["path"], entry["query"]) == ("/stable/quote", {"symbol": "AAPL"})
    assert emulator.api_key not in shown.text


def test_both_emulators_can_tell_one_truth() -> None:
    from tests.emulators.kis import running_kis_emulator

    with running_kis_emulator() as kis, running_fmp_emulator(market=kis.market) as fmp:
        kis.trade("AAPL", "191.00", 7)

        assert _rows(fmp, "quote", symbol="AAPL")[0]["price"] == 191
