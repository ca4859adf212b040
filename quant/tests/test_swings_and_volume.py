"""Trend, oscillators and volume, by hand, by TA-Lib and by their properties."""

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from quant import oscillators, trend, volume
from quant.errors import InsufficientDataError, InvalidParameterError, InvalidSeriesError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


def bars(n_observations=300, seed=5):
    random = np.random.default_rng(seed)
    closes = 100.0 * np.exp(np.cumsum(random.normal(0.0003, 0.02, n_observations)))
    highs = closes * (1 + random.uniform(0.001, 0.02, n_observations))
    lows = closes * (1 - random.uniform(0.001, 0.02, n_observations))
    return highs, lows, closes, random.integers(1_000, 100_000, n_observations).astype(float)


def test_moving_ones_are_those_of_ta_lib():
    high, low, close, shares = bars()
    movement = trend.directional_movement(high, low, close, window=14)
    fast = oscillators.fast_stochastic_oscillator(high, low, close, window=14, smoothing=3)
    expected_k, expected_d = talib.STOCHF(high, low, close, fastk_period=14, fastd_period=3)
    pairs = [
        (trend.weighted_moving_average(close, window=20), talib.WMA(close, 20)),
        (movement.adx, talib.ADX(high, low, close, 14)),
        (movement.plus_di, talib.PLUS_DI(high, low, close, 14)),
        (movement.minus_di, talib.MINUS_DI(high, low, close, 14)),
        (fast.percent_k, expected_k),
        (fast.percent_d, expected_d),
        (oscillators.williams_percent_range(high, low, close), talib.WILLR(high, low, close, 14)),
        (oscillators.commodity_channel_index(high, low, close), talib.CCI(high, low, close, 20)),
        (
            oscillators.money_flow_index(high, low, close, shares),
            talib.MFI(high, low, close, shares, 14),
        ),
        (volume.on_balance_volume(close, shares), talib.OBV(close, shares)),
    ]

    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9, equal_nan=True)


def test_ichimoku_stands_where_a_chart_draws_it():
    high, low, close, _ = bars(120)
    cloud = trend.ichimoku_cloud(high, low, close, conversion=9, base=26, span=52)

    def middle(end, window):
        return (high[end - window + 1 : end + 1].max() + low[end - window + 1 : end + 1].min()) / 2

    at = 110
    assert cloud.conversion[at] == pytest.approx(middle(at, 9))
    assert cloud.base[at] == pytest.approx(middle(at, 26))
    assert cloud.span_a[at] == pytest.approx((middle(at - 26, 9) + middle(at - 26, 26)) / 2)
    assert cloud.span_b[at] == pytest.approx(middle(at - 26, 52))
    assert cloud.lagging[at - 26] == close[at]
    assert np.isnan(cloud.lagging[-26:]).all()
    assert int(np.isnan(cloud.span_a).sum()) == 26 + 25
    assert int(np.isnan(cloud.span_b).sum()) == 26 + 51


def test_where_nothing_moved_an_oscillator_is_undefined_and_not_zero():
    flat = np.full(40, 50.0)
    still = np.zeros(40)
    fast = oscillators.fast_stochastic_oscillator(flat, flat, flat)

    for values in (
        fast.percent_k,
        fast.percent_d,
        oscillators.williams_percent_range(flat, flat, flat),
        oscillators.commodity_channel_index(flat, flat, flat),
        oscillators.money_flow_index(flat, flat, flat, still),
        volume.rolling_average_price(flat, flat, flat, still),
        volume.session_average_price(flat, flat, flat, still, still),
    ):
        assert np.isnan(values).all()


def test_the_average_of_k_is_undefined_while_one_k_in_it_is():
    closes = np.array([1.0, 2.0, 2.0, 2.0, 3.0, 4.0, 5.0])
    fast = oscillators.fast_stochastic_oscillator(closes, closes, closes, window=2, smoothing=2)

    assert np.isnan(fast.percent_k).tolist() == [True, True, True, True, False, False, False]
    assert np.isnan(fast.percent_d).tolist() == [True, True, True, True, True, False, False]


def test_the_average_price_begins_anew_with_each_session():
    prices = np.array([10.0, 20.0, 100.0, 300.0])
    shares = [1, 3, 0, 2]

    anchored = volume.session_average_price(prices, prices, prices, shares, [1, 1, 2, 2])

    assert anchored[:2].tolist() == [10.0, 17.5]
    assert np.isnan(anchored[2])
    assert anchored[3] == 300.0


@given(st.integers(2, 30), st.integers(0, 100))
def test_an_average_price_lies_between_low_and_high(window, seed):
    high, low, close, shares = bars(60, seed)

    rolled = volume.rolling_average_price(high, low, close, shares, window=window)[window - 1 :]

    assert (rolled <= high.max()).all()
    assert (rolled >= low.min()).all()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda h, low, c, v: trend.weighted_moving_average(c, window=1), InvalidParameterError),
        (
            lambda h, low, c, v: trend.directional_movement(h, low, c, window=40),
            InsufficientDataError,
        ),
        (lambda h, low, c, v: trend.ichimoku_cloud(h, low, c), InsufficientDataError),
        (lambda h, low, c, v: trend.directional_movement(low, h, c), InvalidSeriesError),
        (lambda h, low, c, v: volume.on_balance_volume(c, v[1:]), InvalidSeriesError),
        (lambda h, low, c, v: volume.on_balance_volume(c, -v), InvalidSeriesError),
        (
            lambda h, low, c, v: volume.session_average_price(h, low, c, v, [1]),
            InvalidSeriesError,
        ),
    ],
)
def test_bad_input_is_refused(call, error):
    with pytest.raises(error):
        call(*bars(50))
