import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import drawdown

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("_case", "prices", "expected"),
    [
        ("only up", [1.0, 2.0, 3.0], drawdown.Drawdown(0.0, 0, 0)),
        ("peak and trough", [100.0, 120.0, 90.0, 130.0], drawdown.Drawdown(0.25, 1, 2)),
        ("second fall is deeper", [10.0, 9.0, 20.0, 10.0], drawdown.Drawdown(0.5, 2, 3)),
    ],
)
def test_max_drawdown_by_hand(_case, prices, expected):
    assert drawdown.max_drawdown(prices) == expected


@given(st.lists(st.floats(1.0, 1e4), min_size=2, max_size=30))
def test_max_drawdown_equals_brute_force(prices):
    brute = max(
        1 - later / earlier for index, earlier in enumerate(prices) for later in prices[index:]
    )

    assert drawdown.max_drawdown(prices).depth == pytest.approx(brute, abs=1e-12)
