"""Missing bars are found, asked for once, and filled in; a fake source stands for KIS."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from market.bar_store import history_write
from market.enums import GapState, Source, StoredInterval
from market.errors import CapabilityMissingError
from market.models import Bar, BarGap
from market.providers import chain
from market.providers.base import BaseProvider, Capability, ProviderBars
from market.rollup import BarArrays
from market.services import gaps_fill, gaps_find, gaps_reopen
from market.tests.factories import bar_make, instrument_make
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import LimitExceededError, UpstreamError

pytestmark = pytest.mark.django_db(databases="__all__")

MONDAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)  # KRX has closed
SESSION = datetime(2026, 11, 23, tzinfo=UTC)  # 09:00 in Seoul


class Kis(BaseProvider):
    """A source that has a flat bar for each time it was told of."""

    name = Source.KIS
    capabilities = frozenset({Capability.BARS})

    def __init__(self):
        self.times: dict[str, list[datetime]] = {"1d": [], "1m": []}
        self.asked = []
        self.fault = None

    def bars(self, asset, wanted):
        self.asked.append((asset.symbol, wanted.interval, wanted.start, wanted.end))
        if self.fault is not None:
            raise self.fault
        times = np.array(sorted(int(at.timestamp()) for at in self.times[wanted.interval]))
        times = times.astype(np.int64)
        price = np.full(times.size, 70_000 * 10**6, dtype=np.int64)
        bars = BarArrays(
            times, price, price, price, price, np.ones_like(times), np.zeros_like(times)
        )
        return ProviderBars(
            asset.symbol, wanted.interval, wanted.adjustment, bars, self.name, now()
        )


@pytest.fixture
def kis(settings, monkeypatch, time_machine):
    time_machine.move_to(AT, tick=False)
    settings.MARKET_PROVIDERS = ["KIS"]
    settings.MARKET_BACKFILL_DAYS = 10  # since 2026-11-13, a Friday
    source = Kis()
    monkeypatch.setitem(chain.FACTORIES, "KIS", lambda: source)
    return source


@pytest.fixture
def samsung():
    return instrument_make("005930", source=Source.KIS)


def midnight(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def live_bar(instrument, day="2026-11-23", **changes):
    changes.setdefault("source", Source.KIS)
    return bar_make(instrument, date.fromisoformat(day), "70000", generated_mask=0, **changes)


def trade_all_day(instrument, *, but=range(0)):
    """Store a minute bar for each minute of both last sessions, but for some of the newest."""
    for days_back in (0, 3):
        for minute in range(390):
            if days_back or minute not in but:
                at = SESSION + timedelta(minutes=minute, days=-days_back)
                bar_make(instrument, at, "70000", interval="1m", source=Source.KIS)


def gaps(interval="1d"):
    rows = BarGap.objects.filter(interval=interval).order_by("starts_at")
    return [(row.starts_at, row.ends_at, row.state) for row in rows]


def test_an_instrument_that_somebody_looked_at_gets_its_history(kis, samsung):
    live_bar(samsung)
    kis.times["1d"] = [midnight(f"2026-11-{day}") for day in (13, 16, 17, 18, 19, 20, 23)]

    assert gaps_find() > 0
    [(starts_at, ends_at, _)] = gaps()
    assert (starts_at, ends_at) == (midnight("2026-11-13"), midnight("2026-11-21"))
    gaps_fill()

    assert ("005930", "1d", date(2026, 11, 13), date(2026, 11, 20)) in kis.asked
    stored = Bar.objects.filter(interval="1d").order_by("opened_at")
    assert [(row.opened_at.day, row.source) for row in stored] == [
        (day, "KIS") for day in (13, 16, 17, 18, 19, 20, 23)
    ]
    assert BarGap.objects.get(interval="1d").bars_filled == 6


def test_what_retention_takes_away_is_not_asked_for(kis, samsung, settings):
    settings.MARKET_BAR_DAYS = {"1m": 30, "1d": 5}
    live_bar(samsung)

    gaps_find()

    assert gaps()[0][0] == midnight("2026-11-19")  # four days back, of the five that are kept


def test_nobody_asks_twice_for_what_was_empty_but_for_new_days(kis, samsung, time_machine):
    live_bar(samsung)
    trade_all_day(samsung)
    gaps_find()
    gaps_fill()
    assert gaps()[0][2] == GapState.EMPTY
    kis.asked.clear()

    assert gaps_find() == 0
    time_machine.move_to(AT + timedelta(days=2))
    live_bar(samsung, "2026-11-25")
    gaps_find()
    gaps_fill()

    assert [ask for ask in kis.asked if ask[1] == "1d"] == [
        ("005930", "1d", date(2026, 11, 24), date(2026, 11, 24))
    ]


@pytest.mark.parametrize("source", [Source.SAMPLE, Source.CSV])
def test_samples_and_files_are_left_alone(kis, source):
    live_bar(instrument_make("005930", source=source), source=source)

    assert gaps_find() == 0


def test_nothing_is_asked_before_the_newest_imported_bar_or_the_listing(kis, samsung):
    live_bar(samsung)
    live_bar(samsung, "2026-11-17", source=Source.CSV)
    young = instrument_make("000660", source=Source.KIS, listed_date=date(2026, 11, 19))
    live_bar(young)

    gaps_find()

    found = {
        row.instrument_id: (row.starts_at.day, row.ends_at.day)
        for row in BarGap.objects.filter(interval="1d")
    }
    assert found == {samsung.pk: (18, 21), young.pk: (19, 21)}


def test_bars_that_came_meanwhile_stay_as_they_are(kis, samsung):
    live_bar(samsung)
    gaps_find()
    live_bar(samsung, "2026-11-18", volume=777)
    kis.times["1d"] = [midnight("2026-11-18"), midnight("2026-11-19")]

    gaps_fill()

    volumes = dict(Bar.objects.filter(interval="1d").values_list("opened_at", "volume"))
    assert volumes[midnight("2026-11-18")] == 777
    assert volumes[midnight("2026-11-19")] == 1


def test_a_silence_of_the_whole_exchange_is_filled_from_its_minutes(kis, samsung):
    live_bar(samsung)
    trade_all_day(samsung, but=range(60, 120))
    kis.times["1m"] = [SESSION + timedelta(minutes=minute) for minute in range(390)]

    gaps_find()
    [(starts_at, ends_at, _)] = gaps("1m")
    assert (starts_at, ends_at) == (SESSION + timedelta(hours=1), SESSION + timedelta(hours=2))
    gaps_fill()

    assert Bar.objects.filter(interval="1m", opened_at__gte=SESSION).count() == 390
    assert gaps("1m")[0][2] == GapState.FILLED


def test_one_symbol_that_rests_is_no_gap(kis, samsung):
    live_bar(samsung)
    trade_all_day(samsung)
    live_bar(instrument_make("000660", source=Source.KIS))

    gaps_find()

    assert gaps("1m") == []


def test_a_fault_is_tried_again_later_and_given_up_in_the_end(kis, samsung, time_machine):
    live_bar(samsung)
    trade_all_day(samsung)
    gaps_find()
    kis.fault = UpstreamError("KIS failed.", provider="KIS")

    assert gaps_fill() == 0
    assert gaps_fill() == 0
    assert len(kis.asked) == 1
    for _ in range(10):
        time_machine.shift(timedelta(hours=7))
        gaps_fill()

    gap = BarGap.objects.get()
    assert (gap.state, gap.attempts, len(kis.asked)) == (GapState.FAILED, 8, 8)
    assert gap.fault == "KIS failed."

    kis.fault = None
    assert gaps_reopen([gap]) == 1
    assert gaps_fill() == 1


def test_an_empty_budget_ends_the_run_and_costs_no_attempt(kis, samsung):
    live_bar(samsung)
    gaps_find()
    kis.fault = LimitExceededError("No calls left.", retry_after_s=1)

    gaps_fill()

    assert len(kis.asked) == 1
    assert set(BarGap.objects.values_list("attempts", flat=True)) == {0}


def test_without_a_source_gaps_wait(kis, samsung):
    live_bar(samsung)
    gaps_find()
    kis.fault = CapabilityMissingError("No bars.", provider="KIS", capability="BARS")

    assert gaps_fill() == 0
    assert set(BarGap.objects.values_list("state", flat=True)) == {GapState.OPEN}


def test_what_no_source_has_holds_up_nothing_else(kis, samsung, monkeypatch):
    for instrument in (instrument_make("AAPL"), samsung):
        live_bar(instrument)
    gaps_find()
    others = BarGap.objects.filter(instrument=samsung)
    assert 0 < others.count() < BarGap.objects.count()
    monkeypatch.setattr(kis, "serves", lambda _, asset: asset.exchange == "KRX")

    gaps_fill()

    assert set(others.values_list("state", flat=True)) == {GapState.EMPTY}
    waiting = BarGap.objects.exclude(instrument=samsung)
    assert set(waiting.values_list("state", "attempts")) == {(GapState.OPEN, 0)}
    assert min(waiting.values_list("try_at", flat=True)) > now()


def test_two_workers_do_not_ask_for_the_same(kis, samsung):
    live_bar(samsung)
    trade_all_day(samsung)
    gaps_find()
    kis.times["1d"] = [midnight("2026-11-18")]
    plain = kis.bars

    def slow(asset, wanted):
        kis.bars = plain
        gaps_fill()  # another worker, while the first one waits for its answer
        return plain(asset, wanted)

    kis.bars = slow
    gaps_fill()

    assert len(kis.asked) == 1


def test_history_kept_in_memory_sees_what_was_filled_in(kis, samsung):
    from market.panel_selectors import price_panel

    rows = [(samsung.pk, StoredInterval.DAY, int(midnight("2026-11-13").timestamp()),
             *[70_000 * 10**6] * 4, 1, Source.KIS, 0)]  # fmt: skip
    global_tx(history_write, rows, instrument_ids=[samsung.pk])
    live_bar(samsung)
    assert price_panel(symbols=["005930"]).closes.shape == (2, 1)
    gaps_find()
    kis.times["1d"] = [midnight("2026-11-16")]

    gaps_fill()

    assert price_panel(symbols=["005930"]).closes.shape == (3, 1)
