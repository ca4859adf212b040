"""When a price may be acted on, and from when on it counts as stale."""

from datetime import datetime, timedelta

import pytest

from market import hours
from market.freshness import is_live, is_stale, is_trading, quote_payload, stale_at
from market.models import Instrument
from market.tests.factories import quote_make

OPEN = datetime.fromisoformat("2026-11-24T10:00:00+09:00")
"""A Tuesday; KRX closes at 15:30."""
NIGHT = datetime.fromisoformat("2026-11-24T23:00:00+09:00")
CLOSE = datetime.fromisoformat("2026-11-24T15:30:00+09:00")
EXAM_DAY = datetime.fromisoformat("2026-11-19T15:45:00+09:00")
"""KRX opens and closes an hour later on the day of the college entrance exam."""


def told(at, *, age_s=0, source="KIS"):
    instrument = Instrument(symbol="005930", exchange="KRX", currency="KRW", source=source)
    return quote_make(instrument, "70000", received_at=at - timedelta(seconds=age_s))


@pytest.mark.parametrize(("age_s", "is_old"), [(0, False), (30, False), (31, True)])
def test_in_a_session_a_quote_is_stale_after_half_a_minute(age_s, is_old):
    quote = told(OPEN, age_s=age_s)

    assert (is_stale(quote, OPEN), is_live(quote, OPEN)) == (is_old, not is_old)


def test_between_sessions_the_last_close_is_shown_and_nothing_acts_on_it():
    just_told, at_the_close = told(NIGHT), told(CLOSE)

    for quote in (just_told, at_the_close):
        assert (is_stale(quote, NIGHT), is_live(quote, NIGHT)) == (False, False)


def test_between_sessions_a_quote_from_before_the_last_close_is_stale():
    quote = told(CLOSE, age_s=60)

    assert (is_stale(quote, NIGHT), is_live(quote, NIGHT)) == (True, False)


def test_a_quote_told_a_moment_before_the_close_grows_old_by_the_rule_of_the_session():
    quote, at = told(CLOSE, age_s=10), CLOSE + timedelta(seconds=5)

    assert not is_stale(quote, at)


def test_the_sample_market_trades_at_night_and_its_quotes_grow_old_there():
    assert is_live(told(NIGHT, source="SAMPLE"), NIGHT)
    assert is_stale(told(NIGHT, age_s=31, source="SAMPLE"), NIGHT)


@pytest.mark.parametrize(
    ("received_at", "source", "until"),
    [
        ("2026-11-24T10:00:00+09:00", "KIS", "2026-11-24T10:00:30+09:00"),
        ("2026-11-24T15:29:50+09:00", "KIS", "2026-11-24T15:30:20+09:00"),
        ("2026-11-24T15:30:00+09:00", "KIS", "2026-11-25T09:00:00+09:00"),
        ("2026-11-27T20:00:00+09:00", "CSV", "2026-11-30T09:00:00+09:00"),
        ("2026-11-24T08:59:50+09:00", "KIS", "2026-11-24T09:00:20+09:00"),
        ("2026-11-24T23:00:00+09:00", "SAMPLE", "2026-11-24T23:00:30+09:00"),
    ],
)
def test_clients_are_told_until_when_a_quote_stands(received_at, source, until):
    quote = told(datetime.fromisoformat(received_at), source=source)
    edge = datetime.fromisoformat(until)

    assert quote_payload(quote, quote.received_at)["stale_at"] == stale_at(quote).isoformat()
    assert stale_at(quote) == edge
    moment = timedelta(microseconds=1)
    assert [is_stale(quote, at) for at in (edge, edge + moment)] == [False, True]


def test_special_hours_count():
    assert is_trading(told(EXAM_DAY), EXAM_DAY)
    assert not is_trading(told(NIGHT), EXAM_DAY + timedelta(hours=1))


@pytest.mark.parametrize(
    ("at", "closed"),
    [
        ("2026-11-24T15:30:00+09:00", "2026-11-24T15:30:00+09:00"),
        ("2026-11-24T15:29:59+09:00", "2026-11-23T15:30:00+09:00"),
        ("2026-11-23T08:00:00+09:00", "2026-11-20T15:30:00+09:00"),
        ("2026-11-20T09:00:00+09:00", "2026-11-19T16:30:00+09:00"),
    ],
)
def test_the_last_close_is_that_of_the_last_regular_session(at, closed):
    found = hours.last_close("KRX", datetime.fromisoformat(at))

    assert found == datetime.fromisoformat(closed)
