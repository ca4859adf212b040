"""Prices as the tools need them: a window of daily bars, its origin and its caveats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from chat.enums import Caveat
from market.bar_selectors import bars_get
from market.enums import Source
from market.panel_selectors import price_panel
from market.rules import exchange_timezone
from market.types import BarSeries, FloatArray, PricePanel
from quant.errors import InsufficientDataError

YEAR_DAYS = 252


@dataclass(frozen=True)
class Window:
    """Closes of several instruments on their common dates, at most as many as asked."""

    symbols: tuple[str, ...]
    closes: FloatArray
    start: date
    end: date
    source: str
    currencies: tuple[str, ...]
    caveats: tuple[Caveat, ...]


def daily_bars(symbol: str, *, lookback_days: int) -> BarSeries:
    """Return the last daily bars of one instrument, one more than the returns they give."""
    return bars_get(symbol=symbol, interval="1d", limit=lookback_days + 1)


def closes_window(symbols: Sequence[str], *, lookback_days: int) -> Window:
    """Return closes on common dates; InsufficientDataError when there is not one return."""
    first = daily_bars(symbols[0], lookback_days=lookback_days)
    start = first.dates()[0].astype(object) if len(first) else None
    panel = price_panel(symbols=symbols, start=start)
    closes = panel.closes[-(lookback_days + 1) :]
    dates = panel.dates[-(lookback_days + 1) :]
    if dates.size < 2:
        raise InsufficientDataError(f"There are no common daily closes of {', '.join(symbols)}.")
    return Window(
        symbols=panel.symbols,
        closes=closes,
        start=dates[0].astype(object),
        end=dates[-1].astype(object),
        source=panel.source,
        currencies=panel.currencies,
        caveats=_window_caveats(panel, n_returns=dates.size - 1, lookback_days=lookback_days),
    )


def source_caveats(source: str, *, generated: bool) -> list[Caveat]:
    """Return what must be said about where prices come from."""
    caveats = [Caveat.SAMPLE_DATA] if Source.SAMPLE in source.split("+") else []
    return [*caveats, Caveat.GENERATED_BARS] if generated else caveats


def length_caveats(*, n_returns: int, lookback_days: int) -> list[Caveat]:
    """Return what must be said about the length of a window."""
    caveats = [Caveat.SHORTER_THAN_ASKED] if n_returns < lookback_days else []
    return [*caveats, Caveat.SHORT_HISTORY] if n_returns < YEAR_DAYS else caveats


def session_caveats(exchange: str, bars: BarSeries, now: datetime) -> list[Caveat]:
    """Return what must be said when the last bar is of the present day of its exchange."""
    today = now.astimezone(exchange_timezone(exchange)).date()
    is_open = bool(len(bars)) and bars.dates()[-1].astype(object) >= today
    return [Caveat.SESSION_OPEN] if is_open else []


def midnight(day: date) -> datetime:
    """Return a session date as the instant that stands for it."""
    return datetime.combine(day, time(), UTC)


def joined(sources: Iterable[str]) -> str:
    """Return origins in one word, each once: ``SAMPLE`` or ``CSV+SAMPLE``."""
    words = {word for source in sources for word in source.split("+") if word}
    return "+".join(sorted(words))


def once(caveats: Iterable[Caveat]) -> list[str]:
    """Return caveats in their first order, each once."""
    return list(dict.fromkeys(caveat.value for caveat in caveats))


def _window_caveats(panel: PricePanel, *, n_returns: int, lookback_days: int) -> tuple[Caveat, ...]:
    return (
        *source_caveats(panel.source, generated=bool(panel.generated_fields)),
        *length_caveats(n_returns=n_returns, lookback_days=lookback_days),
    )
