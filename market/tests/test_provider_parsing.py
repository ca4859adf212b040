"""What KIS and FMP say, as our types; whatever they say, only one error comes out."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.errors import ProviderAnswerError
from market.providers import values
from market.providers.base import Asset
from market.providers.fmp import parsing as fmp
from market.providers.kis import parsing as kis
from market.providers.kis.stream import topic_of, trade_of
from market.ticks import DayFigures
from market.types import BookLevel

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SAMSUNG = Asset("005930", "KRX", "KRW")
APPLE = Asset("AAPL", "NASDAQ", "USD")
KOSPI = Asset("KOSPI", "KRX", "KRW", "INDEX")
PRICE_KR = {
    "stck_prpr": "259500",
    "prdy_vrss": "-9500",
    "acml_vol": "12345678",
    "stck_oprc": "265000",
    "stck_hgpr": "266000",
    "stck_lwpr": "258000",
    "stck_sdpr": "269000",
    "a_field_of_tomorrow": {"x": [1]},
}


def seconds(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]


def test_a_korean_quote() -> None:
    quote = kis.quote_kr({"output": PRICE_KR}, SAMSUNG, AT)

    assert (quote.price, quote.currency, quote.source) == (Decimal(259500), "KRW", "KIS")
    assert (quote.as_of, quote.traded_at, quote.bid) == (AT, None, None)
    assert quote.day.volume == 12345678
    day = (quote.day.open, quote.day.high, quote.day.low, quote.day.base_price)
    assert day == (Decimal(265000), Decimal(266000), Decimal(258000), Decimal(269000))


def test_a_us_quote_before_the_first_trade_of_the_day() -> None:
    row = {"rsym": "DNASAAPL", "base": "229.87", "last": "229.8700", "tvol": "0", "diff": "0.00"}

    quote = kis.quote_us({"output": row}, APPLE, AT)

    assert (quote.price, quote.day.base_price, quote.day.open) == (
        Decimal("229.87"),
        Decimal("229.87"),
        None,
    )


def test_an_order_book_leaves_empty_levels_out() -> None:
    row = {f"{side}{place}": "0" for side in ("askp", "bidp") for place in range(1, 11)}
    row |= {"askp1": "259500", "askp_rsqn1": "100", "askp2": "260000", "askp_rsqn2": "7"}
    row |= {"bidp1": "259000", "bidp_rsqn1": "50"}

    book = kis.book_kr({"output1": row}, SAMSUNG, AT)

    assert book.asks == (BookLevel(Decimal(259500), 100), BookLevel(Decimal(260000), 7))
    assert book.bids == (BookLevel(Decimal(259000), 50),)


def day_kr(day: str, close: str, **changes: str) -> dict[str, str]:
    figures = {"stck_oprc": "100", "stck_hgpr": "120", "stck_lwpr": "90", "acml_vol": "5"}
    return {"stck_bsop_date": day, "stck_clpr": close, **figures, **changes}


def test_daily_bars_come_oldest_first_and_once() -> None:
    newest = day_kr("20261120", "110")
    told = kis.daily_bars_kr({"output2": [newest, newest, day_kr("20261119", "99"), {}]})
    bars = values.bar_arrays(told)

    assert bars.times.tolist() == [seconds(2026, 11, 19), seconds(2026, 11, 20)]
    assert bars.closes.tolist() == [99_000_000, 110_000_000]
    assert bars.masks.tolist() == [0, 0]


def test_of_two_bars_of_one_day_nobody_knows_which_is_right() -> None:
    told = kis.daily_bars_kr({"output2": [day_kr("20261120", "110"), day_kr("20261120", "111")]})

    with pytest.raises(ProviderAnswerError):
        values.bar_arrays(told)


def test_a_halted_day_has_a_place_in_the_list_but_no_bar() -> None:
    nothing = dict.fromkeys(("stck_oprc", "stck_hgpr", "stck_lwpr", "acml_vol"), "0")
    halted = day_kr("20261120", "99", **nothing)

    told = kis.daily_bars_kr({"output2": [halted, day_kr("20261119", "99")]})

    assert [(bar[0], kis.has_traded(bar)) for bar in told] == [
        (seconds(2026, 11, 20), False),
        (seconds(2026, 11, 19), True),
    ]
    with pytest.raises(ProviderAnswerError):
        kis.daily_bars_kr({"output2": [halted | {"acml_vol": "7"}]})


@pytest.mark.parametrize(
    ("interval", "asked_at", "expected"),
    [
        ("1d", datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC), [19]),
        ("1d", datetime(2026, 11, 20, 15, tzinfo=UTC), [19, 20]),
        ("1m", datetime(2026, 11, 20, 0, 1, 59, tzinfo=UTC), [19]),
        ("1m", datetime(2026, 11, 20, 0, 2, tzinfo=UTC), [19, 20]),
    ],
)
def test_bars_that_may_still_change_are_left_out(
    interval: str, asked_at: datetime, expected: list[int]
) -> None:
    price = Decimal(100)
    told = [(seconds(2026, 11, day), price, price, price, price, 1) for day in (20, 19)]

    over = values.finished(told, interval, kis.SEOUL, asked_at)

    assert sorted(datetime.fromtimestamp(bar[0], UTC).day for bar in over) == expected


def test_minute_bars_stand_at_their_instant() -> None:
    korean = {
        "stck_bsop_date": "20261120",
        "stck_cntg_hour": "090100",
        "stck_oprc": "100",
        "stck_hgpr": "100",
        "stck_lwpr": "100",
        "stck_prpr": "100",
        "cntg_vol": "3",
    }
    american = {
        "xymd": "20261120",
        "xhms": "093000",
        "open": "1",
        "high": "2",
        "low": "0.5",
        "last": "1.5",
        "evol": "9",
    }

    assert kis.minute_bars_kr({"output2": [korean]})[0][0] == seconds(2026, 11, 20, 0, 1)
    assert kis.minute_bars_us({"output2": [american]})[0][0] == seconds(2026, 11, 20, 14, 30)


@pytest.mark.parametrize(
    "field",
    [
        ("stck_prpr", "0"),
        ("stck_prpr", "-5"),
        ("stck_prpr", "NaN"),
        ("stck_prpr", "Infinity"),
        ("stck_prpr", "1e30"),
        ("stck_prpr", "1e999999999"),
        ("stck_prpr", ""),
        ("stck_prpr", None),
        ("stck_prpr", True),
        ("stck_prpr", ["1"]),
        ("acml_vol", "1.5"),
        ("acml_vol", "-1"),
        ("acml_vol", "9" * 30),
        ("stck_sdpr", "abc"),
    ],
)
def test_a_figure_that_makes_no_sense_is_refused(field: tuple[str, Any]) -> None:
    with pytest.raises(ProviderAnswerError) as refused:
        kis.quote_kr({"output": PRICE_KR | dict([field])}, SAMSUNG, AT)
    assert refused.value.details == {"field": field[0]}


def test_a_bar_outside_of_its_own_range_is_refused() -> None:
    with pytest.raises(ProviderAnswerError):
        values.bar_arrays([(0, Decimal(1), Decimal(2), Decimal(1), Decimal(3), 1)])


def test_quotes_of_fmp_keep_to_what_was_asked() -> None:
    body = [
        {
            "symbol": "AAPL",
            "price": 232.8,
            "volume": 44489128,
            "dayLow": 226.65,
            "dayHigh": 233.13,
            "open": 228.01,
            "previousClose": 229.87,
            "timestamp": 1738702801,
        },
        {"symbol": "MSFT", "price": 1, "volume": 1},
    ]

    quotes = fmp.quotes(body, [APPLE], AT)

    assert set(quotes) == {"AAPL"}
    quote = quotes["AAPL"]
    assert (quote.price, quote.day.base_price) == (Decimal("232.8"), Decimal("229.87"))
    assert quote.traded_at == datetime(2025, 2, 4, 21, 0, 1, tzinfo=UTC)


def test_companies_news_and_macro_of_fmp() -> None:
    facts = fmp.fundamentals(
        [
            [{"symbol": "AAPL", "priceToEarningsRatioTTM": 33.1, "fiscalYear": "2025"}],
            [],
            [{"date": "2025-09-27", "reportedCurrency": "USD", "netIncome": 112010000000}],
        ],
        APPLE,
        AT,
    )
    assert facts is not None
    assert dict(facts.figures) == {
        "priceToEarningsRatioTTM": Decimal("33.1"),
        "netIncome": Decimal(112010000000),
    }
    assert (facts.period_end, facts.currency) == (date(2025, 9, 27), "USD")

    told = {"symbol": "AAPL", "publishedDate": "2026-11-20 10:30:00", "title": "T", "site": "s"}
    undated = told | {"url": "https://x.test/b", "publishedDate": "soon"}
    items = fmp.news(
        [told | {"url": "https://x.test/a"}, told | {"url": "javascript:1"}, undated], AT
    )
    assert [(item.url, item.publisher, item.symbols) for item in items] == [
        ("https://x.test/a", "s", ("AAPL",))
    ]
    assert items[0].published_at.astimezone(UTC) == datetime(2026, 11, 20, 15, 30, tzinfo=UTC)

    points = fmp.macro([{"date": "2026-02-01", "value": 2}, {"date": "2026-01-01", "value": 1.5}])
    assert [(str(point.on), point.value) for point in points] == [
        ("2026-01-01", Decimal("1.5")),
        ("2026-02-01", Decimal(2)),
    ]


# Whatever comes: a value, or the one typed error.

NAMES = [
    "output", "output1", "output2", "stck_prpr", "acml_vol", "stck_bsop_date", "stck_cntg_hour",
    "last", "tvol", "xymd", "xhms", "open", "high", "low", "clos", "evol", "askp1", "askp_rsqn1",
    "pask1", "symbol", "price", "volume", "date", "timestamp", "title", "url", "publishedDate",
    "value", "close", "stck_oprc", "stck_hgpr", "stck_lwpr", "stck_clpr", "cntg_vol",
    "bstp_nmix_prpr", "bstp_nmix_prdy_vrss", "prdy_vrss_sign",
]  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["0", "1", "-1", "1.5", "NaN", "1e99", "20261120", "093000", "999999", "AAPL"]
    )
)
BODIES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=12)
    ),
    max_leaves=30,
)
READERS: list[Callable[[Any], object]] = [
    lambda body: kis.quote_kr(body, SAMSUNG, AT),
    lambda body: kis.quote_us(body, APPLE, AT),
    lambda body: kis.quote_index(body, KOSPI, AT),
    lambda body: kis.book_kr(body, SAMSUNG, AT),
    lambda body: kis.book_us(body, APPLE, AT),
    lambda body: values.bar_arrays(kis.daily_bars_kr(body)),
    lambda body: values.bar_arrays(kis.minute_bars_kr(body)),
    lambda body: values.bar_arrays(kis.daily_bars_us(body)),
    lambda body: values.bar_arrays(kis.minute_bars_us(body)),
]
FMP_READERS: list[Callable[[Any], object]] = [
    lambda body: fmp.quotes(body, [APPLE], AT),
    lambda body: values.bar_arrays(fmp.daily_bars(body, fmp.SPLIT_ADJUSTED)),
    lambda body: values.bar_arrays(fmp.minute_bars(body)),
    lambda body: fmp.instruments(body, AT),
    lambda body: fmp.fundamentals([body], APPLE, AT),
    lambda body: fmp.news(body, AT),
    fmp.macro,
]


@settings(max_examples=300)
@given(read=st.sampled_from(READERS), body=st.dictionaries(st.sampled_from(NAMES[:3]), BODIES))
def test_no_answer_of_kis_breaks_a_reader(read: Callable[[Any], object], body: Any) -> None:
    with suppress(ProviderAnswerError):
        read(body)


@settings(max_examples=300)
@given(read=st.sampled_from(FMP_READERS), body=BODIES)
def test_no_answer_of_fmp_breaks_a_reader(read: Callable[[Any], object], body: Any) -> None:
    with suppress(ProviderAnswerError):
        read(body)


ROWS = st.fixed_dictionaries(
    dict.fromkeys(("stck_oprc", "stck_hgpr", "stck_lwpr", "stck_clpr", "acml_vol"), LEAVES)
    | {"stck_bsop_date": st.just("20261120") | LEAVES}
)


@given(rows=st.lists(ROWS, max_size=4))
def test_a_bar_is_whole_or_refused(rows: list[dict[str, Any]]) -> None:
    try:
        bars = values.bar_arrays(kis.daily_bars_kr({"output2": rows}))
    except ProviderAnswerError:
        return
    assert (bars.lows <= bars.opens).all()
    assert (bars.highs >= bars.closes).all()
    assert (bars.lows > 0).all()


LEVEL = {
    "bstp_nmix_prpr": "2650.55",
    "bstp_nmix_prdy_vrss": "-12.45",
    "prdy_vrss_sign": "5",
    "acml_vol": "412345",
    "bstp_nmix_oprc": "2660.10",
    "bstp_nmix_hgpr": "2671.00",
    "bstp_nmix_lwpr": "2648.20",
}


def test_level_of_an_index() -> None:
    quote = kis.quote_index({"output": LEVEL}, KOSPI, AT)

    assert (quote.symbol, quote.price, quote.bid) == ("KOSPI", Decimal("2650.55"), None)
    assert quote.day == DayFigures(
        volume=412345,
        open=Decimal("2660.10"),
        high=Decimal("2671.00"),
        low=Decimal("2648.20"),
        base_price=Decimal("2663.00"),
    )


@pytest.mark.parametrize(
    ("sign", "change", "base"),
    [("2", "12.45", "2638.10"), ("5", "12.45", "2663.00"), ("3", "0.00", "2650.55")],
)
def test_base_of_an_index_is_read_from_the_sign(sign: str, change: str, base: str) -> None:
    row = LEVEL | {"prdy_vrss_sign": sign, "bstp_nmix_prdy_vrss": change}

    quote = kis.quote_index({"output": row}, KOSPI, AT)

    assert quote.day.base_price == Decimal(base)


@pytest.mark.parametrize("name", ["bstp_nmix_prpr", "bstp_nmix_prdy_vrss", "acml_vol"])
@pytest.mark.parametrize("value", [None, "", "x", "NaN", "-1e30", [], "99999999999"])
def test_unreadable_level_is_refused(name: str, value: object) -> None:
    with suppress(ProviderAnswerError):
        quote = kis.quote_index({"output": LEVEL | {name: value}}, KOSPI, AT)
        assert quote.day.base_price is not None
        assert quote.day.base_price > 0


RECORD = {
    "BSTP_CLS_CODE": "0001",
    "BSOP_HOUR": "103000",
    "PRPR_NMIX": "2650.55",
    "PRDY_VRSS_SIGN": "2",
    "BSTP_NMIX_PRDY_VRSS": "10.55",
    "ACML_VOL": "412345",
    "PCAS_VOL": "12",
    "OPRC_NMIX": "2641.00",
    "NMIX_HGPR": "2655.00",
    "NMIX_LWPR": "2640.00",
}


def test_streamed_level_of_an_index() -> None:
    at = datetime(2026, 11, 24, 1, 30, 1, tzinfo=UTC)

    tick = trade_of("H0UPCNT0", RECORD, at)

    assert (tick.symbol, tick.price, tick.size) == ("KOSPI", Decimal("2650.55"), 12)
    assert tick.exchange_time == datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
    assert tick.day is not None
    assert (tick.day.volume, tick.day.base_price) == (412345, Decimal("2640.00"))


def test_unknown_index_keeps_its_code() -> None:
    assert trade_of("H0UPCNT0", RECORD | {"BSTP_CLS_CODE": "9999"}, AT).symbol == "9999"


def test_index_is_registered_by_its_code() -> None:
    assert topic_of(KOSPI) == ("H0UPCNT0", "0001")
