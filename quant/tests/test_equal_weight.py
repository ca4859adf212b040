import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from quant.equal_weight import levels_chained, mean_relatives
from quant.errors import InvalidParameterError, InvalidSeriesError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

MEMBERS = arrays.arrays(np.float64, (3, 4), elements=st.floats(0.5, 2.0))


def test_relatives_by_hand():
    # +10 %, -10 %, +3 % are +1 % on average; all halved is one half.
    prices = [[110.0, 45.0, 206.0], [55.0, 22.5, 103.0]]
    bases = [[100.0, 50.0, 200.0], [110.0, 45.0, 206.0]]

    assert mean_relatives(prices, bases) == pytest.approx([1.01, 0.5], abs=1e-15)


def test_levels_by_hand():
    # 1,000.00 * 1.01 = 1,010.00; * 0.999999 = 1,009.99899 -> 1,010.00; * 1.5 = 1,515.00
    assert levels_chained([1.01, 0.999999, 1.5], start=100_000).tolist() == [
        101_000,
        101_000,
        151_500,
    ]


@given(MEMBERS, MEMBERS, st.integers(0, 3), st.sampled_from([0.1, 0.5, 4.0, 50.0]))
def test_a_split_of_a_member_changes_nothing(prices, bases, member, ratio):
    split_prices, split_bases = prices.copy(), bases.copy()
    split_prices[:, member] /= ratio
    split_bases[:, member] /= ratio

    assert mean_relatives(split_prices, split_bases) == pytest.approx(
        mean_relatives(prices, bases), rel=1e-12
    )


@given(MEMBERS, MEMBERS, st.permutations(range(4)))
def test_the_order_of_the_members_changes_nothing(prices, bases, order):
    assert mean_relatives(prices[:, order], bases[:, order]) == pytest.approx(
        mean_relatives(prices, bases), rel=1e-12
    )


@given(MEMBERS, MEMBERS)
def test_the_basket_lies_between_its_best_and_its_worst_member(prices, bases):
    relatives = mean_relatives(prices, bases)

    assert (relatives <= (prices / bases).max(axis=1) * (1 + 1e-12)).all()
    assert (relatives >= (prices / bases).min(axis=1) * (1 - 1e-12)).all()


@given(st.lists(st.floats(0.9, 1.1), max_size=20), st.integers(0, 20))
def test_linking_in_parts_is_linking_at_once(relatives, cut):
    whole = levels_chained(relatives, start=100_000).tolist()
    first = levels_chained(relatives[:cut], start=100_000).tolist()
    rest = levels_chained(relatives[cut:], start=first[-1] if first else 100_000).tolist()

    assert first + rest == whole


@pytest.mark.parametrize(
    ("prices", "bases"),
    [
        ([[1.0, 2.0]], [[1.0]]),
        ([1.0], [1.0]),
        ([[]], [[]]),
        ([[0.0]], [[1.0]]),
        ([[1.0]], [[np.nan]]),
        ([[np.inf]], [[1.0]]),
    ],
)
def test_bad_prices_are_refused(prices, bases):
    with pytest.raises(InvalidSeriesError):
        mean_relatives(prices, bases)


def test_a_start_of_nothing_is_refused():
    with pytest.raises(InvalidParameterError):
        levels_chained([1.0], start=0)
