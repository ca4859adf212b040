from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from market import history
from market.bar_store import history_write
from market.enums import Source, StoredInterval
from market.history import Closes, HistoryCopies, closes_read
from market.models import Bar
from market.tests.factories import bar_make, instrument_make
from tradingplatform.db.transactions import global_tx

pytestmark = pytest.mark.django_db(databases="__all__")

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def now_is_fixed(time_machine):
    time_machine.move_to(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=False)


def row(pk, day, close, *, source=Source.CSV, mask=0):
    opened_at = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    units = close * 10**6
    return (pk, StoredInterval.DAY, opened_at, units, units, units, units, 1, source, mask)


def write(instrument, closes, **options):
    rows = [row(instrument.pk, day, close, **options) for day, close in closes.items()]
    global_tx(history_write, rows, instrument_ids=[instrument.pk])


def read(*instruments, first=None, last=None):
    found = closes_read([row.pk for row in instruments], first=first, last=last)
    return [(found[row.pk].units // 10**6).tolist() for row in instruments]


def asked_while(work):
    with CaptureQueriesContext(connections["default"]) as captured:
        work()
    return sum('FROM "table_bars"' in q["sql"].replace("`", '"') for q in captured.captured_queries)


def day(text):
    return date.fromisoformat(text)


def number(text):
    return (day(text) - date(1970, 1, 1)).days


def test_history_is_read_once_and_the_last_days_each_time():
    apple = instrument_make("AAPL")
    write(apple, {day("2026-01-05"): 10, day("2026-11-20"): 20})
    assert asked_while(lambda: read(apple)) == 2

    bar_make(apple, TODAY, "21")

    assert asked_while(lambda: read(apple)) == 1
    assert read(apple) == [[10, 20, 21]]


def test_whoever_writes_to_the_past_is_seen_at_once():
    apple = instrument_make("AAPL")
    write(apple, {day("2026-01-05"): 10, day("2026-01-06"): 11})
    assert read(apple) == [[10, 11]]

    write(apple, {day("2026-01-06"): 12, day("2026-01-07"): 13})

    assert read(apple) == [[10, 12, 13]]


def test_bars_that_nobody_announced_are_not_kept():
    apple = instrument_make("AAPL")
    bar_make(apple, day("2026-01-05"), "10")
    assert read(apple) == [[10]]

    Bar.objects.all().delete()

    assert read(apple) == [[]]


def test_a_copy_is_read_again_when_it_is_old(time_machine):
    apple = instrument_make("AAPL")
    write(apple, {day("2026-01-05"): 10})
    read(apple)

    time_machine.shift(timedelta(days=29))
    assert asked_while(lambda: read(apple)) == 1
    time_machine.shift(timedelta(days=2))

    assert asked_while(lambda: read(apple)) == 2


def test_ranges_include_both_ends_across_the_settled_day():
    apple = instrument_make("AAPL")
    days = ["2026-11-10", "2026-11-13", "2026-11-16", "2026-11-17", "2026-11-20"]
    write(apple, {day(text): place for place, text in enumerate(days, 1)})

    assert read(apple, first=number(days[1]), last=number(days[3])) == [[2, 3, 4]]
    assert read(apple, first=number(days[3])) == [[4, 5]]
    assert read(apple, last=number(days[0])) == [[1]]
    assert read(apple, first=number("2027-01-01")) == [[]]


def test_instruments_do_not_mix():
    apple, samsung = instrument_make("AAPL"), instrument_make("005930")
    write(samsung, {day("2026-01-05"): 700, TODAY: 800})
    write(apple, {day("2026-01-06"): 10})

    assert read(samsung, apple) == [[700, 800], [10]]
    assert read(apple) == [[10]]


def test_sources_and_generated_figures_are_those_of_the_range():
    apple = instrument_make("AAPL")
    write(apple, {day("2026-01-05"): 10}, source=Source.SAMPLE, mask=8)
    write(apple, {day("2026-01-06"): 11}, source=Source.CSV)

    both = closes_read([apple.pk])[apple.pk]
    later = closes_read([apple.pk], first=number("2026-01-06"))[apple.pk]

    assert (both.sources(), both.generated_mask()) == ({"SAMPLE", "CSV"}, 8)
    assert (later.sources(), later.generated_mask()) == ({"CSV"}, 0)


def test_the_least_recently_used_copies_make_room():
    def copy_of(n_bars):
        days = np.arange(n_bars, dtype=np.int32)
        closes = Closes(days, days.astype(np.int64), days.astype(np.int16))
        return history._Copy(revision, settled=100, closes=closes)

    revision = uuid4()
    copies = HistoryCopies(bars_max=10)
    copies.keep({1: copy_of(4), 2: copy_of(4)})
    assert set(copies.good({1: revision}, settled_since=0)) == {1}

    copies.keep({3: copy_of(4)})

    assert set(copies.good(dict.fromkeys((1, 2, 3), revision), settled_since=0)) == {1, 3}
