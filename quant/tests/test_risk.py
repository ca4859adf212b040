import math

import numpy as np
import pytest
from scipy import stats

from quant import risk

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


def test_volatility_is_annualised_by_the_square_root_of_time():
    returns = [-0.05, -0.02, 0.00, 0.01, 0.06]

    assert risk.volatility(returns, periods_per_year=252) == pytest.approx(
        np.std(returns, ddof=1) * math.sqrt(252)
    )


def test_moments_equal_scipy():
    sample = np.random.default_rng(7).standard_t(8, 300) * 0.01

    result = risk.moments(sample)

    assert result.mean == pytest.approx(sample.mean())
    assert result.deviation == pytest.approx(sample.std(ddof=1))
    assert result.skewness == pytest.approx(stats.skew(sample))
    assert result.excess_kurtosis == pytest.approx(stats.kurtosis(sample))


def test_moments_of_constant_returns_are_zero():
    assert risk.moments([0.0] * 5) == risk.Moments(0.0, 0.0, 0.0, 0.0)


def test_risk_shares_by_hand():
    # Uncorrelated, variances 1 and 4 (x 2e-4), equal weights: shares 1/5 and 4/5.
    pair = [[0.01, 0.02], [-0.01, 0.02], [0.01, -0.02], [-0.01, -0.02]]

    assert risk.gaussian_risk_shares(pair, [0.5, 0.5]) == pytest.approx(np.array([0.2, 0.8]))


def test_risk_shares_of_a_portfolio_that_does_not_move_are_zero():
    assert risk.gaussian_risk_shares([[0.0, 0.0]] * 3, [0.5, 0.5]).tolist() == [0.0, 0.0]


def test_risk_share_of_one_asset_is_the_whole():
    assert risk.gaussian_risk_shares([[0.01], [-0.02]], [5.0]).tolist() == [1.0]
