import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from quant import tail_risk
from quant.errors import InsufficientDataError, InvalidParameterError, InvalidSeriesError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

TABLE = [-0.05, -0.03, -0.02, -0.01, 0.00, 0.01, 0.01, 0.02, 0.03, 0.04, 0.06]
RETURNS = st.lists(st.floats(-0.2, 0.2), min_size=5, max_size=60)
LEVELS = st.floats(0.6, 0.995)


def fat_tailed(n_observations=2_000):
    return stats.t(df=8).rvs(n_observations, random_state=np.random.default_rng(7)) * 0.01


def test_historical_tail_risk_by_hand():
    # 11 returns: the 10 % quantile is the second smallest, the tail holds -0.05 and -0.03.
    result = tail_risk.historical_tail_risk(TABLE, confidence=0.90)

    assert result.value_at_risk == pytest.approx(0.03)
    assert result.expected_shortfall == pytest.approx(0.04)
    assert result.n_observations == 11


def test_historical_tail_risk_interpolates():
    # The 5 % quantile lies half-way between -0.05 and -0.03.
    result = tail_risk.historical_tail_risk(TABLE, confidence=0.95)

    assert result.value_at_risk == pytest.approx(0.04)
    assert result.expected_shortfall == pytest.approx(0.05)


def test_gaussian_tail_risk_by_hand():
    # mean 0, deviation 0.01*sqrt(2): z(95 %) = 1.644854, density at z / 5 % = 2.062713
    result = tail_risk.gaussian_tail_risk([-0.01, 0.01], confidence=0.95)

    assert result.value_at_risk == pytest.approx(1.644854 * 0.01 * math.sqrt(2), rel=1e-6)
    assert result.expected_shortfall == pytest.approx(2.062713 * 0.01 * math.sqrt(2), rel=1e-6)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
def test_gaussian_tail_risk_equals_scipy(confidence):
    sample = fat_tailed()
    model = stats.norm(sample.mean(), sample.std(ddof=1))
    quantile = model.ppf(1 - confidence)
    tail = integrate.quad(lambda x: x * model.pdf(x), -1.0, quantile)[0] / (1 - confidence)

    result = tail_risk.gaussian_tail_risk(sample, confidence=confidence)

    assert result.value_at_risk == pytest.approx(-quantile, rel=1e-9)
    assert result.expected_shortfall == pytest.approx(-tail, rel=1e-6)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_cornish_fisher_shortfall_is_the_mean_of_its_value_at_risk(confidence):
    sample = fat_tailed()
    levels = np.linspace(confidence, 1.0, 20_001)[:-1] + (1 - confidence) / 40_000

    mean = np.mean(
        [
            tail_risk.cornish_fisher_tail_risk(sample, confidence=c).value_at_risk
            for c in levels[::20]
        ]
    )
    result = tail_risk.cornish_fisher_tail_risk(sample, confidence=confidence)

    assert result.expected_shortfall == pytest.approx(mean, rel=5e-3)


def test_cornish_fisher_quantile_by_hand():
    # z = -2, S = -0.5, K = 1: -2 + 3*(-0.5)/6 + (-8+6)/24 - (-16+10)*0.25/36
    assert tail_risk._cornish_fisher_quantile(-2.0, -0.5, 1.0) == pytest.approx(
        -2 - 0.25 - 1 / 12 + 1.5 / 36
    )


def test_fat_tails_cost_more_than_the_normal_model_says():
    sample = fat_tailed()

    normal = tail_risk.gaussian_tail_risk(sample, confidence=0.99)
    corrected = tail_risk.cornish_fisher_tail_risk(sample, confidence=0.99)

    assert corrected.value_at_risk > normal.value_at_risk


def test_cornish_fisher_refuses_moments_outside_its_domain():
    with pytest.raises(InvalidParameterError):
        tail_risk.cornish_fisher_tail_risk([0.0] * 99 + [-0.5])


@pytest.mark.parametrize(
    ("_case", "skewness", "kurtosis", "valid"),
    [
        ("normal", 0.0, 0.0, True),
        ("fat", 0.0, 7.9, True),
        ("too fat", 0.0, 8.1, False),
        ("a little thin", 0.0, -0.1, True),
        ("too thin", 0.0, -0.4, False),
        ("skewed without kurtosis", 0.7, 0.0, False),
        ("skewed and fat", 0.5, 2.0, True),
    ],
)
def test_domain_of_the_expansion(_case, skewness, kurtosis, valid):
    assert tail_risk.cornish_fisher_is_valid(skewness=skewness, excess_kurtosis=kurtosis) is valid


@pytest.mark.parametrize("skewness", [-0.4, 0.0, 0.3])
@pytest.mark.parametrize("kurtosis", [-0.5, 0.2, 1.0, 4.0, 9.0])
def test_domain_is_where_the_quantile_rises(skewness, kurtosis):
    z = np.linspace(-5, 5, 20_001)
    quantiles = [tail_risk._cornish_fisher_quantile(float(each), skewness, kurtosis) for each in z]
    rises = bool((np.diff(quantiles) >= 0).all())

    assert tail_risk.cornish_fisher_is_valid(skewness=skewness, excess_kurtosis=kurtosis) is rises


@settings(deadline=None)
@given(RETURNS, LEVELS)
def test_shortfall_is_never_below_value_at_risk(sample, confidence):
    for method in (tail_risk.historical_tail_risk, tail_risk.gaussian_tail_risk):
        result = method(sample, confidence=confidence)

        assert result.expected_shortfall >= result.value_at_risk - 1e-12


@given(RETURNS, LEVELS, st.floats(0.1, 10.0))
def test_tail_risk_scales_with_returns(sample, confidence, scale):
    for method in (tail_risk.historical_tail_risk, tail_risk.gaussian_tail_risk):
        plain = method(sample, confidence=confidence)
        scaled = method([r * scale for r in sample], confidence=confidence)

        assert scaled.value_at_risk == pytest.approx(plain.value_at_risk * scale, abs=1e-9)


@given(RETURNS, st.randoms(use_true_random=False))
def test_order_of_returns_does_not_matter(sample, random):
    shuffled = list(sample)
    random.shuffle(shuffled)

    assert tail_risk.historical_tail_risk(shuffled).value_at_risk == pytest.approx(
        tail_risk.historical_tail_risk(sample).value_at_risk, abs=1e-12
    )


@given(RETURNS, LEVELS, LEVELS)
def test_higher_confidence_never_means_less_risk(sample, one, other):
    low, high = sorted((one, other))

    assert (
        tail_risk.historical_tail_risk(sample, confidence=low).value_at_risk
        <= tail_risk.historical_tail_risk(sample, confidence=high).value_at_risk + 1e-12
    )


def test_horizon_scales_historical_risk_by_the_square_root_of_time():
    day = tail_risk.historical_tail_risk(TABLE)
    four_days = tail_risk.historical_tail_risk(TABLE, horizon_periods=4)

    assert four_days.value_at_risk == pytest.approx(2 * day.value_at_risk)


def test_horizon_moves_gaussian_drift_and_spread_apart():
    # mean 0.01, deviation 0.02 * sqrt(2) over four periods: drift 0.04, spread doubled
    result = tail_risk.gaussian_tail_risk([-0.01, 0.03], confidence=0.95, horizon_periods=4)

    assert result.value_at_risk == pytest.approx(
        1.644854 * 0.02 * math.sqrt(2) * 2 - 0.04, rel=1e-6
    )


@pytest.mark.parametrize("method", sorted(tail_risk.TAIL_RISK_METHODS))
def test_portfolio_of_one_asset_equals_the_asset(method):
    sample = fat_tailed(500)

    result = tail_risk.portfolio_tail_risk(sample[:, None], [3.0], method=method)

    assert result == tail_risk.TAIL_RISK_METHODS[method](sample)


def test_a_perfect_hedge_has_no_risk():
    pair = np.column_stack([TABLE, [-r for r in TABLE]])

    assert tail_risk.portfolio_tail_risk(pair, [1.0, 1.0]).value_at_risk == pytest.approx(0.0)


def test_unknown_method_is_refused():
    with pytest.raises(InvalidParameterError):
        tail_risk.portfolio_tail_risk([[0.0], [0.1]], [1.0], method="magic")


@pytest.mark.parametrize("confidence", [0.49, 1.0, 1.5, float("nan")])
def test_confidence_outside_its_range_is_refused(confidence):
    with pytest.raises(InvalidParameterError):
        tail_risk.historical_tail_risk(TABLE, confidence=confidence)


def test_horizon_below_one_is_refused():
    with pytest.raises(InvalidParameterError):
        tail_risk.gaussian_tail_risk(TABLE, horizon_periods=0)


@pytest.mark.parametrize("sample", [[0.1, float("nan")], [0.1, float("inf")]])
def test_nan_is_refused_not_filled(sample):
    with pytest.raises(InvalidSeriesError):
        tail_risk.historical_tail_risk(sample)


def test_one_return_is_not_enough():
    with pytest.raises(InsufficientDataError):
        tail_risk.gaussian_tail_risk([0.01])
