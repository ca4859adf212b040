"""What the answers of FMP say, as our types. Pure; the only error is ProviderAnswerError."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from market.errors import ProviderAnswerError
from market.providers import values
from market.providers.base import (
    Asset,
    Fundamentals,
    InstrumentFact,
    MacroPoint,
    NewsItem,
    ProviderQuote,
)
from market.providers.values import BarFigures, Row
from market.ticks import DayFigures

SOURCE = "FMP"
NEW_YORK = ZoneInfo("America/New_York")
_TIME = "%Y-%m-%d %H:%M:%S"
_YEARS = range(1990, 2200)
_SCREENED = {
    "market_cap": ("marketCap", "marketCapTTM"),
    "price_to_earnings": ("priceToEarningsRatioTTM",),
    "price_to_book": ("priceToBookRatioTTM",),
    "dividend_yield": ("dividendYieldTTM",),
}
"""What screens filter on, and how FMP calls it."""
_NOT_FIGURES = frozenset({"cik", "fiscalYear"})

# Column names of the three ways in which FMP tells a daily bar.
SPLIT_ADJUSTED = ("open", "high", "low", "close", "volume")
UNADJUSTED = ("adjOpen", "adjHigh", "adjLow", "adjClose", "volume")


def to_fmp(symbol: str) -> str:
    """Return how FMP writes a symbol: a class of shares stands after a dash (BRK-B for BRK.B)."""
    return symbol.replace(".", "-")


def from_fmp(symbol: str) -> str:
    """Return how this platform writes a symbol of FMP."""
    return symbol.replace("-", ".")


def quotes(body: object, assets: Sequence[Asset], at: datetime) -> dict[str, ProviderQuote]:
    """Read quote and batch-quote; symbols that nobody asked for are left out."""
    wanted = {asset.symbol: asset for asset in assets}
    found = {}
    for row in values.rows(body, "list"):
        asset = wanted.get(from_fmp(values.text(row, "symbol")))
        if asset is not None:
            found[asset.symbol] = _quote(row, asset, at)
    return found


def daily_bars(body: object, names: tuple[str, str, str, str, str]) -> list[BarFigures]:
    """Read historical-price-eod, the newest first."""
    return [
        (_midnight(row, "date"), *_prices(row, names), values.whole(row, names[4]))
        for row in values.rows(body, "list")
    ]


def minute_bars(body: object) -> list[BarFigures]:
    """Read historical-chart, whose times are those of the exchange, the newest first."""
    return [
        (
            int(_local(row, "date", NEW_YORK).timestamp()) // 60 * 60,
            *_prices(row, SPLIT_ADJUSTED),
            values.whole(row, "volume"),
        )
        for row in values.rows(body, "list")
    ]


def instruments(body: object, at: datetime) -> list[InstrumentFact]:
    """Read search-symbol and search-name."""
    return [
        InstrumentFact(
            symbol=from_fmp(values.text(row, "symbol", 32)),
            name=values.text(row, "name"),
            exchange=values.text(row, "exchange", 16),
            currency=values.text(row, "currency", 3),
            source=SOURCE,
            as_of=at,
        )
        for row in values.rows(body, "list")
        if values.text(row, "symbol")
    ]


def profiles(body: object, at: datetime) -> list[InstrumentFact]:
    """Read profile and company-screener."""
    return [
        InstrumentFact(
            symbol=from_fmp(values.text(row, "symbol", 32)),
            name=values.text(row, "companyName"),
            exchange=values.text(row, "exchangeShortName", 16) or values.text(row, "exchange", 16),
            currency=values.text(row, "currency", 3),
            source=SOURCE,
            as_of=at,
            sector=values.text(row, "sector", 40),
            industry=values.text(row, "industry", 80),
            isin=values.text(row, "isin", 12),
        )
        for row in values.rows(body, "list")
        if values.text(row, "symbol")
    ]


def fundamentals(bodies: Sequence[object], asset: Asset, at: datetime) -> Fundamentals | None:
    """Read the first row of ratios-ttm, key-metrics-ttm and income-statement as one."""
    figures: dict[str, Decimal] = {}
    period_end: date | None = None
    currency = asset.currency
    for body in bodies:
        told = values.rows(body, "list")
        if not told:
            continue
        row = told[0]
        if values.text(row, "date"):
            period_end = values.day(row, "date")
        currency = values.text(row, "reportedCurrency", 3) or currency
        figures |= _figures(row)
    if not figures:
        return None
    return Fundamentals(
        symbol=asset.symbol,
        figures=figures,
        currency=currency,
        source=SOURCE,
        as_of=at,
        period_end=period_end,
        screened=_screened(figures),
    )


def news(body: object, at: datetime) -> list[NewsItem]:
    """Read news/stock; a headline without title, address or time is left out."""
    items = (_headline(row, at) for row in values.rows(body, "list"))
    return [item for item in items if item is not None]


def _headline(row: Row, at: datetime) -> NewsItem | None:
    title, url = values.text(row, "title", 300), values.text(row, "url", 1000)
    if not title or not url.startswith(("https://", "http://")):
        return None
    try:
        published_at = _local(row, "publishedDate", NEW_YORK)
    except ProviderAnswerError:
        return None
    symbol = from_fmp(values.text(row, "symbol", 32))
    return NewsItem(
        title=title,
        url=url,
        publisher=values.text(row, "publisher", 100) or values.text(row, "site", 100),
        published_at=published_at,
        symbols=(symbol,) if symbol else (),
        source=SOURCE,
        as_of=at,
        summary=values.text(row, "text", 2000),
    )


def macro(body: object) -> tuple[MacroPoint, ...]:
    """Read economic-indicators, oldest first."""
    told = [
        MacroPoint(values.day(row, "date"), values.figure(row, "value"))
        for row in values.rows(body, "list")
    ]
    return tuple(sorted(told, key=lambda point: point.on))


def _quote(row: Row, asset: Asset, at: datetime) -> ProviderQuote:
    return ProviderQuote(
        symbol=asset.symbol,
        price=values.price(row, "price"),
        day=DayFigures(
            volume=values.whole(row, "volume"),
            open=values.price_or_none(row, "open"),
            high=values.price_or_none(row, "dayHigh"),
            low=values.price_or_none(row, "dayLow"),
            base_price=values.price_or_none(row, "previousClose"),
        ),
        currency=asset.currency,
        source=SOURCE,
        as_of=at,
        traded_at=_from_epoch(row, "timestamp"),
    )


def _from_epoch(row: Row, name: str) -> datetime | None:
    if row.get(name) is None:
        return None
    seconds = values.whole(row, name)
    if seconds >= 2**34:
        raise values.unreadable(name)
    return datetime.fromtimestamp(seconds, UTC)


def _prices(
    row: Row, names: tuple[str, str, str, str, str]
) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    opened, high, low, close = (values.price(row, name) for name in names[:4])
    return opened, high, low, close


def _figures(row: Row) -> dict[str, Decimal]:
    return {
        name: values.figure(row, name)
        for name, value in row.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and name not in _NOT_FIGURES
    }


def _screened(figures: dict[str, Decimal]) -> dict[str, Decimal]:
    return {
        ours: figures[name]
        for ours, names in _SCREENED.items()
        for name in names
        if name in figures
    }


def _midnight(row: Row, name: str) -> int:
    day = values.day(row, name)
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _local(row: Row, name: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.strptime(values.text(row, name), _TIME).replace(tzinfo=zone)
    except ValueError as exc:
        raise values.unreadable(name) from exc
    if at.year not in _YEARS:
        raise values.unreadable(name)
    return at
