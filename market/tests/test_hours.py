import subprocess
import sys
import warnings
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market import hours, trading_days
from market.enums import DayKind, SessionName
from market.errors import CalendarRangeError
from tradingplatform.errors import InvalidInputError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

SEOUL, NEW_YORK = ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")
FIRST, LAST = date(1990, 1, 1), date(2030, 12, 31)


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def instants(first, last):
    edges = [
        int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) for day in (first, last)
    ]
    return st.integers(*edges).map(lambda second: datetime.fromtimestamp(second, UTC))


@cache
def library(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import exchange_calendars

        # To 2031: the library takes the last session of its range for a first one.
        return exchange_calendars.get_calendar(name, start="1990-01-01", end="2031-12-31")


@cache
def library_hours(name):
    rows = library(name).schedule.loc[str(FIRST) : str(LAST)]
    return {
        day.date(): (row.open.to_pydatetime(), row.close.to_pydatetime())
        for day, row in rows.iterrows()
    }


def our_hours(venue):
    plans = [hours.day_plan(venue, day) for day in trading_days.days_between(FIRST, LAST)]
    return {plan.day: (plan.opens_at, plan.closes_at) for plan in plans if plan is not None}


def test_us_hours_are_those_of_the_library_for_41_years():
    assert our_hours("NYSE") == library_hours("XNYS")
    assert our_hours("NASDAQ") == our_hours("AMEX") == our_hours("NYSE")


def test_krx_hours_are_those_of_the_library_but_for_the_shipped_overrides():
    ours, theirs = our_hours("KRX"), library_hours("XKRX")

    differing = {day for day in ours.keys() | theirs.keys() if ours.get(day) != theirs.get(day)}

    assert differing == set(trading_days._shipped()["KRX"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@given(instants(date(1990, 1, 3), date(2030, 12, 20)))
@settings(max_examples=300, deadline=None)
def test_us_instants_agree_with_the_library(at):
    minute = at.replace(second=0, microsecond=0)
    nyse = library("XNYS")

    assert hours.is_open("NYSE", minute) == nyse.is_open_on_minute(minute)
    assert hours.next_open("NYSE", minute) == nyse.next_open(minute).to_pydatetime()
    assert hours.next_close("NYSE", minute) == nyse.next_close(minute).to_pydatetime()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@given(instants(date(1990, 1, 5), date(2020, 12, 20)))
@settings(max_examples=300, deadline=None)
def test_krx_instants_before_2021_agree_with_the_library_lunch_included(at):
    minute = at.replace(second=0, microsecond=0)

    assert hours.is_open("KRX", minute) == library("XKRX").is_open_on_minute(minute)


@pytest.mark.parametrize(
    ("at", "name", "is_open"),
    [
        ("2026-09-11T08:29:59", None, False),
        ("2026-09-11T08:35", SessionName.OPENING_AUCTION, False),
        ("2026-09-11T09:00", SessionName.REGULAR, True),
        ("2026-09-11T15:20", SessionName.CLOSING_AUCTION, True),
        ("2026-09-11T15:30", None, False),
        ("2026-09-11T15:40", SessionName.AFTER_CLOSE_PRICE, False),
        ("2026-09-11T16:00", SessionName.AFTER_SINGLE_PRICE, False),
        ("2026-09-11T18:00", None, False),
        ("2026-09-14T16:00", SessionName.AFTER_MARKET, False),
        ("2026-09-14T19:59:59", SessionName.AFTER_MARKET, False),
        ("2026-09-14T20:00", None, False),
        ("2026-09-12T10:00", None, False),
        ("1999-05-03T12:30", None, False),
        ("1999-05-03T13:00", SessionName.REGULAR, True),
        ("2016-07-29T15:00", None, False),
        ("2016-08-01T15:00", SessionName.REGULAR, True),
    ],
)
def test_krx_sessions(at, name, is_open):
    running = hours.session_at("KRX", seoul(at))

    assert (running and running.name, hours.is_open("KRX", seoul(at))) == (name, is_open)


@pytest.mark.parametrize(
    ("at", "name"),
    [
        ("2025-03-03T08:30", None),
        ("2025-03-04T08:30", SessionName.PRE_MARKET),
        ("2025-03-04T09:00:29", None),
        ("2025-03-04T09:00:30", SessionName.REGULAR),
        ("2025-03-04T15:20", None),
        ("2025-03-04T15:35", SessionName.AFTER_CLOSE_PRICE),
        ("2025-03-04T15:40", SessionName.AFTER_MARKET),
        ("2025-03-04T20:00", None),
        ("2025-11-13T08:30", None),
        ("2025-11-13T10:00:30", SessionName.REGULAR),
        ("2025-11-13T16:19", SessionName.REGULAR),
        ("2026-01-02T08:30", None),
    ],
)
def test_nxt_sessions(at, name):
    running = hours.session_at("NXT", seoul(at))

    assert (running and running.name) == name


@pytest.mark.parametrize(
    ("at", "name"),
    [
        ("2026-07-06T04:00", SessionName.PRE_MARKET),
        ("2026-07-06T09:30", SessionName.REGULAR),
        ("2026-07-06T16:00", SessionName.AFTER_MARKET),
        ("2026-07-06T20:00", None),
        ("2026-11-27T12:59", SessionName.REGULAR),
        ("2026-11-27T13:00", SessionName.AFTER_MARKET),
        ("2026-11-27T17:00", None),
        ("2026-11-26T11:00", None),
        ("2012-07-06T08:00", None),
    ],
)
def test_us_sessions(at, name):
    running = hours.session_at("NASDAQ", new_york(at))

    assert (running and running.name) == name


@pytest.mark.parametrize("day", sorted(trading_days._shipped()["KRX"]))
def test_where_the_library_is_wrong_ours_is_right(day):
    plan = hours.day_plan("KRX", day)

    if day.month == 11:
        local = [edge.astimezone(SEOUL).time() for edge in (plan.opens_at, plan.closes_at)]
        assert (local, plan.kind) == ([time(10), time(16, 30)], DayKind.SPECIAL_HOURS)
        assert day.weekday() == 3
    else:
        assert plan is None


@pytest.mark.parametrize("year", range(2001, 2031))
def test_krx_opens_an_hour_late_on_the_first_trading_day(year):
    first = trading_days.trading_days("KRX", date(year, 1, 1), date(year, 1, 10))[0]

    assert hours.day_plan("KRX", first).opens_at.astimezone(SEOUL).time() == time(10)


def test_daylight_saving_moves_new_york_and_not_seoul():
    before, after = new_york("2026-03-06T20:00"), new_york("2026-03-08T20:00")

    assert hours.next_open("NYSE", before).time() == time(13, 30)
    assert hours.next_open("NYSE", new_york("2026-03-05T20:00")).time() == time(14, 30)
    assert hours.next_open("NYSE", after) == datetime(2026, 3, 9, 13, 30, tzinfo=UTC)
    assert hours.next_open("KRX", after).time() == time(0)


def test_open_and_close_are_strictly_later():
    opens = seoul("2026-11-23T09:00")

    assert hours.next_open("KRX", opens) == seoul("2026-11-24T09:00")
    assert hours.next_open("KRX", opens - timedelta(seconds=1)) == opens
    assert hours.next_close("KRX", opens) == seoul("2026-11-23T15:30")
    assert hours.next_close("KRX", seoul("2026-11-23T15:30")) == seoul("2026-11-24T15:30")


def test_next_open_passes_the_longest_closures():
    assert hours.next_open("KRX", seoul("2025-10-02T16:00")) == seoul("2025-10-10T09:00")
    assert hours.next_open("NYSE", new_york("2001-09-10T17:00")) == new_york("2001-09-17T09:30")


def test_sessions_between_are_those_that_overlap_in_order():
    found = hours.sessions_between("NXT", seoul("2026-11-20T15:30"), seoul("2026-11-23T08:50"))

    assert [(row.name, row.day.day) for row in found] == [
        (SessionName.AFTER_CLOSE_PRICE, 20),
        (SessionName.AFTER_MARKET, 20),
        (SessionName.PRE_MARKET, 23),
    ]


@given(
    st.sampled_from(["KRX", "NXT", "NYSE"]),
    instants(date(1990, 1, 1), date(2030, 11, 1)),
)
@settings(max_examples=300, deadline=None)
def test_session_of_an_instant_is_among_the_sessions_around_it(venue, at):
    around = hours.sessions_between(venue, at, at + timedelta(microseconds=1))
    running = hours.session_at(venue, at)

    assert (running is None) == (not around)
    assert running is None or running in around
    assert all(row.starts_at < row.ends_at for row in around)
    assert hours.is_open(venue, at) == any(row.is_regular for row in around)


def test_days_say_what_they_are():
    kinds = {row.day.day: row.kind for row in hours.calendar_days("NYSE", *november(2026))}

    assert [kinds[day] for day in (24, 26, 27, 28)] == [
        DayKind.REGULAR,
        DayKind.HOLIDAY,
        DayKind.HALF_DAY,
        DayKind.WEEKEND,
    ]


def november(year):
    return date(year, 11, 1), date(year, 11, 30)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(1989, 12, 31), date(1990, 1, 2)),
        (date(2030, 12, 1), date(2031, 1, 1)),
        (date(2026, 2, 2), date(2026, 2, 1)),
        (date(2025, 1, 1), date(2026, 2, 5)),
    ],
)
def test_senseless_ranges_are_refused(start, end):
    with pytest.raises(CalendarRangeError):
        hours.calendar_days("KRX", start, end)


def test_unknown_venue_is_refused():
    with pytest.raises(InvalidInputError):
        hours.is_open("LSE", datetime(2026, 1, 5, tzinfo=UTC))


def test_nxt_has_no_open_before_it_began():
    assert hours.next_open("NXT", seoul("2025-02-28T12:00")) == seoul("2025-03-04T09:00:30")
    with pytest.raises(InvalidInputError):
        hours.next_open("NXT", seoul("2020-01-01T00:00"))


def test_the_library_is_not_loaded_for_the_known_years():
    script = (
        "import django, os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = "
        "'tradingplatform.settings.test'; django.setup();"
        "from market import hours; from datetime import datetime, UTC;"
        "hours.next_open('KRX', datetime(2030, 1, 1, tzinfo=UTC));"
        "sys.exit('exchange_calendars' in sys.modules or 'pandas' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
