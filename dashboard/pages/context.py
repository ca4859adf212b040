"""What templates and components are told about the reader and the rules of the markets."""

from functools import cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from accounts.authentication import page_principal
from accounts.services.looks import page_display
from dashboard.pages.texts import component_texts
from market.enums import AssetType
from market.errors import SymbolUnknownError
from market.rules import (
    CURRENCIES,
    PRODUCT_TICK_TABLES,
    TICK_TABLES,
    Product,
    TickTable,
    tick_table,
)
from market.selectors import instruments_get
from portfolio.core.costs import (
    COMMISSIONS,
    SELL_TAXES,
    UNTAXED_ASSET_TYPES,
    rate_on,
    settlement_date,
)
from portfolio.core.risk import MARKET_COLLAR
from tradingplatform import clock
from tradingplatform.api.principal import Principal
from tradingplatform.money import CURRENCY_DIGITS, decimal_text


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the look, the language and whether the components are built."""
    display = page_display(request)
    return {
        "page": {
            "language": display.language,
            "currency": display.currency,
            "theme": display.theme,
            "colours": display.colours,
            "blur": "on" if display.blur_amounts else "off",
            "texts": component_texts(display.language),
            "is_built": components_are_built(),
            "principal": _principal(request),
            "sees_market": settings.MARKET_ANONYMOUS or _principal(request) is not None,
        },
        "page_config": base_config(request),
    }


@cache
def components_are_built() -> bool:
    """Whether Vite had built frontend/ when this process started, which is when it is looked at."""
    return settings.COMPONENTS_MANIFEST.is_file()


def base_config(request: HttpRequest) -> dict[str, Any]:
    """Return what the components of every page need."""
    return {
        "language": page_display(request).language,
        "currency": page_display(request).currency,
        "signed_in": _principal(request) is not None,
        "icons": static("icons.svg"),
        "log_in_url": reverse(settings.LOGIN_URL),
    }


def market_config(request: HttpRequest) -> dict[str, Any]:
    """Return ``base_config`` with the symbols to watch, tick tables and costs."""
    return {
        **base_config(request),
        "default_symbols": page_symbols(),
        "ticks": _tick_tables(),
        "market_collar": decimal_text(MARKET_COLLAR),
        "costs": {exchange: _costs(exchange) for exchange in COMMISSIONS},
    }


def page_symbols() -> list[str]:
    """Return those of settings.PAGE_SYMBOLS that this platform knows."""
    wanted: list[str] = settings.PAGE_SYMBOLS
    try:
        return list(instruments_get(wanted))
    except SymbolUnknownError as error:
        missing = error.details["symbols"]
        return [symbol for symbol in wanted if symbol not in missing]  # type: ignore[operator]


def _principal(request: HttpRequest) -> Principal | None:
    """Return who is signed in; nobody while the database is away, so that error pages render."""
    try:
        return page_principal(request)
    except DatabaseError:
        return None


def _tick_tables() -> dict[str, list[dict[str, str]]]:
    """Return the tick tables by exchange, and by exchange and type where a type has its own."""
    tables = {exchange: tick_table(exchange) for exchange in TICK_TABLES}
    for exchange, key in PRODUCT_TICK_TABLES:
        if key in AssetType.values:
            tables[f"{exchange}:{key}"] = tick_table(exchange, product=Product(key))
    return {name: _ticks(table) for name, table in tables.items()}


def _ticks(table: TickTable) -> list[dict[str, str]]:
    return [
        {"from": decimal_text(bound), "tick": decimal_text(tick)}
        for bound, tick in zip(table.lower_bounds, table.ticks, strict=True)
    ]


def _costs(exchange: str) -> dict[str, Any]:
    currency = CURRENCIES[exchange]
    settled_on = settlement_date(exchange, clock.now().date())
    return {
        "commission": decimal_text(rate_on(COMMISSIONS[exchange], settled_on)),
        "sell_tax": decimal_text(rate_on(SELL_TAXES[exchange], settled_on)),
        "untaxed": sorted(UNTAXED_ASSET_TYPES),
        "digits": CURRENCY_DIGITS[currency],
        "rounding": "down" if currency == "KRW" else "half-up",
    }
