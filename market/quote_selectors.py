"""Reads of quotes: the newest price that was told, or the last stored close."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Max, OuterRef, Subquery

from market import hours
from market.bar_store import bars_at
from market.demand import demand_note
from market.enums import OUTSIDE_SOURCES, StoredInterval
from market.errors import QuoteUnavailableError
from market.models import Bar, Instrument
from market.quotes import change_of, quotes_cached
from market.selectors import instruments_get
from market.types import Quote
from tradingplatform.clock import now


def quotes_get(symbols: Iterable[str]) -> dict[str, Quote]:
    """Return the newest quote of each symbol.

    From the feed where it has spoken; else the last stored close, with its true age and
    neither bid nor ask. Raises SymbolUnknownError, or QuoteUnavailableError when no price of
    a symbol was ever told: a price is never invented.
    """
    quotes = quotes_known(wanted := list(dict.fromkeys(symbols)))
    unpriced = [symbol for symbol in wanted if symbol not in quotes]
    if unpriced:
        instruments_get(unpriced)
        raise QuoteUnavailableError(
            f"No price is known yet: {', '.join(unpriced)[:200]}.",
            symbols=unpriced[:20],
            retry_after_s=5,
        )
    return {symbol: quotes[symbol] for symbol in wanted}


def quotes_known(symbols: Sequence[str]) -> dict[str, Quote]:
    """Return the newest quotes as `quotes_get` does, without those that nobody can tell."""
    demand_note(symbols)
    quotes = quotes_cached(symbols)
    absent = [symbol for symbol in symbols if symbol not in quotes]
    return quotes | _quotes_from_bars(absent) if absent else quotes


def _quotes_from_bars(symbols: Sequence[str]) -> dict[str, Quote]:
    newest_first = Bar.objects.filter(
        instrument_id=OuterRef("pk"), interval=StoredInterval.DAY
    ).order_by("-opened_at")
    instruments = {row.pk: row for row in Instrument.objects.filter(symbol__in=symbols)}
    opened = {
        pk: (last, before)
        for pk, last, before in Instrument.objects.filter(pk__in=instruments)
        .annotate(
            last_at=Subquery(newest_first.values("opened_at")[:1]),
            before_at=Subquery(newest_first.values("opened_at")[1:2]),
        )
        .values_list("pk", "last_at", "before_at")
    }
    last = bars_at({pk: pair[0] for pk, pair in opened.items() if pair[0] is not None})
    before = bars_at({pk: pair[1] for pk, pair in opened.items() if pair[1] is not None})
    told_at = _told_at(last, instruments)
    quotes = [
        _quote_from_bar(instruments[pk], bar, before.get(pk), told_at[pk])
        for pk, bar in last.items()
        # Of the first bar of a live feed nobody stored what it compares with.
        if pk in before or bar.source not in OUTSIDE_SOURCES
    ]
    return {quote.symbol: quote for quote in quotes}


def _told_at(last: dict[int, Bar], instruments: dict[int, Instrument]) -> dict[int, datetime]:
    """Return since when the price of each newest daily bar is surely known.

    That of a session that runs is as old as its last minute: the feed may have died since.
    """
    at = now()
    closes = {
        pk: hours.closed_at(instruments[pk].exchange, bar.opened_at.date())
        for pk, bar in last.items()
    }
    running = [pk for pk, closed_at in closes.items() if closed_at > at]
    if not running:
        return closes
    minutes = dict(
        Bar.objects.filter(
            instrument_id__in=running,
            interval=StoredInterval.MINUTE,
            opened_at__gte=at - timedelta(days=1),
        )
        .values("instrument_id")
        .annotate(newest=Max("opened_at"))
        .values_list("instrument_id", "newest")
    )
    began = {pk: min(last[pk].opened_at, at) for pk in running}
    return closes | {pk: max(began[pk], minutes.get(pk, began[pk])) for pk in running}


def _quote_from_bar(
    instrument: Instrument, last: Bar, before: Bar | None, told_at: datetime
) -> Quote:
    base = last.close if before is None else before.close
    change, change_rate = change_of(last.close, base)
    return Quote(
        symbol=instrument.symbol,
        exchange=instrument.exchange,
        price=last.close,
        bid=None,
        ask=None,
        change=change,
        change_rate=change_rate,
        volume=last.volume,
        exchange_time=told_at,
        received_at=told_at,
        source=last.source,
        currency=instrument.currency,
        base_price=base,
        epoch="0",
        seq=0,
    )
