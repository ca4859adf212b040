"""Which prices may be acted on, and which have grown old: one answer for the whole platform.

While an instrument trades, a price is stale when the feed has not confirmed it for
settings.MARKET_QUOTE_STALE_S. Between sessions nothing moves: the last close does not grow old,
and nothing is done on it. The sample market trades around the clock.
"""

from datetime import datetime, timedelta

from django.conf import settings

from market import hours
from market.enums import Source
from market.types import Quote


def is_trading(quote: Quote, at: datetime) -> bool:
    """Whether the market that a quote is from runs at an instant: its regular session."""
    return quote.source == Source.SAMPLE or hours.is_open(quote.exchange, at)


def is_live(quote: Quote, at: datetime) -> bool:
    """Whether orders and alerts may act on a quote: its market runs and it is not stale."""
    return is_trading(quote, at) and not is_stale(quote, at)


def is_stale(quote: Quote, at: datetime) -> bool:
    """Whether a quote is older than it may be: seconds in a session, else the last close."""
    return at > stale_at(quote)


def stale_at(quote: Quote) -> datetime:
    """Return until when a quote may be shown as it is, unless somebody confirms it again.

    What was confirmed since the last close stands until the next session opens.
    """
    until = quote.received_at + timedelta(seconds=settings.MARKET_QUOTE_STALE_S)
    if is_trading(quote, until) or quote.received_at < hours.last_close(quote.exchange, until):
        return until
    return hours.next_open(quote.exchange, until)


def quote_payload(quote: Quote, at: datetime) -> dict[str, object]:
    """Return the quote object that REST and WebSocket clients see."""
    return {**quote.as_payload(at), "stale_at": stale_at(quote).isoformat()}
