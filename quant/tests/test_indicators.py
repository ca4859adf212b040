import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import indicators
from quant.errors import InsufficientDataError, InvalidParameterError, InvalidSeriesError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

CLOSES = [44.0, 44.5, 44.25, 43.75, 44.75, 45.5, 45.25, 46.0, 45.5, 46.25, 46.5, 46.0, 45.75, 46.5]


def walk(n_observations=120):
    steps = np.random.default_rng(3).normal(0.0005, 0.015, n_observations)
    return 100.0 * np.exp(np.cumsum(steps))


def bars(n_observations=120):
    closes = walk(n_observations)
    spread = np.random.default_rng(4).uniform(0.1, 1.5, n_observations)
    return closes + spread, closes - spread, closes


def wilder(values, window):
    average = [sum(values[:window]) / window]
    for value in values[window:]:
        average.append(average[-1] + (value - average[-1]) / window)
    return np.array(average)


def exponential(values, window):
    average = [sum(values[:window]) / window]
    for value in values[window:]:
        average.append(average[-1] + (value - average[-1]) * 2 / (window + 1))
    return np.array(average)


def warm_up(values):
    return int(np.isnan(values).sum())


def test_simple_moving_average_by_hand():
    result = indicators.simple_moving_average([1.0, 2.0, 6.0, 7.0], window=3)

    assert result[2:] == pytest.approx(np.array([3.0, 5.0]))
    assert warm_up(result) == 2


def test_exponential_moving_average_by_its_recursion():
    result = indicators.exponential_moving_average(walk(), window=10)

    assert result[9:] == pytest.approx(exponential(walk(), 10))
    assert warm_up(result) == 9


def test_relative_strength_index_by_hand():
    # Changes +1, -1, +2: means over 3 are gain 1 and loss 1/3, so 100 * 1 / (4/3) = 75.
    result = indicators.relative_strength_index([10.0, 11.0, 10.0, 12.0], window=3)

    assert result[3] == pytest.approx(75.0)
    assert warm_up(result) == 3


def test_relative_strength_index_by_its_recursion():
    changes = np.diff(walk())
    gains, losses = wilder(np.maximum(changes, 0), 14), wilder(np.maximum(-changes, 0), 14)

    result = indicators.relative_strength_index(walk())

    assert result[14:] == pytest.approx(100 * gains / (gains + losses))


def test_relative_strength_index_mirrors_when_prices_are_turned_over():
    closes = np.array(CLOSES)

    up = indicators.relative_strength_index(closes, window=5)[5:]
    down = indicators.relative_strength_index(100.0 - closes, window=5)[5:]

    assert up + down == pytest.approx(np.full(up.size, 100.0))


@given(st.floats(0.01, 1e4))
def test_relative_strength_index_does_not_depend_on_the_unit(scale):
    plain = indicators.relative_strength_index(walk())[-1]

    assert indicators.relative_strength_index(walk() * scale)[-1] == pytest.approx(plain)


def test_macd_by_its_recursion():
    closes = walk()
    fast, slow = exponential(closes[14:], 12), exponential(closes, 26)
    line = fast - slow
    signal = exponential(line, 9)

    result = indicators.moving_average_convergence_divergence(closes)

    assert result.line[33:] == pytest.approx(line[8:])
    assert result.signal[33:] == pytest.approx(signal)
    assert result.histogram[33:] == pytest.approx(line[8:] - signal)
    assert warm_up(result.line) == warm_up(result.signal) == warm_up(result.histogram) == 33


def test_bollinger_bands_by_hand():
    # Mean 3, population deviation sqrt(2): bands at 3 +/- 2 * sqrt(2)
    result = indicators.bollinger_bands([1.0, 2.0, 3.0, 4.0, 5.0], window=5)

    assert result.middle[-1] == pytest.approx(3.0)
    assert result.upper[-1] == pytest.approx(3 + 2 * 2**0.5)
    assert result.lower[-1] == pytest.approx(3 - 2 * 2**0.5)
    assert warm_up(result.upper) == 4


def test_average_true_range_by_its_recursion():
    highs, lows, closes = bars()
    ranges = np.maximum(highs[1:], closes[:-1]) - np.minimum(lows[1:], closes[:-1])

    result = indicators.average_true_range(highs, lows, closes)

    assert result[14:] == pytest.approx(wilder(ranges, 14))
    assert warm_up(result) == 14


def test_stochastic_oscillator_by_brute_force():
    highs, lows, closes = bars(40)
    raw = [
        100
        * (closes[i] - min(lows[i - 13 : i + 1]))
        / (max(highs[i - 13 : i + 1]) - min(lows[i - 13 : i + 1]))
        for i in range(13, 40)
    ]
    percent_k = np.convolve(raw, np.ones(3) / 3, mode="valid")
    percent_d = np.convolve(percent_k, np.ones(3) / 3, mode="valid")

    result = indicators.stochastic_oscillator(highs, lows, closes)

    assert result.percent_k[17:] == pytest.approx(percent_k[2:])
    assert result.percent_d[17:] == pytest.approx(percent_d)
    assert warm_up(result.percent_k) == warm_up(result.percent_d) == 17


@pytest.mark.parametrize(
    ("_case", "compute", "shortest"),
    [
        ("sma", lambda c: indicators.simple_moving_average(c, window=5), 5),
        ("ema", lambda c: indicators.exponential_moving_average(c, window=5), 5),
        ("rsi", lambda c: indicators.relative_strength_index(c, window=5), 6),
        ("macd", indicators.moving_average_convergence_divergence, 34),
        ("bollinger", lambda c: indicators.bollinger_bands(c, window=5), 5),
        ("atr", lambda c: indicators.average_true_range(c, c, c, window=5), 6),
        ("stochastic", lambda c: indicators.stochastic_oscillator(c, c, c), 18),
    ],
)
def test_the_shortest_series_gives_one_value_and_a_shorter_one_an_error(_case, compute, shortest):
    result = compute(walk(shortest))
    last = next(iter(vars(result).values())) if hasattr(result, "__dict__") else result

    assert np.isfinite(last[-1])
    with pytest.raises(InsufficientDataError):
        compute(walk(shortest - 1))


def test_nan_inside_a_series_is_refused():
    closes = walk()
    closes[50] = np.nan

    with pytest.raises(InvalidSeriesError):
        indicators.relative_strength_index(closes)


@pytest.mark.parametrize(
    ("_case", "call"),
    [
        ("window", lambda: indicators.simple_moving_average(CLOSES, window=1)),
        ("width", lambda: indicators.bollinger_bands(CLOSES, window=5, width=0.0)),
        ("fast", lambda: indicators.moving_average_convergence_divergence(walk(), fast=26)),
        ("smoothing", lambda: indicators.stochastic_oscillator(*bars(), smoothing=0)),
    ],
)
def test_parameters_outside_their_range_are_refused(_case, call):
    with pytest.raises(InvalidParameterError):
        call()


@pytest.mark.parametrize(
    ("_case", "highs", "lows"),
    [("lengths", walk(60) + 1, walk(59)), ("high below low", walk(60) - 1, walk(60))],
)
def test_bars_that_do_not_fit_are_refused(_case, highs, lows):
    with pytest.raises(InvalidSeriesError):
        indicators.average_true_range(highs, lows, walk(60))
