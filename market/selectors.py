"""Reads of the market: instruments, quotes, bars and panels of closes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import BigIntegerField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery
from numpy.typing import NDArray

from market import hours, rollup, rules
from market.adjusting import (
    Factors,
    bars_adjusted,
    closes_adjusted,
    factors_of,
    is_raw,
)
from market.bar_store import bars_at
from market.demand import demand_note
from market.enums import ADJUSTED_SOURCES, Adjustment, BarInterval, StoredInterval, generated_names
from market.errors import (
    BarRangeError,
    InstrumentNotTradableError,
    QuoteUnavailableError,
    SymbolUnknownError,
)
from market.history import Closes, closes_read
from market.models import Bar, Instrument
from market.quotes import change_of, quotes_cached
from market.types import BarSeries, PricePanel, Quote
from tradingplatform.clock import now

BARS_DEFAULT = 1000
BARS_MAX = 10_000
ROLLED_BARS_MAX = 2_000
NAMED_MAX = 500

_COLUMNS = ("opened_at", "open", "high", "low", "close", "volume", "generated_mask")
_INTRADAY = {"1m", "5m", "15m", "1h"}
_YEARS = range(1900, 2200)


def instrument_get(symbol: str) -> Instrument:
    """Return one instrument; SymbolUnknownError when there is none."""
    return instruments_get([symbol])[symbol]


def instruments_get(symbols: Iterable[str]) -> dict[str, Instrument]:
    """Return instruments by symbol, in the order asked; SymbolUnknownError names the missing."""
    wanted = list(dict.fromkeys(symbols))
    found = {row.symbol: row for row in Instrument.objects.filter(symbol__in=wanted)}
    missing = [symbol for symbol in wanted if symbol not in found]
    if missing:
        raise SymbolUnknownError(
            f"Unknown symbol: {', '.join(missing)[:200]}.", symbols=missing[:20]
        )
    return {symbol: found[symbol] for symbol in wanted}


def instrument_for_order(symbol: str) -> Instrument:
    """Return an instrument that orders can be placed in.

    Raises SymbolUnknownError, or InstrumentNotTradableError for an index or a delisted one.
    """
    instrument = instrument_get(symbol)
    if not instrument.is_tradable:
        raise InstrumentNotTradableError(f"{symbol} cannot be traded.", symbol=symbol)
    return instrument


def instruments_found(
    *,
    search: str = "",
    exchange: str | None = None,
    asset_type: str | None = None,
    with_delisted: bool = False,
) -> QuerySet[Instrument]:
    """Return the instruments that match a text, a venue and a type, unordered.

    Those that no longer trade only ``with_delisted``.
    """
    rows = Instrument.objects.all() if with_delisted else Instrument.objects.active()
    if search.strip():
        rows = rows.search(search.strip())
    if exchange:
        rows = rows.on_venue(exchange)
    if asset_type:
        rows = rows.filter(asset_type=asset_type)
    return rows


def instruments_named(text: str, *, symbols: Iterable[str] = ()) -> list[Instrument]:
    """Return active instruments that a text may name, by symbol; the caller looks closer.

    Also those of ``symbols``, which are other names in the text. At most NAMED_MAX, whatever
    the text and however many instruments there are.
    """
    rows = Instrument.objects.active().named(text, symbols).order_by("symbol")
    return list(rows[:NAMED_MAX])


def symbols_unknown(symbols: Collection[str]) -> set[str]:
    """Return those that no instrument carries."""
    if not symbols:
        return set()
    known = Instrument.objects.filter(symbol__in=symbols).values_list("symbol", flat=True)
    return set(symbols).difference(known)


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


def bars_get(
    *,
    symbol: str,
    interval: str = "1d",
    start: date | datetime | None = None,
    end: date | datetime | None = None,
    limit: int = BARS_DEFAULT,
    adjustment: str = Adjustment.SPLIT,
) -> BarSeries:
    """Return bars, oldest first; the longer intervals are rolled up from what is stored.

    A date counts in the zone of the exchange and ``end`` includes the whole day; an instant
    as ``end`` is exclusive. With ``start`` the first ``limit`` bars of the range, without it
    the last. ``adjustment`` says which later corporate actions are worked in: none (RAW),
    those that change the number of shares (SPLIT), or dividends, rights and spin-offs too
    (ALL). Raises SymbolUnknownError and BarRangeError.
    """
    _check_range(interval, start, end, limit)
    instrument = instrument_get(symbol)
    since, until = _bounds(instrument.exchange, interval, start, end)
    stored = StoredInterval.MINUTE if interval in _INTRADAY else StoredInterval.DAY
    rows = Bar.objects.filter(instrument_id=instrument.pk, interval=stored)
    if since is not None:
        rows = rows.filter(opened_at__gte=since)
    if until is not None:
        rows = rows.filter(opened_at__lt=until)
    stored_bars, told_by = _read(rows, (limit + 1) * rollup.STORED_PER_BUCKET[interval], since)
    adjusted, left_out = _adjusted(instrument, interval, stored_bars, told_by, adjustment)
    bars, has_more = _limited(adjusted, interval, limit, forward=since is not None)
    series = _series(instrument, interval, bars, sorted(set(told_by)), has_more=has_more)
    return replace(series, adjustment=adjustment, left_out=left_out)


def price_panel(
    *,
    symbols: Sequence[str],
    start: date | None = None,
    end: date | None = None,
) -> PricePanel:
    """Return daily closes on the dates that all ``symbols`` share, both ends included.

    All corporate actions are worked in, because returns are what panels are for. Here Decimal
    becomes float64. Raises SymbolUnknownError; an empty range gives an empty panel.
    """
    instruments = instruments_get(symbols)
    ids = [row.pk for row in instruments.values()]
    first, last = (None if edge is None else _day_number(edge) for edge in (start, end))
    histories = closes_read(ids, first=first, last=last)
    return _panel(instruments, histories, _panel_factors(instruments, histories))


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
    quotes = (_quote_from_bar(instruments[pk], bar, before.get(pk)) for pk, bar in last.items())
    return {quote.symbol: quote for quote in quotes}


def _quote_from_bar(instrument: Instrument, last: Bar, before: Bar | None) -> Quote:
    base = last.close if before is None else before.close
    change, change_rate = change_of(last.close, base)
    day = last.opened_at.date()
    told_at = min(hours.closed_at(instrument.exchange, day), now())
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


def _check_range(
    interval: str, start: date | datetime | None, end: date | datetime | None, limit: int
) -> None:
    if interval not in BarInterval.values:
        raise BarRangeError(
            "The interval is not one of 1m 5m 15m 1h 1d 1w 1mo.", interval=interval[:20]
        )
    most = BARS_MAX if rollup.STORED_PER_BUCKET[interval] == 1 else ROLLED_BARS_MAX
    if not 1 <= limit <= most:
        raise BarRangeError(f"The limit must lie between 1 and {most}.", limit=str(limit)[:20])
    for edge in (start, end):
        if edge is not None and edge.year not in _YEARS:
            raise BarRangeError("The range lies outside 1900 to 2199.", edge=edge.isoformat())
    if start is not None and end is not None and _as_date(start) > _as_date(end):
        raise BarRangeError(
            "The range ends before it starts.", start=start.isoformat(), end=end.isoformat()
        )


def _as_date(edge: date | datetime) -> date:
    return edge.date() if isinstance(edge, datetime) else edge


def _bounds(
    exchange: str, interval: str, start: date | datetime | None, end: date | datetime | None
) -> tuple[datetime | None, datetime | None]:
    since = until = None
    if start is not None:
        first = int(_edge(exchange, interval, start).timestamp())
        bucket = rollup.bucket_starts(np.array([first], dtype=np.int64), interval)
        since = datetime.fromtimestamp(int(bucket[0]), UTC)
    if end is not None:
        last = _edge(exchange, interval, end)
        if interval not in _INTRADAY or not isinstance(end, datetime):
            last += timedelta(days=1)
        until = datetime.fromtimestamp(rollup.bucket_end(int(last.timestamp()) - 1, interval), UTC)
    return since, until


def _edge(exchange: str, interval: str, edge: date | datetime) -> datetime:
    if interval not in _INTRADAY:
        return _midnight(_as_date(edge))
    if isinstance(edge, datetime):
        return edge.astimezone(UTC)
    zone = rules.exchange_timezone(exchange)
    return datetime(edge.year, edge.month, edge.day, tzinfo=zone).astimezone(UTC)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _with_raw(rows: QuerySet[Bar], *names: str) -> QuerySet[Any]:
    # The columns as the integers they are stored as: no Decimal, no datetime per row.
    raw = {
        f"raw_{name}": ExpressionWrapper(F(name), output_field=BigIntegerField()) for name in names
    }
    return rows.annotate(**raw)


def _read(
    rows: QuerySet[Bar], most: int, since: datetime | None
) -> tuple[rollup.BarArrays, list[str]]:
    ordered = rows.order_by("opened_at" if since is not None else "-opened_at")
    found = list(
        _with_raw(ordered, *_COLUMNS[:5]).values_list(
            *(f"raw_{name}" for name in _COLUMNS[:5]), "volume", "generated_mask", "source"
        )[:most]
    )
    if since is None:
        found.reverse()
    table = np.array([row[:7] for row in found], dtype=np.int64).reshape(-1, 7)
    return rollup.BarArrays(*table.T), [row[7] for row in found]


def _adjusted(
    instrument: Instrument,
    interval: str,
    bars: rollup.BarArrays,
    told_by: Sequence[str],
    adjustment: str,
) -> tuple[rollup.BarArrays, tuple[date, ...]]:
    raw = np.array([source not in ADJUSTED_SOURCES for source in told_by], dtype=np.bool_)
    if not raw.any():
        return bars, ()
    factors = factors_of([instrument], adjustment).get(instrument.pk)
    if factors is None:
        return bars, ()
    adjusted = bars_adjusted(
        bars, factors, raw=raw, exchange=instrument.exchange, intraday=interval in _INTRADAY
    )
    return adjusted, factors.left_out


def _limited(
    stored: rollup.BarArrays, interval: str, limit: int, *, forward: bool
) -> tuple[rollup.BarArrays, bool]:
    bars = rollup.rolled_up(stored, interval)
    was_cut = len(stored) == (limit + 1) * rollup.STORED_PER_BUCKET[interval]
    if was_cut and len(bars) > 1 and rollup.STORED_PER_BUCKET[interval] > 1:
        # The bucket at the cut may lack some of its stored bars.
        bars = bars.part(slice(None, -1) if forward else slice(1, None))
    has_more = was_cut or len(bars) > limit
    return bars.part(slice(None, limit) if forward else slice(-limit, None)), has_more


def _series(
    instrument: Instrument,
    interval: str,
    bars: rollup.BarArrays,
    sources: Sequence[str],
    *,
    has_more: bool,
) -> BarSeries:
    return BarSeries(
        symbol=instrument.symbol,
        interval=interval,
        currency=instrument.currency,
        times=bars.times,
        open_units=bars.opens,
        high_units=bars.highs,
        low_units=bars.lows,
        close_units=bars.closes,
        volumes=bars.volumes,
        generated_mask=bars.masks,
        sources=tuple(sources),
        has_more=has_more,
    )


def _panel_factors(
    instruments: dict[str, Instrument], histories: dict[int, Closes]
) -> dict[int, Factors]:
    raw = [row for row in instruments.values() if is_raw(histories[row.pk]).any()]
    return factors_of(raw, Adjustment.ALL)


def _panel(
    instruments: dict[str, Instrument],
    histories: dict[int, Closes],
    factors: dict[int, Factors],
) -> PricePanel:
    columns = [histories[row.pk] for row in instruments.values()]
    days = _shared_days([column.days for column in columns])
    closes = np.empty((days.size, len(columns)))
    mask = 0
    for place, (row, column) in enumerate(zip(instruments.values(), columns, strict=True)):
        chosen = np.isin(column.days, days, assume_unique=True, kind="table")
        closes[:, place] = closes_adjusted(column.part(chosen), factors.get(row.pk))
        mask |= column.generated_mask()
    return PricePanel(
        dates=days.astype("datetime64[D]"),
        symbols=tuple(instruments),
        closes=closes,
        sources=tuple(sorted(set().union(*(column.sources() for column in columns)))),
        generated_fields=tuple(generated_names(mask)),
        currencies=tuple(row.currency for row in instruments.values()),
    )


def _shared_days(columns: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Return the days that are in all columns, each of which is ascending."""
    if any(column.size == 0 for column in columns):
        return np.empty(0, np.int32)
    first = max(int(column[0]) for column in columns)
    last = min(int(column[-1]) for column in columns)
    counts = np.zeros(max(0, last - first + 1), np.int32)
    for column in columns:
        inside = column[np.searchsorted(column, first) : np.searchsorted(column, last, "right")]
        counts[inside - first] += 1
    return (np.flatnonzero(counts == len(columns)) + first).astype(np.int32)


def _day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days
