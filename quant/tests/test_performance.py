import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import performance
from quant.errors import InsufficientDataError, InvalidParameterError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


def test_total_return_by_hand():
    assert performance.total_return([80.0, 200.0, 100.0]) == pytest.approx(0.25)


def test_two_years_of_ten_percent():
    prices = [100.0, 110.0, 121.0]

    assert performance.annualised_return(prices, periods_per_year=1) == pytest.approx(0.10)


@given(st.floats(0.5, 2.0), st.integers(63, 2_520))
def test_annualised_return_compounds_back(growth, n_periods):
    yearly = performance.annualised_return(
        [100.0] * n_periods + [100.0 * growth], periods_per_year=252
    )

    assert (1 + yearly) ** (n_periods / 252) == pytest.approx(growth, rel=1e-9)


def test_sharpe_ratio_by_hand():
    # mean 0.02, risk-free 0.01, deviation 0.01*sqrt(2): 0.7071 a period, times sqrt(4)
    ratio = performance.sharpe_ratio([0.01, 0.03], periods_per_year=4, risk_free_return=0.01)

    assert ratio == pytest.approx(math.sqrt(0.5) * 2)


def test_sharpe_ratio_of_constant_returns_is_not_defined():
    with pytest.raises(InsufficientDataError):
        performance.sharpe_ratio([0.01, 0.01, 0.01], periods_per_year=252)


@pytest.mark.parametrize("periods", [0.0, -1.0, float("inf"), float("nan")])
def test_periods_per_year_must_be_positive(periods):
    with pytest.raises(InvalidParameterError):
        performance.annualised_return([1.0, 2.0], periods_per_year=periods)
