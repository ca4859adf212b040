from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from rest_framework.test import APIClient

from market.enums import generated_mask
from market.tests.factories import bar_make, bars_make, instrument_make, quote_put
from tests.query_budget import query_budget
from tradingplatform.clock import now

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def client():
    return APIClient()


def test_instruments_are_found_with_the_rules_that_apply(client):
    instrument_make("AAPL")
    instrument_make("005930", base_price="70000", sector="TECHNOLOGY")

    answer = client.get("/api/market/instruments", {"search": "삼성"})

    assert answer.status_code == 200
    assert answer.json() == {
        "results": [
            {
                "symbol": "005930",
                "name": "Samsung Electronics",
                "name_en": "Samsung Electronics",
                "name_ko": "삼성전자",
                "exchange": "KRX",
                "currency": "KRW",
                "asset_type": "STOCK",
                "sector": "TECHNOLOGY",
                "market_segment": "",
                "industry": None,
                "sector_source": None,
                "isin": "",
                "is_nxt_tradable": None,
                "is_tradable": True,
                "listed_date": None,
                "delisted_date": None,
                "tick_size": "100",
                "lot_size": 1,
                "base_price": "70000",
                "price_band": {"low": "49000", "high": "91000"},
                "source": "SAMPLE",
            }
        ],
        "next": None,
    }


def test_instrument_without_a_price_has_no_tick_yet(client):
    instrument_make("AAPL")

    answer = client.get("/api/market/instruments/aapl").json()

    assert (answer["symbol"], answer["tick_size"], answer["price_band"]) == ("AAPL", None, None)


def test_instruments_come_in_pages(client):
    for symbol in ("AAPL", "MSFT", "KO"):
        instrument_make(symbol)

    with query_budget("market:instruments"):
        first = client.get("/api/market/instruments", {"limit": 2}).json()
    second = client.get(first["next"]).json()

    assert [row["symbol"] for row in first["results"]] == ["AAPL", "KO"]
    assert [row["symbol"] for row in second["results"]] == ["MSFT"]
    assert second["next"] is None


def test_quotes(client):
    with time_machine.travel(now(), tick=False) as clock:
        quote_put(instrument_make("AAPL"), "251.07", base_price="250")
        quote_put(instrument_make("005930"), "70100", base_price="70000")
        clock.shift(3)
        with query_budget("market:quotes"):
            answer = client.get("/api/market/quotes", {"symbols": "005930, aapl"})

    samsung, apple = answer.json()["results"]
    assert (samsung["symbol"], samsung["price"], samsung["ask"]) == ("005930", "70100", "70200")
    assert (apple["price"], apple["bid"], apple["ask"]) == ("251.07", "251.07", "251.08")
    assert (apple["change"], apple["change_rate"], apple["volume"]) == ("1.07", 0.00428, 1_000_000)
    assert (apple["source"], apple["currency"], apple["base_price"]) == ("SAMPLE", "USD", "250")
    assert apple["age_ms"] == 3000
    assert datetime.fromisoformat(apple["exchange_time"]).tzinfo is not None


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("symbols=NOPE", 404, "SYMBOL_UNKNOWN"),
        ("symbols=AAPL", 503, "QUOTE_UNAVAILABLE"),
        ("", 400, "INVALID_INPUT"),
        ("symbols=,", 400, "INVALID_INPUT"),
        ("symbols=" + "A," * 201, 400, "INVALID_INPUT"),
        ("symbols=" + "A" * 17, 400, "INVALID_INPUT"),
        ("symbols=A%00", 400, "INVALID_INPUT"),
    ],
)
def test_bad_quote_requests(client, query, status, code):
    instrument_make("AAPL")

    answer = client.get(f"/api/market/quotes?{query}")

    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)


def test_bars_say_which_figures_are_generated_and_from_when(client):
    apple = instrument_make("AAPL")
    real = generated_mask("open", "high", "low", "volume")
    bar_make(apple, date(2022, 12, 27), "129.801", generated_mask=real)
    bar_make(apple, date(2022, 12, 28), "125.674", generated_mask=real, volume=7)
    bar_make(apple, date(2022, 12, 29), "126")

    answer = client.get(
        "/api/market/bars/AAPL",
        {"interval": "1d", "start": "2022-12-27", "end": "2022-12-29"},
    ).json()

    assert answer["results"][1] == {
        "time": "2022-12-28",
        "open": "125.674",
        "high": "125.674",
        "low": "125.674",
        "close": "125.674",
        "volume": 7,
    }
    assert (answer["symbol"], answer["interval"], answer["currency"]) == ("AAPL", "1d", "USD")
    assert (answer["source"], answer["next"]) == ("SAMPLE", None)
    assert answer["generated_fields"] == ["open", "high", "low", "close", "volume"]
    assert answer["generated"] == [
        {
            "start": "2022-12-27",
            "end": "2022-12-28",
            "generated_fields": ["open", "high", "low", "volume"],
        },
        {
            "start": "2022-12-29",
            "end": "2022-12-29",
            "generated_fields": ["open", "high", "low", "close", "volume"],
        },
    ]


def test_intraday_bars_carry_instants(client):
    samsung = instrument_make("005930")
    bar_make(samsung, datetime(2026, 11, 23, 0, 7, tzinfo=UTC), "70000", interval="1m")

    answer = client.get("/api/market/bars/005930?interval=5m").json()

    assert answer["results"][0]["time"] == "2026-11-23T00:05:00+00:00"
    assert answer["results"][0]["close"] == "70000"


@pytest.mark.parametrize("interval", ["1d", "1w", "1m"])
@pytest.mark.parametrize("start", ["2026-01-01", None])
def test_pages_of_bars_join_without_gap_or_repeat(client, interval, start):
    apple = instrument_make("AAPL")
    if interval == "1m":
        for minute in range(7):
            at = datetime(2026, 1, 5, 15, minute, tzinfo=UTC)
            bar_make(apple, at, str(minute + 1), interval="1m")
    else:
        bars_make(apple, date(2026, 1, 5), [str(price) for price in range(1, 50)])
    query = {"interval": interval, "limit": 3} | ({"start": start} if start else {})
    whole = client.get("/api/market/bars/AAPL", query | {"limit": 1000}).json()["results"]

    pages, url = [], f"/api/market/bars/AAPL?{'&'.join(f'{k}={v}' for k, v in query.items())}"
    while url:
        page = client.get(url).json()
        pages.append(page["results"])
        url = page["next"]

    ordered = pages if start else pages[::-1]
    assert [bar for page in ordered for bar in page] == whole
    assert len(pages) > 2


def test_next_keeps_the_other_parameters(client):
    bars_make(instrument_make("AAPL"), date(2026, 1, 1), ["1", "2", "3"])

    url = client.get("/api/market/bars/AAPL?interval=1d&start=2026-01-01&limit=2").json()["next"]

    assert parse_qs(urlsplit(url).query) == {
        "interval": ["1d"],
        "start": ["2026-01-03"],
        "limit": ["2"],
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("interval=2d", "BAR_RANGE_INVALID"),
        ("start=2020-02-30", "INVALID_INPUT"),
        ("start=yesterday", "INVALID_INPUT"),
        ("start=0001-01-01T00:00:00%2B14:00", "INVALID_INPUT"),
        ("start=0001-01-01", "BAR_RANGE_INVALID"),
        ("end=9999-12-31", "BAR_RANGE_INVALID"),
        ("start=2020-02-02&end=2020-01-01", "BAR_RANGE_INVALID"),
        ("limit=0", "BAR_RANGE_INVALID"),
        ("limit=10001", "BAR_RANGE_INVALID"),
        ("limit=x", "INVALID_INPUT"),
        ("limit=1e9", "INVALID_INPUT"),
    ],
)
def test_bad_bar_requests(client, query, code):
    instrument_make("AAPL")

    answer = client.get(f"/api/market/bars/AAPL?{query}")

    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)


def test_bars_of_an_unknown_symbol(client):
    answer = client.get("/api/market/bars/NOPE")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, "SYMBOL_UNKNOWN")


def test_query_budgets(client):
    for symbol in ("AAPL", "MSFT", "KO"):
        bars_make(instrument_make(symbol), date(2026, 1, 1), ["1", "2"])

    with query_budget("market:bars"):
        client.get("/api/market/bars/AAPL")
    with query_budget("market:instrument"):
        client.get("/api/market/instruments/AAPL")
    with query_budget("market:quotes (before the feed has spoken)"):
        answer = client.get("/api/market/quotes?symbols=AAPL,MSFT,KO")
    assert [row["price"] for row in answer.json()["results"]] == ["2", "2", "2"]


@pytest.mark.parametrize(
    "path", ["instruments", "instruments/AAPL", "quotes?symbols=AAPL", "bars/AAPL", "overview"]
)
def test_anonymous_callers_only_where_the_operator_allows_it(client, settings, path):
    quote_put(instrument_make("AAPL"))
    assert client.get(f"/api/market/{path}").status_code == 200

    settings.MARKET_ANONYMOUS = False
    answer = client.get(f"/api/market/{path}")

    assert answer.status_code == 401
    assert answer.json()["errorCode"] == "AUTHENTICATION_REQUIRED"


@pytest.mark.parametrize("path", ["instruments", "quotes", "bars/AAPL", "overview"])
def test_nothing_can_be_written(client, path):
    answer = client.post(f"/api/market/{path}", {})

    assert answer.status_code in {403, 405}


def test_calendar_tells_days_sessions_and_what_runs_now(client, time_machine):
    time_machine.move_to(datetime(2026, 11, 19, 7, 0, tzinfo=UTC), tick=False)
    query = {"exchange": "KRX", "start": "2026-11-19", "end": "2026-11-21"}

    with query_budget("market:calendar"):
        answer = client.get("/api/market/calendar", query).json()

    assert (answer["timezone"], answer["is_open"]) == ("Asia/Seoul", True)
    assert answer["session"] == {
        "name": "REGULAR",
        "starts_at": "2026-11-19T01:00:00+00:00",
        "ends_at": "2026-11-19T07:20:00+00:00",
        "is_regular": True,
    }
    assert answer["next_open"] == "2026-11-20T00:00:00+00:00"
    assert answer["next_close"] == "2026-11-19T07:30:00+00:00"
    assert [(row["date"], row["kind"]) for row in answer["days"]] == [
        ("2026-11-19", "SPECIAL_HOURS"),
        ("2026-11-20", "REGULAR"),
        ("2026-11-21", "WEEKEND"),
    ]
    assert answer["days"][0]["reason"] == "College entrance exam"
    assert answer["days"][2]["sessions"] == []


def test_calendar_begins_today_on_the_exchange(client, time_machine):
    time_machine.move_to(datetime(2026, 11, 20, 2, 0, tzinfo=UTC), tick=False)

    days = client.get("/api/market/calendar?exchange=NYSE").json()["days"]

    assert (days[0]["date"], days[-1]["date"]) == ("2026-11-19", "2026-12-19")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "INVALID_INPUT"),
        ("exchange=LSE", "INVALID_INPUT"),
        ("exchange=KRX&start=x", "INVALID_INPUT"),
        ("exchange=KRX&start=2026-02-02&end=2026-02-01", "CALENDAR_RANGE_INVALID"),
        ("exchange=KRX&start=2024-01-01&end=2026-01-01", "CALENDAR_RANGE_INVALID"),
        ("exchange=KRX&start=1989-01-01", "CALENDAR_RANGE_INVALID"),
        ("exchange=KRX&end=9999-12-31", "CALENDAR_RANGE_INVALID"),
        ("exchange=KRX&start=9999-12-31", "CALENDAR_RANGE_INVALID"),
    ],
)
def test_bad_calendar_requests(client, query, code):
    answer = client.get(f"/api/market/calendar?{query}")

    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)


def test_instruments_are_found_by_initials_isin_type_and_venue(client):
    instrument_make("005930", initials_ko="ㅅㅅㅈㅈ", isin="KR7005930003", is_nxt_tradable=True)
    instrument_make("AAPL", initials_ko="ㅇㅍ")
    instrument_make("KODEX", exchange="KRX", asset_type="ETF")

    def found(**query):
        rows = client.get("/api/market/instruments", query).json()["results"]
        return [row["symbol"] for row in rows]

    assert found(search="ㅅㅈㅈ") == ["005930"]
    assert found(search="kr7005930003") == ["005930"]
    assert found(exchange="NXT") == ["005930"]
    assert found(asset_type="ETF") == ["KODEX"]


def test_delisted_instruments_are_found_when_asked_for_and_marked(client):
    instrument_make("KO", is_active=False, delisted_date=date(2026, 1, 5))

    assert client.get("/api/market/instruments").json()["results"] == []
    rows = client.get("/api/market/instruments?delisted=true").json()["results"]
    one = client.get("/api/market/instruments/KO").json()

    assert [(row["symbol"], row["is_tradable"]) for row in rows] == [("KO", False)]
    assert (one["delisted_date"], one["is_tradable"]) == ("2026-01-05", False)
