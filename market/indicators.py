"""Which indicators a client may ask for, in which bounds, and how many bars each looks back.

A request names them as ``rsi:14,macd:12-26-9,vwap``; a number left out is the usual one.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from market.errors import IndicatorInvalidError
from market.types import FloatArray
from quant import indicators, oscillators, trend, volume
from quant.errors import InsufficientDataError

INDICATORS_MAX = 10
INTRADAY_WIDTH_S = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600}

_EMA_SETTLES = 10
"""An exponential average forgets its start to 1e-8 within so many times its window."""
_WILDER_SETTLES = 2 * _EMA_SETTLES
_SESSION_DAYS = 5
"""A session of the sample market may span a weekend with holidays around it."""
_FORM = re.compile(r"([a-z]{2,10})(?::([0-9.]{1,7}(?:-[0-9.]{1,7}){0,3}))?", re.ASCII)


@dataclass(frozen=True)
class Series:
    """The bars that indicators are computed from, as arrays of shape (n_bars,)."""

    interval: str
    highs: FloatArray
    lows: FloatArray
    closes: FloatArray
    volumes: FloatArray
    sessions: FloatArray

    def part(self, first: int) -> "Series":
        """Return the bars from index ``first`` on."""
        columns = (self.highs, self.lows, self.closes, self.volumes, self.sessions)
        return Series(self.interval, *(column[first:] for column in columns))


@dataclass(frozen=True)
class Parameter:
    """A number of an indicator: whole unless its default is not."""

    name: str
    default: float
    low: float
    high: float


Numbers = Sequence[float]
Lines = tuple[FloatArray, ...]


@dataclass(frozen=True)
class Indicator:
    """One indicator: its parameters, its lines, how far it looks back and how it is computed."""

    name: str
    parameters: tuple[Parameter, ...]
    lines: tuple[str, ...]
    look_back: Callable[[str, Numbers], int]
    compute: Callable[[Series, Numbers], Lines]
    is_anchored: bool = False
    """Counts from the first bar shown, so that only its changes mean something."""


@dataclass(frozen=True)
class Wanted:
    """One indicator with its numbers, as a client asked for it."""

    indicator: Indicator
    numbers: tuple[float, ...] = field(default=())

    @property
    def parameters(self) -> dict[str, float]:
        """The numbers by name; whole ones as integers."""
        names = (parameter.name for parameter in self.indicator.parameters)
        return dict(zip(names, self.numbers, strict=True))

    def look_back(self, interval: str) -> int:
        """Return how many bars before the first one shown make that one settled."""
        return self.indicator.look_back(interval, self.numbers)


def indicators_parse(text: str) -> list[Wanted]:
    """Read ``rsi:14,macd:12-26-9``; IndicatorInvalidError says which part is wrong and why."""
    parts = [part.strip().lower() for part in text.split(",") if part.strip()]
    if not 1 <= len(parts) <= INDICATORS_MAX:
        raise IndicatorInvalidError(f"Name 1 to {INDICATORS_MAX} indicators.")
    wanted = [_parsed(part) for part in parts]
    if len({(one.indicator.name, one.numbers) for one in wanted}) < len(wanted):
        raise IndicatorInvalidError("An indicator is named twice with the same numbers.")
    return wanted


def lines_of(wanted: Wanted, series: Series) -> Lines:
    """Compute one indicator; all NaN where the bars are fewer than it needs."""
    try:
        return wanted.indicator.compute(series, wanted.numbers)
    except InsufficientDataError:
        return tuple(np.full(series.closes.size, np.nan) for _ in wanted.indicator.lines)


def _parsed(part: str) -> Wanted:
    matched = _FORM.fullmatch(part)
    indicator = INDICATORS.get(matched[1]) if matched else None
    if matched is None or indicator is None:
        message = f"There is no such indicator: {part[:40]}."
        raise IndicatorInvalidError(message, known=sorted(INDICATORS))
    given = matched[2].split("-") if matched[2] else []
    if len(given) > len(indicator.parameters):
        raise IndicatorInvalidError(f"Too many numbers: {part[:40]}.", indicator=indicator.name)
    numbers = [_number(indicator, *pair) for pair in zip(indicator.parameters, given, strict=False)]
    numbers += [parameter.default for parameter in indicator.parameters[len(numbers) :]]
    if indicator.name == "macd" and numbers[0] >= numbers[1]:
        message = "The fast window of macd must be below the slow one."
        raise IndicatorInvalidError(message, indicator="macd")
    return Wanted(indicator, tuple(numbers))


def _number(indicator: Indicator, parameter: Parameter, text: str) -> float:
    is_whole = isinstance(parameter.default, int)
    number = Decimal(text if text.count(".") < 2 and text.strip(".") else "NaN")
    fits = number.is_finite() and parameter.low <= number <= parameter.high
    if not fits or (is_whole and number != number.to_integral_value()):
        kind = "a whole number" if is_whole else "a number"
        raise IndicatorInvalidError(
            f"{indicator.name}: {parameter.name} is {kind} from {parameter.low} to"
            f" {parameter.high}.",
            indicator=indicator.name,
            parameter=parameter.name,
        )
    return int(number) if is_whole else float(number)


def _window(default: int, high: int = 250) -> Parameter:
    return Parameter("window", default, 2, high)


def _look_back_window(_interval: str, numbers: Numbers) -> int:
    return int(numbers[0]) - 1


def _look_back_wilder(_interval: str, numbers: Numbers) -> int:
    return int(numbers[0]) * _WILDER_SETTLES


def _look_back_session(interval: str, numbers: Numbers) -> int:
    width_s = INTRADAY_WIDTH_S.get(interval)
    return int(numbers[0]) - 1 if width_s is None else _SESSION_DAYS * 86_400 // width_s


def _rsi(series: Series, numbers: Numbers) -> Lines:
    values = indicators.relative_strength_index(series.closes, window=int(numbers[0]))
    # TA-Lib says 0, "oversold", of a price that has never moved.
    closes = series.closes
    still = np.maximum.accumulate(closes) == np.minimum.accumulate(closes)
    return (np.where(still, np.nan, values),)


def _macd(series: Series, numbers: Numbers) -> Lines:
    fast, slow, signal = (int(number) for number in numbers)
    found = indicators.moving_average_convergence_divergence(
        series.closes, fast=fast, slow=slow, signal=signal
    )
    return found.line, found.signal, found.histogram


def _bbands(series: Series, numbers: Numbers) -> Lines:
    bands = indicators.bollinger_bands(series.closes, window=int(numbers[0]), width=numbers[1])
    return bands.upper, bands.middle, bands.lower


def _atr(series: Series, numbers: Numbers) -> Lines:
    return (
        indicators.average_true_range(
            series.highs, series.lows, series.closes, window=int(numbers[0])
        ),
    )


def _sma(series: Series, numbers: Numbers) -> Lines:
    return (indicators.simple_moving_average(series.closes, window=int(numbers[0])),)


def _ema(series: Series, numbers: Numbers) -> Lines:
    return (indicators.exponential_moving_average(series.closes, window=int(numbers[0])),)


def _wma(series: Series, numbers: Numbers) -> Lines:
    return (trend.weighted_moving_average(series.closes, window=int(numbers[0])),)


def _stoch(series: Series, numbers: Numbers) -> Lines:
    window, smoothing = (int(number) for number in numbers)
    found = indicators.stochastic_oscillator(
        series.highs, series.lows, series.closes, window=window, smoothing=smoothing
    )
    flat = oscillators.flat_windows(series.highs, series.lows, window=window)
    undefined = np.convolve(flat, np.ones(2 * smoothing - 1))[: flat.size] > 0
    return tuple(np.where(undefined, np.nan, line) for line in (found.percent_k, found.percent_d))


def _stochf(series: Series, numbers: Numbers) -> Lines:
    window, smoothing = (int(number) for number in numbers)
    found = oscillators.fast_stochastic_oscillator(
        series.highs, series.lows, series.closes, window=window, smoothing=smoothing
    )
    return found.percent_k, found.percent_d


def _adx(series: Series, numbers: Numbers) -> Lines:
    found = trend.directional_movement(
        series.highs, series.lows, series.closes, window=int(numbers[0])
    )
    return found.adx, found.plus_di, found.minus_di


def _ichimoku(series: Series, numbers: Numbers) -> Lines:
    conversion, base, span = (int(number) for number in numbers)
    found = trend.ichimoku_cloud(
        series.highs, series.lows, series.closes, conversion=conversion, base=base, span=span
    )
    return found.conversion, found.base, found.span_a, found.span_b, found.lagging


def _vwap(series: Series, numbers: Numbers) -> Lines:
    bars = (series.highs, series.lows, series.closes, series.volumes)
    if series.interval in INTRADAY_WIDTH_S:
        return (volume.session_average_price(*bars, series.sessions),)
    return (volume.rolling_average_price(*bars, window=int(numbers[0])),)


def _cci(series: Series, numbers: Numbers) -> Lines:
    return (
        oscillators.commodity_channel_index(
            series.highs, series.lows, series.closes, window=int(numbers[0])
        ),
    )


def _mfi(series: Series, numbers: Numbers) -> Lines:
    return (
        oscillators.money_flow_index(
            series.highs, series.lows, series.closes, series.volumes, window=int(numbers[0])
        ),
    )


def _willr(series: Series, numbers: Numbers) -> Lines:
    return (
        oscillators.williams_percent_range(
            series.highs, series.lows, series.closes, window=int(numbers[0])
        ),
    )


def _obv(series: Series, _numbers: Numbers) -> Lines:
    return (volume.on_balance_volume(series.closes, series.volumes),)


_SMOOTHING = Parameter("smoothing", 3, 1, 50)
INDICATORS = {
    one.name: one
    for one in (
        Indicator("sma", (_window(20),), ("sma",), _look_back_window, _sma),
        Indicator(
            "ema",
            (_window(20, 200),),
            ("ema",),
            lambda _, numbers: int(numbers[0]) * _EMA_SETTLES,
            _ema,
        ),
        Indicator("wma", (_window(20),), ("wma",), _look_back_window, _wma),
        Indicator("rsi", (_window(14, 100),), ("rsi",), _look_back_wilder, _rsi),
        Indicator(
            "macd",
            (
                Parameter("fast", 12, 2, 99),
                Parameter("slow", 26, 3, 100),
                Parameter("signal", 9, 1, 100),
            ),
            ("macd", "signal", "histogram"),
            lambda _, numbers: int(numbers[1] + numbers[2]) * _EMA_SETTLES,
            _macd,
        ),
        Indicator(
            "bbands",
            (_window(20), Parameter("width", 2.0, 0.1, 10)),
            ("upper", "middle", "lower"),
            _look_back_window,
            _bbands,
        ),
        Indicator("atr", (_window(14, 100),), ("atr",), _look_back_wilder, _atr),
        Indicator(
            "stoch",
            (_window(14), _SMOOTHING),
            ("percent_k", "percent_d"),
            lambda _, numbers: int(numbers[0] + 2 * numbers[1]) - 3,
            _stoch,
        ),
        Indicator(
            "stochf",
            (_window(14), _SMOOTHING),
            ("percent_k", "percent_d"),
            lambda _, numbers: int(numbers[0] + numbers[1]) - 2,
            _stochf,
        ),
        Indicator("obv", (), ("obv",), lambda _interval, _numbers: 0, _obv, is_anchored=True),
        Indicator(
            "adx",
            (_window(14, 50),),
            ("adx", "plus_di", "minus_di"),
            lambda _, numbers: int(numbers[0]) * 2 * _WILDER_SETTLES,
            _adx,
        ),
        Indicator(
            "ichimoku",
            (
                Parameter("conversion", 9, 2, 100),
                Parameter("base", 26, 2, 100),
                Parameter("span", 52, 2, 250),
            ),
            ("conversion", "base", "span_a", "span_b", "lagging"),
            lambda _, numbers: int(numbers[1] + max(numbers)) - 1,
            _ichimoku,
        ),
        Indicator("vwap", (_window(20),), ("vwap",), _look_back_session, _vwap),
        Indicator("cci", (_window(20),), ("cci",), _look_back_window, _cci),
        Indicator("mfi", (_window(14),), ("mfi",), lambda _, numbers: int(numbers[0]), _mfi),
        Indicator("willr", (_window(14),), ("willr",), _look_back_window, _willr),
    )
}
