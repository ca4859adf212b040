import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import returns
from quant.errors import InsufficientDataError, InvalidSeriesError, QuantError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

PRICES = st.lists(st.floats(1.0, 1e6), min_size=2, max_size=50)


@pytest.mark.parametrize(
    ("_case", "prices", "expected"),
    [
        ("up and down", [100.0, 110.0, 99.0], [0.10, -0.10]),
        ("flat", [70_000.0, 70_000.0], [0.0]),
        ("halved and doubled", [8.0, 4.0, 8.0], [-0.5, 1.0]),
    ],
)
def test_simple_returns_by_hand(_case, prices, expected):
    assert returns.simple_returns(prices) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("prices", [[1.0, 0.0], [1.0, -1.0], [1.0, float("nan")], [[1.0, 2.0]]])
@pytest.mark.parametrize("function", [returns.simple_returns, returns.log_returns])
def test_malformed_prices_are_refused(function, prices):
    with pytest.raises(InvalidSeriesError):
        function(prices)


@pytest.mark.parametrize("function", [returns.simple_returns, returns.log_returns])
def test_one_price_is_not_enough(function):
    with pytest.raises(InsufficientDataError):
        function([1.0])


@given(PRICES)
def test_log_and_simple_returns_agree(prices):
    assert np.exp(returns.log_returns(prices)) - 1 == pytest.approx(
        returns.simple_returns(prices), rel=1e-9, abs=1e-12
    )


@given(PRICES, st.floats(0.01, 100.0))
def test_returns_do_not_depend_on_the_unit_of_prices(prices, scale):
    scaled = [price * scale for price in prices]

    assert returns.simple_returns(scaled) == pytest.approx(
        returns.simple_returns(prices), rel=1e-9, abs=1e-9
    )


def test_panel_returns_equal_column_by_column():
    prices = np.array([[100.0, 50.0], [101.0, 49.0], [99.0, 51.0]])

    panel = returns.panel_returns(prices)

    assert panel[:, 0] == pytest.approx(returns.simple_returns(prices[:, 0]))
    assert panel[:, 1] == pytest.approx(returns.simple_returns(prices[:, 1]))


@pytest.mark.parametrize(
    "prices", [[[1.0, 0.0], [1.0, 1.0]], [1.0, 2.0], [[], []], [[1.0], [float("inf")]]]
)
def test_malformed_panels_are_refused(prices):
    with pytest.raises(InvalidSeriesError):
        returns.panel_returns(prices)


def test_a_panel_of_one_row_is_too_short():
    with pytest.raises(InsufficientDataError):
        returns.panel_returns([[1.0, 2.0]])


def test_portfolio_returns_by_hand():
    # 60 % in the first asset, 40 % in the second: 0.6*0.01 + 0.4*0.02 = 0.014
    result = returns.portfolio_returns([[0.01, 0.02], [-0.03, 0.00]], [0.6, 0.4])

    assert result == pytest.approx(np.array([0.014, -0.018]))


@pytest.mark.parametrize("weights", [[1.0], [-1.0, 2.0], [0.0, 0.0], [float("nan"), 1.0]])
def test_malformed_weights_are_refused(weights):
    with pytest.raises(QuantError):
        returns.normalised_weights(weights, n_assets=2)


@given(st.lists(st.floats(0.001, 1e9), min_size=1, max_size=20))
def test_weights_add_up_to_one(weights):
    assert returns.normalised_weights(weights, n_assets=len(weights)).sum() == pytest.approx(1.0)
