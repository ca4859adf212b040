"""Quotes, end-of-day and intraday prices, movers, search and screening."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from tests.emulators.fmp.asked import (
    EXCHANGES,
    PREMIUM_TEXT,
    Asked,
    Refused,
    number,
    percent,
    seconds,
    symbol_of,
)
from tests.emulators.kis.history import DailyBar, MinuteBar
from tests.emulators.kis.market import Line
from tests.emulators.web import Json

LENGTHS = {"1min": 1, "5min": 5, "15min": 15, "30min": 30, "1hour": 60, "4hour": 240}
PAID_ONLY = {"FREE"}


def quote(asked: Asked) -> list[Json]:
    return [_quote(asked, line) for line in asked.lines(asked.need("symbol"))[:1]]


def batch_quote(asked: Asked) -> list[Json]:
    _require_paid(asked)
    return [_quote(asked, line) for line in asked.lines(asked.need("symbols"))]


def quote_short(asked: Asked) -> list[Json]:
    return [_short(line) for line in asked.lines(asked.need("symbol"))[:1]]


def batch_quote_short(asked: Asked) -> list[Json]:
    _require_paid(asked)
    return [_short(line) for line in asked.lines(asked.need("symbols"))]


def _require_paid(asked: Asked) -> None:
    if asked.plan in PAID_ONLY:
        raise Refused(402, PREMIUM_TEXT, plain=True)


def _short(line: Line) -> Json:
    return {
        "symbol": symbol_of(line),
        "price": number(line.last),
        "change": number(line.change),
        "volume": line.volume,
    }


def _quote(asked: Asked, line: Line) -> Json:
    bars = asked.market.history(line.instrument.symbol)
    year = bars[-250:]
    at = line.trades[-1].at if line.trades else asked.clock.now()
    return {
        "symbol": symbol_of(line),
        "name": line.instrument.english,
        "price": number(line.last),
        "changePercentage": percent(line.change, line.base),
        "change": number(line.change),
        "volume": line.volume,
        "dayLow": number(line.low or line.last),
        "dayHigh": number(line.high or line.last),
        "yearHigh": number(max(bar.high for bar in year)),
        "yearLow": number(min(bar.low for bar in year)),
        "marketCap": number(line.last * line.instrument.shares),
        "priceAvg50": _average(bars, 50),
        "priceAvg200": _average(bars, 200),
        "exchange": EXCHANGES[line.instrument.exchange][0],
        "open": number(line.open or line.last),
        "previousClose": number(line.base),
        "timestamp": seconds(at),
    }


def _average(bars: list[DailyBar], count: int) -> float | int:
    return number(sum((bar.close for bar in bars[-count:]), Decimal(0)) / count)


def price_change(asked: Asked) -> list[Json]:
    rows = []
    for line in asked.lines(asked.need("symbol"))[:1]:
        bars = asked.market.history(line.instrument.symbol)
        row: Json = {"symbol": symbol_of(line)}
        for name, back in (("1D", 1), ("5D", 5), ("1M", 21), ("3M", 63), ("6M", 126), ("1Y", 250)):
            close = bars[-back].close
            row[name] = percent(line.last - close, close)
        rows.append(row | {"max": percent(line.last - bars[0].close, bars[0].close)})
    return rows


def _bars(asked: Asked) -> tuple[Line | None, list[DailyBar]]:
    """Return the asked symbol's bars in the asked days, newest first."""
    line = asked.line(asked.need("symbol"))
    if line is None:
        return None, []
    first, last = asked.dates(5 * 365)
    bars = asked.market.bars(line.instrument.symbol)
    return line, [bar for bar in reversed(bars) if first <= bar.day <= last]


def eod_full(asked: Asked) -> list[Json]:
    line, bars = _bars(asked)
    return [
        {
            "symbol": symbol_of(line) if line else "",
            "date": bar.day.isoformat(),
            "open": number(bar.open),
            "high": number(bar.high),
            "low": number(bar.low),
            "close": number(bar.close),
            "volume": bar.volume,
            "change": number(bar.close - bar.open),
            "changePercent": percent(bar.close - bar.open, bar.open),
            "vwap": number((bar.high + bar.low + bar.close + bar.open) / 4),
        }
        for bar in bars
    ]


def eod_light(asked: Asked) -> list[Json]:
    line, bars = _bars(asked)
    return [
        {
            "symbol": symbol_of(line) if line else "",
            "date": bar.day.isoformat(),
            "price": number(bar.close),
            "volume": bar.volume,
        }
        for bar in bars
    ]


def eod_adjusted(asked: Asked) -> list[Json]:
    """Answer both adjusted kinds: the emulator knows neither splits nor dividends."""
    line, bars = _bars(asked)
    return [
        {
            "symbol": symbol_of(line) if line else "",
            "date": bar.day.isoformat(),
            "adjOpen": number(bar.open),
            "adjHigh": number(bar.high),
            "adjLow": number(bar.low),
            "adjClose": number(bar.close),
            "volume": bar.volume,
        }
        for bar in bars
    ]


def intraday(interval: str) -> Callable[[Asked], list[Json]]:
    def handler(asked: Asked) -> list[Json]:
        _require_paid(asked)
        line = asked.line(asked.need("symbol"))
        if line is None or line.instrument.is_domestic:
            return []
        first, last = asked.dates(3)
        minutes: list[MinuteBar] = []
        for bar in asked.market.bars(line.instrument.symbol):
            if first <= bar.day <= last:
                minutes += asked.market.minutes(line.instrument.symbol, bar.day)
        return _joined(minutes, LENGTHS[interval])

    return handler


def _joined(minutes: list[MinuteBar], length: int) -> list[Json]:
    """Join minutes into longer bars that begin at 09:30, newest first."""
    groups: dict[str, list[MinuteBar]] = {}
    for bar in minutes:
        since = (bar.at.hour * 60 + bar.at.minute - 570) % length
        start = bar.at - timedelta(minutes=since)
        groups.setdefault(f"{start:%Y-%m-%d %H:%M:%S}", []).append(bar)
    rows = [
        {
            "date": start,
            "open": number(group[0].open),
            "low": number(min(bar.low for bar in group)),
            "high": number(max(bar.high for bar in group)),
            "close": number(group[-1].close),
            "volume": sum(bar.volume for bar in group),
        }
        for start, group in groups.items()
    ]
    return rows[::-1]


def movers(order: Callable[[Line], Decimal]) -> Callable[[Asked], list[Json]]:
    def handler(asked: Asked) -> list[Json]:
        return [
            {
                "symbol": symbol_of(line),
                "price": number(line.last),
                "name": line.instrument.english,
                "change": number(line.change),
                "changesPercentage": percent(line.change, line.base),
                "exchange": EXCHANGES[line.instrument.exchange][0],
            }
            for line in sorted(asked.us_lines(), key=order)
        ]

    return handler


def search_symbol(asked: Asked) -> list[Json]:
    query = asked.need("query").upper()
    return _found(asked, lambda line: query in symbol_of(line))


def search_name(asked: Asked) -> list[Json]:
    query = asked.need("query").lower()
    return _found(asked, lambda line: query in line.instrument.english.lower())


def _found(asked: Asked, fits: Callable[[Line], bool]) -> list[Json]:
    lines = [*asked.us_lines(), *asked.market.lines()]
    rows = [_listing(line) for line in lines if fits(line)]
    return rows[: asked.count("limit", 50, 50)]


def _listing(line: Line) -> Json:
    exchange, full, currency, _ = EXCHANGES[line.instrument.exchange]
    return {
        "symbol": symbol_of(line),
        "name": line.instrument.english,
        "currency": currency,
        "exchangeFullName": full,
        "exchange": exchange,
    }


def screener(asked: Asked) -> list[Json]:
    """Filter on price, volume, market cap, exchange and sector."""
    rows = []
    for line in asked.us_lines():
        exchange, full, _, country = EXCHANGES[line.instrument.exchange]
        cap = line.last * line.instrument.shares
        if asked["exchange"] not in {"", exchange}:
            continue
        if asked["sector"] not in {"", line.instrument.sector}:
            continue
        if not all(
            _within(asked, name, value)
            for name, value in (("price", line.last), ("volume", line.volume), ("marketCap", cap))
        ):
            continue
        rows.append({
            "symbol": symbol_of(line), "companyName": line.instrument.english,
            "marketCap": number(cap), "sector": line.instrument.sector,
            "industry": line.instrument.sector, "beta": 1, "price": number(line.last),
            "lastAnnualDividend": 0, "volume": line.volume, "exchange": full,
            "exchangeShortName": exchange, "country": country, "isEtf": is_etf(line),
            "isFund": False, "isActivelyTrading": not line.halted,
        })  # fmt: skip
    return rows[: asked.count("limit", 1000, 10_000)]


def is_etf(line: Line) -> bool:
    return line.instrument.sector == "ETF"


def _within(asked: Asked, name: str, value: Decimal | int) -> bool:
    try:
        least = Decimal(asked[f"{name}MoreThan"] or "-Infinity")
        most = Decimal(asked[f"{name}LowerThan"] or "Infinity")
    except ArithmeticError:
        raise Refused(400, f"Query Error: Invalid query parameter - {name}") from None
    return least < value < most
