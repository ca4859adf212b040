from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.gaps import QUIET_MAX_S, missing_days, silences

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)
OPEN, CLOSE = 6000, 6000 + 3600


def days(*offsets):
    return [MONDAY + timedelta(days=offset) for offset in offsets]


@pytest.mark.parametrize(
    ("case", "stored", "expected"),
    [
        ("all there", [FRIDAY, MONDAY, *days(1, 2)], []),
        ("none there", [], [(FRIDAY, *days(2))]),
        ("a weekend does not part a range", days(1, 2), [(FRIDAY, MONDAY)]),
        ("a stored day does", days(0), [(FRIDAY, FRIDAY), tuple(days(1, 2))]),
        ("days that nobody expects do not count", [FRIDAY - timedelta(days=1), MONDAY, *days(1, 2)],
         [(FRIDAY, FRIDAY)]),
    ],
)  # fmt: skip
def test_ranges_of_missing_days(case, stored, expected):
    assert missing_days([FRIDAY, MONDAY, *days(1, 2)], stored) == expected


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_ranges_hold_each_missing_day_once(wanted, there):
    expected = [MONDAY + timedelta(days=offset) for offset in sorted(wanted)]
    stored = {MONDAY + timedelta(days=offset) for offset in there}

    ranges = missing_days(expected, stored)

    covered = [day for day in expected for first, last in ranges if first <= day <= last]
    assert covered == [day for day in expected if day not in stored]


def minutes(*starts):
    return np.array(starts, dtype=np.int64)


def test_a_session_that_traded_all_the_time_has_no_silence():
    assert silences(np.arange(OPEN, CLOSE, 60), OPEN, CLOSE) == []


def test_silences_begin_after_the_last_trade_and_end_with_the_next():
    traded = np.concatenate([np.arange(OPEN, OPEN + 600, 60), np.arange(OPEN + 1800, CLOSE, 60)])

    assert silences(traded, OPEN, CLOSE) == [(OPEN + 600, OPEN + 1800)]


def test_a_short_rest_is_no_silence():
    for rest, found in ((QUIET_MAX_S, []), (QUIET_MAX_S + 60, [(OPEN + 60, OPEN + 420)])):
        traded = np.concatenate([minutes(OPEN), np.arange(OPEN + 60 + rest, CLOSE, 60)])
        assert silences(traded, OPEN, CLOSE) == found


def test_silence_at_the_edges_and_all_day():
    assert silences(minutes(), OPEN, CLOSE) == [(OPEN, CLOSE)]
    assert silences(minutes(OPEN + 1800), OPEN, CLOSE) == [
        (OPEN, OPEN + 1800),
        (OPEN + 1860, CLOSE),
    ]
    assert silences(minutes(OPEN - 60, CLOSE), OPEN, CLOSE) == [(OPEN, CLOSE)]
