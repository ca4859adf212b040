"""The tool `technical_analysis`: indicators of daily bars and plain readings of them."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from chat.tools.base import SYMBOLS_MAX, Arguments, Result, Symbol, Tool, ToolContext
from chat.tools.prices import (
    daily_bars,
    joined,
    midnight,
    once,
    session_caveats,
    source_caveats,
)
from market.selectors import instruments_get
from market.types import BarSeries, FloatArray
from quant import indicators
from quant.errors import InsufficientDataError

RSI_WINDOW, ATR_WINDOW, STOCHASTIC_WINDOW = 14, 14, 14
BOLLINGER_WINDOW, BOLLINGER_WIDTH = 20, 2.0
SHORT_WINDOW, MIDDLE_WINDOW, LONG_WINDOW = 20, 60, 120
MACD_FAST, MACD_SLOW, MACD_SIGNAL = 12, 26, 9
OVERBOUGHT, OVERSOLD = 70.0, 30.0
BARS_USED = 300
"""Bars read; recursive averages have forgotten their start after so many."""

Level = Literal["OVERBOUGHT", "NEUTRAL", "OVERSOLD"]
Side = Literal["ABOVE", "BELOW"]
BandPlace = Literal["ABOVE_UPPER", "INSIDE", "BELOW_LOWER"]


class TechnicalAnalysisArguments(Arguments):
    symbols: list[Symbol] = Field(
        min_length=1,
        max_length=SYMBOLS_MAX,
        description="Ticker symbols, e.g. AAPL or 005930 (Samsung Electronics).",
    )


class Readings(BaseModel):
    """What the indicators say by their textbook thresholds; not a forecast."""

    rsi: Level = Field(description="OVERBOUGHT from 70, OVERSOLD up to 30.")
    macd: Side = Field(description="MACD line above or below its signal line.")
    bollinger: BandPlace = Field(description="Last close against the bands.")
    trend: Side | None = Field(description="20-day average above or below the 60-day average.")


class TechnicalFigures(BaseModel):
    """Indicators of one instrument at its last daily close, in its currency or dimensionless."""

    symbol: str
    name_en: str
    name_ko: str
    currency: str
    session: date = Field(description="Session of the last daily close.")
    close: float
    rsi: float = Field(description="Relative strength index over 14 days, 0 to 100.")
    rsi_window: int = RSI_WINDOW
    macd: float = Field(description="MACD line (12, 26), price units.")
    macd_signal: float = Field(description="9-day average of the MACD line, price units.")
    macd_histogram: float = Field(description="MACD line minus its signal, price units.")
    macd_windows: tuple[int, int, int] = (MACD_FAST, MACD_SLOW, MACD_SIGNAL)
    bollinger_upper: float = Field(description="Average plus 2 deviations, price units.")
    bollinger_middle: float = Field(description="20-day average, price units.")
    bollinger_lower: float = Field(description="Average minus 2 deviations, price units.")
    bollinger_window: int = BOLLINGER_WINDOW
    bollinger_width: float = BOLLINGER_WIDTH
    sma_20: float = Field(description="20-day simple average, price units.")
    sma_60: float | None = Field(description="60-day simple average; None with fewer bars.")
    sma_120: float | None = Field(description="120-day simple average; None with fewer bars.")
    average_windows: tuple[int, int, int] = (SHORT_WINDOW, MIDDLE_WINDOW, LONG_WINDOW)
    ema_20: float = Field(description="20-day exponential average, price units.")
    atr: float = Field(description="Average true range over 14 days, price units.")
    atr_window: int = ATR_WINDOW
    stochastic_k: float = Field(description="Slow stochastic %K (14, 3), 0 to 100.")
    stochastic_d: float = Field(description="3-day average of %K, 0 to 100.")
    stochastic_window: int = STOCHASTIC_WINDOW
    readings: Readings


class TechnicalAnalysisResult(Result):
    instruments: list[TechnicalFigures]


def run(args: TechnicalAnalysisArguments, ctx: ToolContext) -> TechnicalAnalysisResult:
    """Compute the indicators of each symbol at its last daily close."""
    instruments = instruments_get(args.symbols)
    bars = {symbol: daily_bars(symbol, lookback_days=BARS_USED) for symbol in instruments}
    figures = [
        _figures(symbol, instrument.name_en, instrument.name_ko, bars[symbol])
        for symbol, instrument in instruments.items()
    ]
    caveats = [
        caveat
        for symbol, series in bars.items()
        for caveat in (
            *source_caveats(series.source, generated=bool(series.generated_mask.any())),
            *session_caveats(instruments[symbol].exchange, series, ctx.now),
        )
    ]
    return TechnicalAnalysisResult(
        source=joined(series.source for series in bars.values()),
        as_of=max(midnight(figure.session) for figure in figures),
        caveats=once(caveats),
        instruments=figures,
    )


def _figures(symbol: str, name_en: str, name_ko: str, bars: BarSeries) -> TechnicalFigures:
    if len(bars) < MACD_SLOW + MACD_SIGNAL - 1:
        raise InsufficientDataError(f"{symbol} has {len(bars)} daily bars; 34 are needed.")
    highs, lows, closes = bars.highs(), bars.lows(), bars.closes()
    macd = indicators.moving_average_convergence_divergence(
        closes, fast=MACD_FAST, slow=MACD_SLOW, signal=MACD_SIGNAL
    )
    bands = indicators.bollinger_bands(closes, window=BOLLINGER_WINDOW, width=BOLLINGER_WIDTH)
    stochastic = indicators.stochastic_oscillator(highs, lows, closes, window=STOCHASTIC_WINDOW)
    rsi = _last(indicators.relative_strength_index(closes, window=RSI_WINDOW))
    short, middle = _average(closes, SHORT_WINDOW), _average(closes, MIDDLE_WINDOW)
    return TechnicalFigures(
        symbol=symbol,
        name_en=name_en,
        name_ko=name_ko,
        currency=bars.currency,
        session=bars.dates()[-1].astype(object),
        close=_last(closes),
        rsi=rsi,
        macd=_last(macd.line),
        macd_signal=_last(macd.signal),
        macd_histogram=_last(macd.histogram),
        bollinger_upper=_last(bands.upper),
        bollinger_middle=_last(bands.middle),
        bollinger_lower=_last(bands.lower),
        sma_20=_last(bands.middle),
        sma_60=middle,
        sma_120=_average(closes, LONG_WINDOW),
        ema_20=_last(indicators.exponential_moving_average(closes, window=SHORT_WINDOW)),
        atr=_last(indicators.average_true_range(highs, lows, closes, window=ATR_WINDOW)),
        stochastic_k=_last(stochastic.percent_k),
        stochastic_d=_last(stochastic.percent_d),
        readings=Readings(
            rsi=_level(rsi),
            macd="ABOVE" if _last(macd.histogram) >= 0 else "BELOW",
            bollinger=_place(_last(closes), bands),
            trend=_trend(short, middle),
        ),
    )


def _last(values: FloatArray) -> float:
    return float(values[-1])


def _average(closes: FloatArray, window: int) -> float | None:
    if closes.size < window:
        return None
    return _last(indicators.simple_moving_average(closes, window=window))


def _level(rsi: float) -> Level:
    if rsi >= OVERBOUGHT:
        return "OVERBOUGHT"
    return "OVERSOLD" if rsi <= OVERSOLD else "NEUTRAL"


def _place(close: float, bands: indicators.Bands) -> BandPlace:
    if close > _last(bands.upper):
        return "ABOVE_UPPER"
    return "BELOW_LOWER" if close < _last(bands.lower) else "INSIDE"


def _trend(short: float | None, middle: float | None) -> Side | None:
    if short is None or middle is None:
        return None
    return "ABOVE" if short >= middle else "BELOW"


technical_analysis = Tool(
    name="technical_analysis",
    description=(
        "Technical indicators at the last daily close: RSI, MACD, Bollinger bands, simple and "
        "exponential moving averages, average true range, stochastic oscillator, with readings."
    ),
    args=TechnicalAnalysisArguments,
    result=TechnicalAnalysisResult,
    run=run,
)
