"""What risk and matching see of the market for one instrument."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from market.freshness import is_live, is_trading
from market.models import Instrument
from market.rules import exchange_timezone, price_band, tick_size
from market.types import Quote
from portfolio.core.risk import Limits, Market


def market_of(
    instrument: Instrument, quote: Quote, limit_price: Decimal | None, at: datetime
) -> Market:
    """Return the instrument's rules and prices, with the tick at the limit price."""
    local_day = at.astimezone(exchange_timezone(instrument.exchange)).date()
    priced = limit_price is not None and limit_price.is_finite() and limit_price > 0
    return Market(
        symbol=instrument.symbol,
        exchange=instrument.exchange,
        currency=instrument.currency,
        lot_size=Decimal(instrument.lot_size),
        tick_size=tick_size(instrument.exchange, limit_price, local_day, product=instrument.product)
        if priced and limit_price is not None
        else None,
        price=quote.price,
        bid=quote.bid,
        ask=quote.ask,
        band=price_band(
            instrument.exchange, quote.base_price, local_day, product=instrument.product
        ),
        is_open=is_trading(quote, at),
        is_fresh=is_tradable(quote, at),
        traded_on=local_day,
    )


def is_tradable(quote: Quote | None, at: datetime) -> bool:
    """Whether somebody quotes both sides and said so a moment ago."""
    if quote is None or quote.bid is None or quote.ask is None:
        return False
    return is_live(quote, at)


def limits() -> Limits:
    """Return the caps on a single order."""
    return Limits(
        quantity=settings.PORTFOLIO_ORDER_MAX_QUANTITY,
        notional=settings.PORTFOLIO_ORDER_MAX_NOTIONAL,
    )


def day_end(exchange: str, at: datetime) -> datetime:
    """Return the midnight of the exchange that ends the day of ``at``; DAY orders die then."""
    zone = exchange_timezone(exchange)
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)
