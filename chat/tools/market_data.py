"""The tool `market_data`: newest quotes and what the last bars did."""

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np
from pydantic import BaseModel, Field

from chat.enums import Caveat
from chat.tools.base import (
    LOOKBACK_DAYS_MAX,
    SYMBOLS_MAX,
    Arguments,
    Result,
    Symbol,
    Tool,
    ToolContext,
)
from chat.tools.prices import (
    daily_bars,
    joined,
    length_caveats,
    once,
    source_caveats,
)
from market.freshness import is_stale
from market.models import Instrument
from market.quote_selectors import quotes_get
from market.selectors import instruments_get
from market.types import BarSeries, Quote
from quant import drawdown, performance, risk
from quant.constants import TRADING_DAYS_PER_YEAR
from quant.returns import simple_returns
from tradingplatform.money import decimal_text

_RETURNS_MIN = 2


class MarketDataArguments(Arguments):
    symbols: list[Symbol] = Field(
        min_length=1,
        max_length=SYMBOLS_MAX,
        description="Ticker symbols, e.g. AAPL or 005930 (Samsung Electronics).",
    )
    lookback_days: int = Field(
        63,
        ge=5,
        le=LOOKBACK_DAYS_MAX,
        description="Length of the window in trading days; 21 is a month, 252 a year.",
    )


class WindowFigures(BaseModel):
    """What the daily closes of a window did; fractions unless said otherwise."""

    start: date = Field(description="First session of the window.")
    end: date = Field(description="Last session of the window.")
    trading_days: int = Field(description="Number of daily returns in the window.")
    total_return: float = Field(description="Gain over the window, fraction.")
    annualised_volatility: float = Field(description="Standard deviation per year, fraction.")
    max_drawdown: float = Field(description="Deepest fall from a peak, positive fraction.")
    sharpe_ratio: float | None = Field(description="Per year, risk-free return 0; dimensionless.")
    highest_close: float = Field(description="In the instrument's currency.")
    lowest_close: float = Field(description="In the instrument's currency.")
    average_volume: float = Field(description="Mean shares per session.")


class InstrumentFigures(BaseModel):
    """The newest quote of one instrument and its window."""

    symbol: str
    name_en: str
    name_ko: str
    exchange: str
    currency: str = Field(description="Currency of every price of this instrument.")
    price: str = Field(description="Newest price.")
    change: str = Field(description="Price minus the previous close.")
    change_rate: float = Field(description="Change as a fraction of the previous close.")
    volume: int = Field(description="Shares traded in the session so far.")
    exchange_time: datetime = Field(description="When the exchange made the price.")
    window: WindowFigures | None = Field(description="None without enough daily bars.")


class MarketDataResult(Result):
    instruments: list[InstrumentFigures]


def run(args: MarketDataArguments, ctx: ToolContext) -> MarketDataResult:
    """Read quotes and bars of each symbol and describe them."""
    instruments = instruments_get(args.symbols)
    quotes = quotes_get(instruments)
    bars = {symbol: daily_bars(symbol, lookback_days=args.lookback_days) for symbol in instruments}
    return MarketDataResult(
        source=joined([*(q.source for q in quotes.values()), *(b.source for b in bars.values())]),
        as_of=max(quote.exchange_time for quote in quotes.values()),
        caveats=_caveats(args, ctx, quotes, bars),
        instruments=[
            _figures(instrument, quotes[symbol], bars[symbol])
            for symbol, instrument in instruments.items()
        ],
    )


def _figures(instrument: Instrument, quote: Quote, bars: BarSeries) -> InstrumentFigures:
    return InstrumentFigures(
        symbol=instrument.symbol,
        name_en=instrument.name_en,
        name_ko=instrument.name_ko,
        exchange=instrument.exchange,
        currency=instrument.currency,
        price=decimal_text(quote.price),
        change=decimal_text(quote.change),
        change_rate=quote.change_rate,
        volume=quote.volume,
        exchange_time=quote.exchange_time,
        window=window_figures(bars) if len(bars) > _RETURNS_MIN else None,
    )


def window_figures(bars: BarSeries) -> WindowFigures:
    """Describe daily bars by the functions of `quant`."""
    closes = bars.closes()
    returns = simple_returns(closes)
    dates = bars.dates()
    varies = bool(np.ptp(returns) > 0)
    return WindowFigures(
        start=dates[0].astype(object),
        end=dates[-1].astype(object),
        trading_days=int(returns.size),
        total_return=performance.total_return(closes),
        annualised_volatility=risk.volatility(returns, periods_per_year=TRADING_DAYS_PER_YEAR),
        max_drawdown=drawdown.max_drawdown(closes).depth,
        sharpe_ratio=(
            performance.sharpe_ratio(returns, periods_per_year=TRADING_DAYS_PER_YEAR)
            if varies
            else None
        ),
        highest_close=float(closes.max()),
        lowest_close=float(closes.min()),
        average_volume=float(bars.volumes.mean()),
    )


def _caveats(
    args: MarketDataArguments,
    ctx: ToolContext,
    quotes: Mapping[str, Quote],
    bars: Mapping[str, BarSeries],
) -> list[str]:
    caveats: list[Caveat] = []
    for symbol, quote in quotes.items():
        series = bars[symbol]
        generated = bool(series.generated_mask.any())
        source = joined([quote.source, series.source])
        caveats += source_caveats(source, generated=generated)
        n_returns = max(len(series) - 1, 0)
        caveats += length_caveats(n_returns=n_returns, lookback_days=args.lookback_days)[:1]
        if is_stale(quote, ctx.now):
            caveats.append(Caveat.QUOTE_OLD)
    return once([*caveats, Caveat.PRICE_RETURNS_ONLY])


market_data = Tool(
    name="market_data",
    description=(
        "Newest price, change and volume of one or more instruments, and over a window of daily "
        "closes: return, annualised volatility, deepest drawdown, Sharpe ratio, highest and "
        "lowest close."
    ),
    args=MarketDataArguments,
    result=MarketDataResult,
    run=run,
)
