from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
import time_machine

from market import selectors
from market.bar_selectors import bars_get
from market.enums import ALL_GENERATED, Source, generated_mask
from market.errors import BarRangeError, QuoteUnavailableError, SymbolUnknownError
from market.panel_selectors import price_panel
from market.quote_selectors import quotes_get
from market.tests.factories import bar_make, bars_make, instrument_make, quote_put
from tradingplatform.clock import now

pytestmark = pytest.mark.django_db(databases="__all__")


def test_instrument_by_symbol():
    apple = instrument_make("AAPL")

    assert selectors.instrument_get("AAPL") == apple


def test_unknown_symbols_are_named():
    instrument_make("AAPL")

    with pytest.raises(SymbolUnknownError) as raised:
        selectors.instruments_get(["AAPL", "NOPE", "NADA"])

    assert raised.value.details["symbols"] == ["NOPE", "NADA"]


def test_quotes_come_from_the_feed_in_the_order_asked(django_assert_num_queries):
    apple, samsung = instrument_make("AAPL"), instrument_make("005930")
    quote_put(apple, "125.5")
    told = quote_put(samsung, "70100", base_price="70000")

    with django_assert_num_queries(0):
        quotes = quotes_get(["005930", "AAPL"])

    assert list(quotes) == ["005930", "AAPL"]
    assert quotes["005930"] == told
    assert quotes["005930"].change_rate == pytest.approx(0.001429, abs=1e-6)


def test_without_the_feed_the_last_close_is_told_with_its_age_and_no_bid_or_ask():
    apple = instrument_make("AAPL")
    bars_make(apple, date(2026, 11, 18), ["100", "104", "102"])

    with time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=False):
        quote = quotes_get(["AAPL"])["AAPL"]
        age_ms = quote.age_ms(now())

    assert (quote.price, quote.bid, quote.ask) == (Decimal(102), None, None)
    assert (quote.change, quote.base_price, quote.seq) == (Decimal(-2), Decimal(104), 0)
    assert quote.exchange_time == datetime(2026, 11, 20, 21, tzinfo=UTC)
    assert age_ms == (2 * 24 + 15) * 3600 * 1000


def test_a_price_nobody_told_is_not_invented():
    instrument_make("AAPL")

    with pytest.raises(QuoteUnavailableError):
        quotes_get(["AAPL"])


def test_quote_of_an_unknown_symbol():
    with pytest.raises(SymbolUnknownError):
        quotes_get(["NOPE"])


def test_bars_of_a_range_include_both_days():
    apple = instrument_make("AAPL")
    bars_make(apple, date(2020, 1, 1), ["1.5", "2.5", "3.5", "4.5"])

    bars = bars_get(symbol="AAPL", interval="1d", start=date(2020, 1, 2), end=date(2020, 1, 3))

    assert bars.closes().tolist() == [2.5, 3.5]
    assert bars.dates().astype(str).tolist() == ["2020-01-02", "2020-01-03"]
    assert (bars.source, bars.currency, bars.has_more) == ("SAMPLE", "USD", False)


def test_without_start_the_last_bars_come_oldest_first():
    apple = instrument_make("AAPL")
    bars_make(apple, date(2020, 1, 1), ["1", "2", "3", "4"])

    bars = bars_get(symbol="AAPL", limit=2)

    assert bars.closes().tolist() == [3, 4]
    assert bars.has_more is True


def test_with_start_the_first_bars_come():
    apple = instrument_make("AAPL")
    bars_make(apple, date(2020, 1, 1), ["1", "2", "3", "4"])

    bars = bars_get(symbol="AAPL", start=date(2020, 1, 1), limit=3)

    assert bars.closes().tolist() == [1, 2, 3]
    assert bars.has_more is True


def test_weeks_are_whole_even_where_the_range_cuts_them():
    apple = instrument_make("AAPL")
    bars_make(apple, date(2026, 11, 9), [str(price) for price in range(1, 15)])

    bars = bars_get(symbol="AAPL", interval="1w", start=date(2026, 11, 11), end=date(2026, 11, 17))

    assert bars.dates().astype(str).tolist() == ["2026-11-09", "2026-11-16"]
    assert bars.opens().tolist() == [1, 8]
    assert bars.closes().tolist() == [7, 14]
    assert bars.volumes.tolist() == [7000, 7000]


def test_the_oldest_week_at_the_limit_is_whole():
    apple = instrument_make("AAPL")
    bars_make(apple, date(2026, 11, 3), [str(price) for price in range(1, 20)])

    bars = bars_get(symbol="AAPL", interval="1w", limit=2)

    assert bars.opens().tolist() == [7, 14]
    assert bars.has_more is True


def test_minutes_roll_up_and_a_date_counts_in_the_exchanges_zone():
    samsung = instrument_make("005930")
    opens = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    for minute in range(-20, 7):
        at = opens + timedelta(minutes=minute)
        bar_make(samsung, at, str(70000 + minute * 100), interval="1m")
    before = datetime(2026, 11, 22, 14, 59, tzinfo=UTC)
    bar_make(samsung, before, "1", interval="1m")

    bars = bars_get(
        symbol="005930", interval="5m", start=date(2026, 11, 23), end=date(2026, 11, 23)
    )
    exact = bars_get(symbol="005930", interval="5m", start=opens)

    assert len(bars) == 6
    assert exact.closes().tolist() == [70400, 70600]
    assert exact.times.tolist() == [int(opens.timestamp()), int(opens.timestamp()) + 300]


def test_sources_and_generated_figures_are_told():
    apple = instrument_make("AAPL")
    real = generated_mask("open", "high", "low", "volume")
    bar_make(apple, date(2020, 1, 1), "1", generated_mask=real)
    bar_make(apple, date(2020, 1, 2), "2", source="CSV", generated_mask=0)

    bars = bars_get(symbol="AAPL")

    assert bars.source == "CSV+SAMPLE"
    assert bars.generated_mask.tolist() == [real, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"interval": "2d"},
        {"limit": 0},
        {"limit": 10_001},
        {"interval": "1w", "limit": 2_001},
        {"start": date(2020, 1, 2), "end": date(2020, 1, 1)},
        {"start": date(1, 1, 1)},
        {"end": date(9999, 12, 31)},
    ],
)
def test_senseless_bar_requests_are_refused(wrong):
    instrument_make("AAPL")

    with pytest.raises(BarRangeError):
        bars_get(symbol="AAPL", **wrong)


def test_no_bars_is_an_empty_series():
    instrument_make("AAPL")

    bars = bars_get(symbol="AAPL", interval="1mo")

    assert len(bars) == 0
    assert bars.source == ""


def test_panel_holds_the_shared_dates_in_the_order_of_the_symbols(django_assert_num_queries):
    apple, samsung = instrument_make("AAPL"), instrument_make("005930")
    bars_make(apple, date(2026, 1, 1), ["1.25", "2.25", "3.25"])
    bars_make(samsung, date(2026, 1, 2), ["700", "800", "900"])

    with django_assert_num_queries(3):
        panel = price_panel(symbols=["005930", "AAPL"], end=date(2026, 1, 3))

    assert panel.symbols == ("005930", "AAPL")
    assert panel.closes.tolist() == [[700, 2.25], [800, 3.25]]
    assert panel.closes.dtype == np.float64
    assert (panel.start, panel.end) == (date(2026, 1, 2), date(2026, 1, 3))
    assert (panel.source, panel.currencies) == ("SAMPLE", ("KRW", "USD"))
    assert "close" in panel.generated_fields


def test_panel_of_an_empty_range():
    bars_make(instrument_make("AAPL"), date(2026, 1, 1), ["1"])

    panel = price_panel(symbols=["AAPL"], start=date(2027, 1, 1))

    assert panel.closes.shape == (0, 1)
    assert (panel.start, panel.end) == (None, None)


@pytest.mark.parametrize("text", ["삼성", "samsung", "0059", "SAMSUNG EL"])
def test_instruments_are_found_by_symbol_and_both_names(text):
    instrument_make("AAPL")
    samsung = instrument_make("005930")
    instrument_make("005935", name_en="Samsung Pref", name_ko="삼성전자우", is_active=False)

    assert list(selectors.instruments_found(search=text)) == [samsung]


def test_instruments_of_one_exchange():
    instrument_make("AAPL")
    samsung = instrument_make("005930")

    assert list(selectors.instruments_found(exchange="KRX")) == [samsung]


def test_all_generated_is_every_figure():
    assert generated_mask("open", "high", "low", "close", "volume") == ALL_GENERATED


@time_machine.travel("2026-11-24T03:00:00+00:00", tick=False)
def test_a_bar_that_grows_makes_no_price_look_newer_than_it_is():
    row = instrument_make("005930", source=Source.KIS)
    bar_make(row, date(2026, 11, 24), "70200", source=Source.KIS)

    with pytest.raises(QuoteUnavailableError):
        quotes_get(["005930"])  # nobody knows the close before

    bar_make(row, date(2026, 11, 23), "70000", source=Source.KIS)
    assert quotes_get(["005930"])["005930"].received_at == datetime(2026, 11, 24, tzinfo=UTC)
    minute = datetime(2026, 11, 24, 2, 17, tzinfo=UTC)
    bar_make(row, minute, "70200", interval="1m", source=Source.KIS)
    quote = quotes_get(["005930"])["005930"]
    assert (quote.received_at, quote.base_price, quote.change) == (minute, 70_000, 200)
