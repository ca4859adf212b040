"""What the answers of KIS say, as our types. Pure; the only error is ProviderAnswerError."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from market.providers import values
from market.providers.base import Asset, InstrumentFact, ProviderQuote
from market.providers.values import BarFigures, Row
from market.ticks import DayFigures
from market.types import BookLevel, OrderBook

SOURCE = "KIS"
SEOUL = ZoneInfo("Asia/Seoul")
NEW_YORK = ZoneInfo("America/New_York")
LEVELS = 10
FALLING = frozenset("45")
"""Signs of a change: limit down, down."""
RESTED = (Decimal(0),) * 4
"""A halted stock has a row without open and volume: a place in the list, but no bar."""

Body = Mapping[str, Any]


def is_unknown(body: Body) -> bool:
    """Whether this is how KIS says that it does not know a symbol: good, but without a price."""
    row = body.get("output")
    names = ("stck_prpr", "last", "bstp_nmix_prpr")
    return isinstance(row, Mapping) and not any(
        str(row.get(name) or "").strip(" 0.") for name in names
    )


def quote_kr(body: Body, asset: Asset, at: datetime) -> ProviderQuote:
    """Read inquire-price (FHKST01010100)."""
    row = values.mapping(body.get("output"), "output")
    day = DayFigures(
        volume=values.whole(row, "acml_vol"),
        open=values.price_or_none(row, "stck_oprc"),
        high=values.price_or_none(row, "stck_hgpr"),
        low=values.price_or_none(row, "stck_lwpr"),
        base_price=values.price_or_none(row, "stck_sdpr"),
    )
    return _quote(asset, values.price(row, "stck_prpr"), day, at)


def profile_kr(body: Body, asset: Asset, at: datetime) -> InstrumentFact:
    """Read what inquire-price (FHKST01010100) says of the instrument itself."""
    row = values.mapping(body.get("output"), "output")
    return InstrumentFact(
        symbol=asset.symbol,
        name="",
        exchange=asset.exchange,
        currency=asset.currency,
        source=SOURCE,
        as_of=at,
        sector=values.text(row, "bstp_kor_isnm", 40),
    )


def quote_index(body: Body, asset: Asset, at: datetime) -> ProviderQuote:
    """Read inquire-index-price (FHPUP02100000)."""
    row = values.mapping(body.get("output"), "output")
    level = values.price(row, "bstp_nmix_prpr")
    day = DayFigures(
        volume=values.whole(row, "acml_vol"),
        open=values.price_or_none(row, "bstp_nmix_oprc"),
        high=values.price_or_none(row, "bstp_nmix_hgpr"),
        low=values.price_or_none(row, "bstp_nmix_lwpr"),
        base_price=base_level(row, level, "prdy_vrss_sign", "bstp_nmix_prdy_vrss"),
    )
    return _quote(asset, level, day, at)


def base_level(row: Row, level: Decimal, sign_name: str, change_name: str) -> Decimal:
    """Return the close before, from the level and how far it is from there."""
    change = abs(values.figure(row, change_name))
    base = level + change if values.text(row, sign_name, 1) in FALLING else level - change
    if base <= 0:
        raise values.unreadable(change_name)
    return base


def quote_us(body: Body, asset: Asset, at: datetime) -> ProviderQuote:
    """Read the overseas price (HHDFS00000300) or its detail (HHDFS76200200)."""
    row = values.mapping(body.get("output"), "output")
    day = DayFigures(
        volume=values.whole(row, "tvol"),
        open=values.price_or_none(row, "open"),
        high=values.price_or_none(row, "high"),
        low=values.price_or_none(row, "low"),
        base_price=values.price_or_none(row, "base"),
    )
    return _quote(asset, values.price(row, "last"), day, at)


def book_kr(body: Body, asset: Asset, at: datetime) -> OrderBook:
    """Read inquire-asking-price-exp-ccn (FHKST01010200)."""
    row = values.mapping(body.get("output1"), "output1")
    return OrderBook(
        symbol=asset.symbol,
        asks=levels(row, "askp{}", "askp_rsqn{}"),
        bids=levels(row, "bidp{}", "bidp_rsqn{}"),
        source=SOURCE,
        as_of=at,
    )


def book_us(body: Body, asset: Asset, at: datetime) -> OrderBook:
    """Read the overseas asking price (HHDFS76200100)."""
    told = body.get("output2")
    row = values.mapping(told[0] if isinstance(told, list) and told else told, "output2")
    return OrderBook(
        symbol=asset.symbol,
        asks=levels(row, "pask{}", "vask{}"),
        bids=levels(row, "pbid{}", "vbid{}"),
        source=SOURCE,
        as_of=at,
    )


def daily_bars_kr(body: Body) -> list[BarFigures]:
    """Read inquire-daily-itemchartprice (FHKST03010100), the newest first."""
    names = ("stck_oprc", "stck_hgpr", "stck_lwpr", "stck_clpr", "acml_vol")
    return [
        _bar(_midnight(row, "stck_bsop_date"), row, names)
        for row in values.rows(body.get("output2"), "output2")
        if values.text(row, "stck_bsop_date")
    ]


def minute_bars_kr(body: Body) -> list[BarFigures]:
    """Read inquire-time-(daily)chartprice (FHKST03010200, FHKST03010230), the newest first."""
    names = ("stck_oprc", "stck_hgpr", "stck_lwpr", "stck_prpr", "cntg_vol")
    return [
        _bar(_minute(row, "stck_bsop_date", "stck_cntg_hour", SEOUL), row, names)
        for row in values.rows(body.get("output2"), "output2")
        if values.text(row, "stck_bsop_date")
    ]


def daily_bars_us(body: Body) -> list[BarFigures]:
    """Read the overseas dailyprice (HHDFS76240000), the newest first."""
    names = ("open", "high", "low", "clos", "tvol")
    return [
        _bar(_midnight(row, "xymd"), row, names)
        for row in values.rows(body.get("output2"), "output2")
        if values.text(row, "xymd")
    ]


def minute_bars_us(body: Body) -> list[BarFigures]:
    """Read the overseas minute chart (HHDFS76950200), the newest first."""
    names = ("open", "high", "low", "last", "evol")
    return [
        _bar(_minute(row, "xymd", "xhms", NEW_YORK), row, names)
        for row in values.rows(body.get("output2"), "output2")
        if values.text(row, "xymd")
    ]


def _quote(asset: Asset, price: Any, day: DayFigures, at: datetime) -> ProviderQuote:
    return ProviderQuote(
        symbol=asset.symbol,
        price=price,
        day=day,
        currency=asset.currency,
        source=SOURCE,
        as_of=at,
    )


def levels(row: Row, price_name: str, size_name: str) -> tuple[BookLevel, ...]:
    """Return the levels that have a price; ``{}`` in the names stands for 1 to 10."""
    found = []
    for place in range(1, LEVELS + 1):
        price = values.price_or_none(row, price_name.format(place))
        if price is not None:
            found.append(BookLevel(price, values.whole(row, size_name.format(place))))
    return tuple(found)


def _bar(opened_at: int, row: Row, names: tuple[str, str, str, str, str]) -> BarFigures:
    volume = values.whole(row, names[4])
    if volume == 0 and values.price_or_none(row, names[0]) is None:
        return opened_at, *RESTED, 0
    opened, high, low, close = (values.price(row, name) for name in names[:4])
    return opened_at, opened, high, low, close, volume


def has_traded(bar: BarFigures) -> bool:
    """Whether a row is a bar at all."""
    return bar[1:5] != RESTED


def _midnight(row: Row, name: str) -> int:
    day = values.day(row, name)
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _minute(row: Row, day_name: str, time_name: str, zone: ZoneInfo) -> int:
    at = values.instant(values.day(row, day_name), values.clock_time(row, time_name), zone)
    return int(at.timestamp()) // 60 * 60
