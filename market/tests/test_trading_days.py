import csv
from datetime import UTC, date, datetime

import pytest

from market import trading_days


@pytest.mark.parametrize(
    ("exchange", "day", "answer"),
    [
        ("KRX", date(2026, 11, 23), True),
        ("KRX", date(2026, 11, 21), False),
        ("KRX", date(2026, 9, 25), False),
        ("KRX", date(2026, 6, 3), False),
        ("KRX", date(2026, 12, 31), False),
        ("NYSE", date(2026, 11, 26), False),
        ("NASDAQ", date(2026, 6, 3), True),
        ("NASDAQ", date(2026, 7, 3), False),
    ],
)
def test_trading_day(exchange, day, answer):
    assert trading_days.is_trading_day(exchange, day) is answer


def test_trading_days_leave_out_weekends_and_holidays():
    days = trading_days.trading_days("NYSE", date(2026, 11, 25), date(2026, 12, 1))

    assert days == [date(2026, 11, 25), date(2026, 11, 27), date(2026, 11, 30), date(2026, 12, 1)]


def test_the_last_trading_day_skips_a_long_weekend():
    assert trading_days.last_trading_day("NYSE", date(2026, 7, 5)) == date(2026, 7, 2)


@pytest.mark.parametrize(
    ("exchange", "at", "session"),
    [
        # Monday 08:00 in Seoul is still Sunday in New York: the session of Friday.
        ("KRX", datetime(2026, 11, 22, 23, tzinfo=UTC), date(2026, 11, 23)),
        ("NYSE", datetime(2026, 11, 22, 23, tzinfo=UTC), date(2026, 11, 20)),
        ("NYSE", datetime(2026, 11, 23, 4, 59, tzinfo=UTC), date(2026, 11, 20)),
        ("NYSE", datetime(2026, 11, 23, 5, 0, tzinfo=UTC), date(2026, 11, 23)),
    ],
)
def test_session_of_an_instant(exchange, at, session):
    assert trading_days.session_date(exchange, at) == session


def test_years_outside_of_the_file_come_from_the_library():
    assert not trading_days.is_trading_day("NYSE", date(2028, 12, 25))
    assert trading_days.is_trading_day("NYSE", date(2028, 12, 26))


@pytest.mark.parametrize(("calendar", "name"), [("KRX", "XKRX"), ("US", "XNYS")])
def test_file_is_the_library_plus_its_named_overrides(calendar, name):
    with trading_days.HOLIDAYS_FILE.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["calendar"] == calendar]
    ours = {
        date.fromisoformat(row["date"]) for row in rows if not row["source"].startswith("override")
    }

    of_library = {day for day in trading_days._library_holidays(name, 2026) if day.weekday() < 5}

    assert {day for day in ours if day.year == 2026} == of_library
