import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.adjustments import back_adjustment, payout_factor, rights_factor, split_factor
from quant.errors import QuantError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(("ratio", "factor"), [(4, 0.25), (0.1, 10.0), (1.05, 1 / 1.05), (1, 1.0)])
def test_split(ratio, factor):
    assert split_factor(ratio) == pytest.approx(factor, rel=1e-15)


def test_payout():
    assert payout_factor(50.0, 0.25) == 0.995


def test_rights_by_hand():
    # One new share at 30 for two held at 60: (60 + 0.5 * 30) / 1.5 = 50.
    assert rights_factor(60.0, 1.5, 30.0) == pytest.approx(50 / 60, rel=1e-15)
    assert rights_factor(60.0, 1.5, 60.0) == 1.0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: split_factor(0),
        lambda: split_factor(float("nan")),
        lambda: payout_factor(10, 10),
        lambda: payout_factor(-1, 0.5),
        lambda: payout_factor(10, 0),
        lambda: rights_factor(10, 1, 5),
        lambda: rights_factor(10, 2, float("inf")),
        lambda: back_adjustment([1], [1, 2], [0.5]),
        lambda: back_adjustment([1], [1], [0.0]),
        lambda: back_adjustment([1], [1], [float("nan")]),
    ],
)
def test_senseless_figures_are_refused(wrong):
    with pytest.raises(QuantError):
        wrong()


def test_bars_at_the_time_of_an_event_are_after_it():
    assert back_adjustment([9, 10, 11], [10], [0.5]).tolist() == [0.5, 1.0, 1.0]


def test_without_events_nothing_changes():
    assert back_adjustment([1, 2], [], []).tolist() == [1.0, 1.0]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.floats(0.05, 20)), max_size=12),
    st.lists(st.integers(0, 50), max_size=20),
)
def test_factor_is_the_product_of_later_events_in_any_order(events, times):
    when, by = [row[0] for row in events], [row[1] for row in events]

    found = back_adjustment(times, when, by)

    expected = [np.prod([f for at, f in events if at > time]) for time in times]
    assert found == pytest.approx(np.array(expected), rel=1e-12)
    backwards = back_adjustment(times, when[::-1], by[::-1])
    assert backwards == pytest.approx(found, rel=1e-12)
