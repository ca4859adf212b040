from datetime import UTC, date, datetime, time

import pytest

from market import trading_days

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


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
    assert not trading_days.is_trading_day("NYSE", date(2031, 12, 25))
    assert trading_days.is_trading_day("NYSE", date(2031, 12, 26))
    assert trading_days.day_exception("NYSE", date(2031, 12, 24)).closes_at == time(13)


@pytest.mark.parametrize(
    ("exchange", "traded_on", "settled_on"),
    [
        ("KRX", date(2026, 11, 20), date(2026, 11, 24)),
        ("KRX", date(2025, 12, 29), date(2026, 1, 2)),
        ("NYSE", date(2026, 11, 25), date(2026, 11, 27)),
        ("NYSE", date(2024, 5, 24), date(2024, 5, 29)),
        ("NYSE", date(2024, 5, 28), date(2024, 5, 29)),
        ("AMEX", date(2017, 9, 1), date(2017, 9, 7)),
        ("NASDAQ", date(2017, 9, 5), date(2017, 9, 7)),
    ],
)
def test_settlement_counts_trading_days_by_the_rule_of_the_trade_date(
    exchange, traded_on, settled_on
):
    assert trading_days.settlement_date(exchange, traded_on) == settled_on
