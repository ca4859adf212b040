from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.cutting import LATE_MAX_S, MinuteBars, OpenBar

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

MINUTE = 1_763_910_000 // 60 * 60

trades = st.lists(
    st.tuples(st.integers(1, 10**12), st.integers(1, 10**6), st.integers(0, 179)),
    min_size=1,
    max_size=30,
    unique_by=lambda trade: trade[2],
)


def cut(rows):
    bars = MinuteBars()
    for units, size, after_s in rows:
        bars.trade(units, size, float(MINUTE + after_s))
    return sorted(figures(bar) for bar in bars.take())


def figures(bar):
    return (bar.opened_at, bar.open, bar.high, bar.low, bar.close, bar.volume)


@given(trades)
def test_bars_equal_those_of_the_sorted_trades(rows):
    expected = []
    for start in (0, 60, 120):
        inside = sorted((row for row in rows if start <= row[2] < start + 60), key=lambda r: r[2])
        if inside:
            prices = [row[0] for row in inside]
            volume = sum(row[1] for row in inside)
            edges = (prices[0], max(prices), min(prices), prices[-1], volume)
            expected.append((MINUTE + start, *edges))

    assert cut(rows) == expected


def test_every_order_of_arrival_makes_the_same_bar():
    rows = [(100, 1, 1), (103, 2, 2), (99, 3, 3), (101, 4, 4)]

    assert {tuple(cut(order)) for order in permutations(rows)} == {
        ((MINUTE, 100, 103, 99, 101, 10),)
    }


def test_of_trades_at_one_instant_the_later_one_closes():
    assert cut([(100, 1, 5), (102, 1, 5)]) == [(MINUTE, 100, 102, 100, 102, 2)]


def test_minutes_out_of_reach_are_let_go():
    bars = MinuteBars()
    bars.trade(100, 1, float(MINUTE))

    bars.trade(101, 1, float(MINUTE + LATE_MAX_S + 120))

    assert [bar.opened_at for bar in bars.take()] == [MINUTE, MINUTE + LATE_MAX_S + 120]
    assert list(bars._recent) == [MINUTE + LATE_MAX_S + 120]


def test_a_stored_minute_goes_on_growing():
    stored = OpenBar(MINUTE, 100, 105, 99, 101, 50, MINUTE, MINUTE + 60, is_changed=False)
    bars = MinuteBars([stored])
    assert bars.take() == []

    bars.trade(98, 7, float(MINUTE + 30))

    assert [figures(bar) for bar in bars.take()] == [(MINUTE, 100, 105, 98, 101, 57)]
