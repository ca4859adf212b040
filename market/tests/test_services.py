from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest
import time_machine

from market import rules
from market.bar_selectors import bars_get
from market.enums import AssetType, StoredInterval
from market.models import Bar, HistoryRevision, ImportRun, Instrument
from market.panel_selectors import price_panel
from market.services import (
    bars_prune,
    base_prices_roll,
    feed_open,
    sample_market_is_current,
    sample_market_load,
)
from market.services.feed import _measured
from market.tests.factories import bar_make, instrument_make
from market.ticks import Tick

pytestmark = pytest.mark.django_db(databases="__all__")

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


def load(at=MONDAY, since=date(2026, 11, 12)):
    with time_machine.travel(at, tick=False):
        return sample_market_load(since=since)


def test_sample_market_loads_once():
    first, second = load(), load()

    assert first.instruments_new == 52
    assert first.bars_new == Bar.objects.count()
    assert (second.instruments_new, second.bars_new) == (0, 0)
    assert ImportRun.objects.count() == 1


def test_sample_market_is_current_until_another_session_has_ended():
    assert not sample_market_is_current()
    load()
    with time_machine.travel(MONDAY, tick=False):
        assert sample_market_is_current()
        Bar.objects.filter(instrument__symbol="AAPL", interval="1d").delete()
        assert not sample_market_is_current()
    load()
    with time_machine.travel(datetime(2026, 11, 23, 15, 30, tzinfo=UTC), tick=False):
        # Tuesday in Seoul, still Monday in New York.
        assert not sample_market_is_current()
        sample_market_load(since=date(2026, 11, 12))
        assert sample_market_is_current()


def test_real_closes_are_kept_and_generated_ones_named():
    load(since=date(2022, 12, 20))

    bars = bars_get(symbol="AAPL", start=date(2022, 12, 28), end=date(2022, 12, 29))

    assert bars.closes()[0] == 125.674
    real, generated = Bar.objects.filter(
        instrument__symbol="AAPL", opened_at__gte=datetime(2022, 12, 28, tzinfo=UTC)
    ).order_by("opened_at")[:2]
    assert real.generated_fields == ["open", "high", "low", "volume"]
    assert generated.generated_fields == ["open", "high", "low", "close", "volume"]
    assert {real.source, generated.source} == {"SAMPLE"}


def test_bars_end_with_the_last_finished_session_of_each_exchange():
    # 12:00 UTC on Monday: the session of Monday is still running in Seoul and New York.
    load()

    for symbol in ("AAPL", "KO", "005930"):
        assert bars_get(symbol=symbol, limit=1).dates().astype(str) == "2026-11-20"
    for row in Instrument.objects.all():
        assert row.base_date == date(2026, 11, 20)
        assert row.base_price is not None
        is_index = row.asset_type == AssetType.INDEX
        tick = Decimal("0.01") if is_index else rules.tick_size(row.exchange, row.base_price)
        assert row.base_price % tick == 0


def test_a_later_load_goes_on_from_the_last_close_as_one_long_load_would():
    load(at=datetime(2026, 11, 18, 12, tzinfo=UTC))
    added = load()
    in_steps = bars_get(symbol="005930", limit=5)
    us_in_steps = bars_get(symbol="AAPL", limit=5)

    Bar.objects.all().delete()
    load()

    at_once = bars_get(symbol="005930", limit=5)
    assert added.bars_new == 52 * 3 * (1 + 390)
    assert at_once.close_units.tolist() == in_steps.close_units.tolist()
    assert at_once.high_units.tolist() == in_steps.high_units.tolist()
    us_at_once = bars_get(symbol="AAPL", limit=5)
    assert us_at_once.close_units.tolist() == us_in_steps.close_units.tolist()


def test_another_seed_makes_another_market(settings):
    load()
    before = bars_get(symbol="005930", limit=5).close_units.tolist()
    Bar.objects.all().delete()

    settings.MARKET_SEED += 1
    load()

    assert bars_get(symbol="005930", limit=5).close_units.tolist() != before


def test_feed_opens_on_the_stored_market():
    load(since=date(2025, 10, 1))

    feed = feed_open(epoch=3, at=MONDAY)

    assert feed is not None
    assert len(feed.book.lines) == 52
    line = feed.book.lines["AAPL"]
    assert line.base_price == Instrument.objects.get(symbol="AAPL").base_price
    assert line.session == date(2026, 11, 23)
    assert line.day is None
    assert line.traded_at == datetime(2026, 11, 20, 21, tzinfo=UTC)


def test_feed_goes_on_with_the_running_bars():
    apple = instrument_make("AAPL")
    bar_make(apple, date(2026, 11, 20), "100")
    bar_make(apple, date(2026, 11, 23), "103", volume=5000)
    bar_make(apple, MONDAY, "103", interval="1m", volume=70)

    feed = feed_open(epoch=3, at=MONDAY.replace(second=20))

    assert feed is not None
    line = feed.book.lines["AAPL"]
    assert (line.base_price, line.last_price) == (Decimal(100), Decimal(103))
    price, at = Decimal(104), MONDAY.replace(second=30)
    feed.book.accept(Tick("AAPL", price, price, price, 5, at), at)
    assert [(row[1], row[7]) for row in feed.book.bars_take()] == [("1m", 75), ("1d", 5005)]


def test_on_a_weekend_the_feed_goes_on_with_the_session_of_friday():
    apple = instrument_make("AAPL")
    bar_make(apple, date(2026, 11, 19), "100")
    bar_make(apple, date(2026, 11, 20), "103", volume=5000)

    feed = feed_open(epoch=3, at=datetime(2026, 11, 21, 15, tzinfo=UTC))

    assert feed is not None
    line = feed.book.lines["AAPL"]
    assert (line.session, line.base_price) == (date(2026, 11, 20), Decimal(100))
    assert line.day is not None
    assert line.day.volume == 5000


def test_measured_correlation_is_that_of_the_stored_bars():
    load(since=date(2025, 10, 1))
    feed = feed_open(epoch=3, at=MONDAY)
    assert feed is not None
    lines = list(feed.book.lines.values())

    volatilities, volumes, correlation = _measured(lines, MONDAY)

    places = {line.symbol: place for place, line in enumerate(lines)}
    aapl, msft, samsung = places["AAPL"], places["MSFT"], places["005930"]
    panel = price_panel(symbols=["AAPL", "MSFT"], start=date(2025, 10, 20))
    returns = np.diff(np.log(panel.closes), axis=0)
    assert correlation[aapl, msft] == pytest.approx(0.9 * np.corrcoef(returns.T)[0, 1], abs=0.02)
    assert volatilities[aapl] == pytest.approx(returns[:, 0].std(), abs=1e-3)
    assert correlation[aapl, samsung] == 0
    assert np.linalg.eigvalsh(correlation).min() > 0
    assert min(volumes) > 0


def test_no_feed_without_bars():
    instrument_make("AAPL")

    assert feed_open(epoch=1, at=MONDAY) is None


def test_base_prices_roll():
    apple = instrument_make("AAPL")

    base_prices_roll(closes={apple.pk: Decimal("101.5")}, session=date(2026, 11, 20))

    apple.refresh_from_db()
    assert (apple.base_price, apple.base_date) == (Decimal("101.5"), date(2026, 11, 20))


def test_old_minute_bars_are_pruned_and_daily_ones_kept(settings):
    settings.MARKET_BAR_DAYS = {"1m": 30, "1d": None}
    apple = instrument_make("AAPL")
    bar_make(apple, date(2020, 1, 1), "1")
    bar_make(apple, datetime(2026, 1, 1, tzinfo=UTC), "1", interval="1m")
    young = bar_make(apple, MONDAY, "1", interval="1m")

    pruned = bars_prune(at=MONDAY)

    assert pruned == 1
    left = Bar.objects.filter(interval="1m").values_list("opened_at", flat=True)
    assert list(left) == [young.opened_at]
    assert Bar.objects.filter(interval="1d").count() == 1


def test_daily_bars_go_when_they_are_not_kept_and_memory_learns_of_it(settings):
    settings.MARKET_BAR_DAYS = {"1m": None, "1d": 400}
    apple, coke = instrument_make("AAPL"), instrument_make("KO")
    bar_make(apple, date(2020, 1, 1), "1")
    bar_make(apple, date(2026, 11, 20), "2")
    bar_make(coke, date(2026, 11, 20), "3")
    bar_make(apple, datetime(2020, 1, 1, tzinfo=UTC), "1", interval="1m")
    assert price_panel(symbols=["AAPL"]).closes.shape == (2, 1)

    assert bars_prune(at=MONDAY) == 1
    assert bars_prune(at=MONDAY) == 0

    assert price_panel(symbols=["AAPL"]).closes.shape == (1, 1)
    assert Bar.objects.filter(interval="1m").count() == 1
    assert set(HistoryRevision.objects.values_list("instrument_id", flat=True)) == {apple.pk}


def test_every_stored_interval_has_a_retention(settings):
    assert set(settings.MARKET_BAR_DAYS) == set(StoredInterval.values)
