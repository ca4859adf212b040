"""Start the live feed from what is stored, and store what it makes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
from django.conf import settings

from market import hours, trading_days
from market.bar_store import BarRow, bars_at, bars_write, closes_before, last_sessions
from market.cutting import LATE_MAX_S, MINUTE_S, MinuteBars, OpenBar
from market.enums import AssetType, Source, StoredInterval
from market.feed import FeedBook, Line
from market.models import Bar, Instrument
from market.providers.kis.ticks import KisTickSource
from market.quotes import quotes_cached
from market.sample.indices import IndexValues, sample_indices
from market.sample.process import FloatArray, Walker
from market.sample.provider import SampleProvider
from market.services.action_days import applied_count
from market.services.following import streams_end
from market.services.indices import indices_offer
from market.symbol_changes import symbols_now
from market.ticks import TickProvider
from market.types import PRICE_UNIT, Quote
from tradingplatform.db.transactions import global_tx
from tradingplatform.services import services

LOOK_BACK_DAYS = 400
RETURNS_MIN = 30
_VOLATILITY_DEFAULT, _VOLATILITY_MIN, _VOLATILITY_MAX = 0.02, 0.004, 0.06
_CORRELATION_DEFAULT = 0.3
_SHRINKAGE = 0.1
"""Towards zero correlation, which keeps the matrix positive definite."""


@dataclass(frozen=True)
class Feed:
    """A provider of ticks, the book that takes them in, and the indices computed from it.

    ``n_applied`` is how many corporate actions had changed instruments when it was opened.
    """

    provider: TickProvider
    book: FeedBook
    n_applied: int = 0
    indices: IndexValues = field(default_factory=lambda: IndexValues({}))


def feed_open(*, epoch: int, at: datetime) -> Feed | None:
    """Build the feed that settings.MARKET_FEED names; None while there is nothing to feed.

    The lines of the KIS feed come with the first quote of whatever is looked at.
    """
    # Before the lines are read: what is applied meanwhile makes the feed open once more.
    n_applied = applied_count()
    streams_end()
    indices_offer(Source.KIS if settings.MARKET_FEED == "kis" else Source.SAMPLE)
    if settings.MARKET_FEED == "kis":
        source = KisTickSource(services.external.kis()).start()
        return Feed(source, FeedBook((), epoch=str(epoch)), n_applied)
    feed = _sample_feed(epoch, at)
    return feed and replace(feed, n_applied=n_applied)


def feed_is_current(feed: Feed) -> bool:
    """Tell whether no corporate action has changed an instrument since the feed was opened."""
    return applied_count() == feed.n_applied


def _sample_feed(epoch: int, at: datetime) -> Feed | None:
    """Build the sample feed from the stored bars; None while there is nothing to feed.

    Prices go on from the newest of the cached quote and the stored bar; volatility, volume
    and correlation are measured on the stored daily bars.
    """
    instruments = list(Instrument.objects.active().filter(source=Source.SAMPLE).order_by("symbol"))
    lines = _lines(instruments, at)
    stocks = [line for line in lines if line.product.asset_type != AssetType.INDEX]
    if not stocks:
        return None
    volatilities, volumes, correlation = _measured(stocks, at)
    walkers = [
        Walker(
            symbol=line.symbol,
            exchange=line.exchange,
            price_units=int(line.last_price * PRICE_UNIT),
            base_units=int(line.base_price * PRICE_UNIT),
            daily_volatility=volatilities[index],
            daily_volume=volumes[index],
        )
        for index, line in enumerate(stocks)
    ]
    provider = SampleProvider(
        walkers,
        correlation,
        seed=(settings.MARKET_SEED, epoch),
        speed=settings.MARKET_SPEED,
        on=max(line.session for line in stocks),
    )
    book = FeedBook(lines, epoch=str(epoch))
    return Feed(provider, book, indices=_index_values(lines))


def _index_values(lines: Sequence[Line]) -> IndexValues:
    """Return the indices that have a line, with those of their members that have one."""
    known = {line.symbol for line in lines}
    renamed = symbols_now([symbol for index in sample_indices() for symbol in index.members])
    return IndexValues(
        {
            index.symbol: [
                name for symbol in index.members if (name := renamed.get(symbol, symbol)) in known
            ]
            for index in sample_indices()
            if index.symbol in known
        }
    )


def feed_bars_store(*, rows: Sequence[BarRow]) -> None:
    """Store bars that the feed cut, replacing earlier states of the same bars."""
    if rows:
        global_tx(bars_write, rows)


def _lines(instruments: Sequence[Instrument], at: datetime) -> list[Line]:
    newest = bars_at(last_sessions(instruments))
    minutes = _recent_minutes(instruments, at)
    quotes = quotes_cached(row.symbol for row in instruments)
    lines = []
    for instrument, base in _with_bases(instruments, at):
        bar = newest.get(instrument.pk)
        if bar is None:
            continue
        session = trading_days.session_date(instrument.exchange, at)
        is_running = bar.opened_at.date() == session
        line = Line(
            instrument_id=instrument.pk,
            symbol=instrument.symbol,
            exchange=instrument.exchange,
            currency=instrument.currency,
            source=instrument.source,
            base_price=base if base is not None else bar.close,
            session=session,
            last_price=bar.close,
            traded_at=_told_at(instrument, bar, at),
            day=_open_bar(bar, last_at=at) if is_running else None,
            minutes=MinuteBars(minutes.get(instrument.pk, ())),
            product=instrument.product,
        )
        _go_on_from(line, quotes.get(instrument.symbol))
        lines.append(line)
    return lines


def _go_on_from(line: Line, quote: Quote | None) -> None:
    """Prefer the last told price to the stored bar, which may be a minute older."""
    if quote is None or not line.allowed.low <= quote.price <= line.allowed.high:
        return
    if trading_days.session_date(line.exchange, quote.exchange_time) == line.session:
        line.last_price, line.traded_at = quote.price, quote.exchange_time
        if line.day is not None:
            line.day.last_at = quote.exchange_time.timestamp()


def _told_at(instrument: Instrument, bar: Bar, at: datetime) -> datetime:
    day = bar.opened_at.date()
    return min(hours.closed_at(instrument.exchange, day), at)


def _with_bases(
    instruments: Sequence[Instrument], at: datetime
) -> list[tuple[Instrument, Decimal | None]]:
    by_session: dict[date, list[Instrument]] = {}
    for row in instruments:
        by_session.setdefault(trading_days.session_date(row.exchange, at), []).append(row)
    bases: dict[int, Bar] = {}
    for session, rows in by_session.items():
        bases |= closes_before(rows, session)
    return [(row, bases[row.pk].close if row.pk in bases else None) for row in instruments]


def _recent_minutes(instruments: Sequence[Instrument], at: datetime) -> dict[int, list[OpenBar]]:
    """Return the stored minutes that a late trade may still reach, by instrument id."""
    running = at.replace(second=0, microsecond=0)
    rows = Bar.objects.filter(
        instrument_id__in=[row.pk for row in instruments],
        interval=StoredInterval.MINUTE,
        opened_at__gte=running - timedelta(seconds=LATE_MAX_S + MINUTE_S),
    )
    found: dict[int, list[OpenBar]] = {}
    for row in rows:
        # Nobody stored when it last traded: what ended keeps its close.
        ended_at = row.opened_at + timedelta(seconds=MINUTE_S if row.opened_at < running else 0)
        found.setdefault(row.instrument_id, []).append(_open_bar(row, last_at=ended_at))
    return found


def _open_bar(bar: Bar, *, last_at: datetime) -> OpenBar:
    return OpenBar(
        opened_at=int(bar.opened_at.timestamp()),
        open=int(bar.open * PRICE_UNIT),
        high=int(bar.high * PRICE_UNIT),
        low=int(bar.low * PRICE_UNIT),
        close=int(bar.close * PRICE_UNIT),
        volume=bar.volume,
        first_at=bar.opened_at.timestamp(),
        last_at=last_at.timestamp(),
        is_changed=False,
    )


def _measured(lines: Sequence[Line], at: datetime) -> tuple[list[float], list[float], FloatArray]:
    """Return daily volatility, mean volume and correlation of the lines' recent bars."""
    rows = Bar.objects.filter(
        instrument_id__in=[line.instrument_id for line in lines],
        interval=StoredInterval.DAY,
        opened_at__gte=at - timedelta(days=LOOK_BACK_DAYS),
    ).values_list("instrument_id", "opened_at", "close", "volume")
    closes: dict[int, dict[date, float]] = {line.instrument_id: {} for line in lines}
    volumes: dict[int, list[int]] = {line.instrument_id: [] for line in lines}
    for instrument_id, opened_at, close, volume in rows:
        closes[instrument_id][opened_at.date()] = float(close)
        volumes[instrument_id].append(volume)
    returns = [_log_returns(closes[line.instrument_id]) for line in lines]
    volatilities = [
        float(np.clip(np.std(list(row.values())), _VOLATILITY_MIN, _VOLATILITY_MAX))
        if len(row) >= RETURNS_MIN
        else _VOLATILITY_DEFAULT
        for row in returns
    ]
    means = [float(np.mean(volumes[line.instrument_id] or [1])) for line in lines]
    return volatilities, means, _correlation(lines, returns)


def _log_returns(closes: dict[date, float]) -> dict[date, float]:
    days = sorted(closes)
    logs = np.log([closes[day] for day in days])
    return dict(zip(days[1:], np.diff(logs).tolist(), strict=True))


def _correlation(lines: Sequence[Line], returns: Sequence[dict[date, float]]) -> FloatArray:
    """Return the shrunk correlation: measured within a currency, none across."""
    matrix = np.eye(len(lines))
    for currency in {line.currency for line in lines}:
        places = [i for i, line in enumerate(lines) if line.currency == currency]
        shared = set.intersection(*(set(returns[i]) for i in places))
        block = np.full((len(places), len(places)), _CORRELATION_DEFAULT)
        if len(shared) >= RETURNS_MIN and len(places) > 1:
            days = sorted(shared)
            table = np.array([[returns[i][day] for day in days] for i in places])
            if (table.std(axis=1) > 0).all():
                block = np.corrcoef(table) * (1 - _SHRINKAGE)
        np.fill_diagonal(block, 1.0)
        matrix[np.ix_(places, places)] = block
    return matrix
