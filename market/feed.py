"""Normalise ticks: refuse bad ones, number the good ones, cut bars, roll the sessions.

One FeedBook lives in the leading feed process. It does no I/O: the runner takes what it
hands out to the cache, the bus and the database.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from market import trading_days
from market.bar_store import BarRow
from market.enums import ALL_GENERATED, StoredInterval
from market.metrics import FEED_REFUSED, FEED_TICKS
from market.quotes import change_of
from market.ticks import PlausibleRange, Tick, plausible_range, tick_fault
from market.types import PRICE_UNIT, Quote


@dataclass(slots=True)
class OpenBar:
    """A bar that still grows; prices in stored units."""

    opened_at: int
    open: int
    high: int
    low: int
    close: int
    volume: int

    def add(self, units: int, size: int) -> None:
        """Let one trade into the bar."""
        self.high = max(self.high, units)
        self.low = min(self.low, units)
        self.close = units
        self.volume += size


@dataclass(slots=True)
class Line:
    """What the feed knows of one symbol."""

    instrument_id: int
    symbol: str
    exchange: str
    currency: str
    source: str
    base_price: Decimal
    session: date
    last_price: Decimal
    traded_at: datetime
    day: OpenBar | None = None
    minute: OpenBar | None = None
    seq: int = 0
    told_at: datetime | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    allowed: PlausibleRange = field(init=False)

    def __post_init__(self) -> None:
        self.allowed = plausible_range(self.exchange, self.base_price)


class FeedBook:
    """All lines of the feed, within one epoch."""

    def __init__(self, lines: Iterable[Line], *, epoch: str) -> None:
        self.epoch = epoch
        self.lines = {line.symbol: line for line in lines}
        self._finished: list[BarRow] = []

    def accept(self, tick: Tick, at: datetime) -> Quote | None:
        """Take one tick in; None (and a count) when it must be refused."""
        line = self.lines.get(tick.symbol)
        fault = "unknown_symbol" if line is None else tick_fault(tick, line.allowed, at)
        if line is None or fault is not None:
            FEED_REFUSED.labels(fault).inc()
            return None
        line.bid, line.ask = tick.bid, tick.ask
        if tick.size:
            self._trade(line, tick)
        FEED_TICKS.labels(line.source).inc()
        return self._quote(line, at)

    def confirm(self, symbol: str, at: datetime) -> Quote:
        """Tell a symbol's unchanged quote again, so that its age shows the feed's health."""
        return self._quote(self.lines[symbol], at)

    def quiet_symbols(self, before: datetime) -> list[str]:
        """Return the symbols that were last told before an instant, or never."""
        return [
            line.symbol
            for line in self.lines.values()
            if line.bid is not None and (line.told_at is None or line.told_at < before)
        ]

    def sessions_due(self, at: datetime) -> dict[str, date]:
        """Return the exchanges whose session has changed since their last tick, with the new."""
        running = {line.exchange: line.session for line in self.lines.values()}
        now_in = {exchange: trading_days.session_date(exchange, at) for exchange in running}
        return {name: day for name, day in now_in.items() if day > running[name]}

    def session_roll(self, exchange: str, session: date) -> dict[int, Decimal]:
        """Close the running session: its last prices become base prices; return them by id."""
        closes = {}
        for line in self.lines.values():
            if line.exchange != exchange:
                continue
            self._finish_minute(line)
            self._finish_day(line)
            line.day = None
            line.session = session
            line.base_price = closes[line.instrument_id] = line.last_price
            line.allowed = plausible_range(exchange, line.base_price)
        return closes

    def bars_take(self, *, until: datetime | None = None) -> list[BarRow]:
        """Hand out bars to store: finished ones, and the growing ones as they stand.

        A minute is finished when it ended by ``until``, without it always.
        """
        minute = None if until is None else int(until.timestamp()) // 60 * 60
        growing = []
        for line in self.lines.values():
            if line.minute is None:
                continue
            if minute is None or line.minute.opened_at < minute:
                self._finish_minute(line)
            else:
                growing.append(_row(line, StoredInterval.MINUTE, line.minute))
        for line in self.lines.values():
            self._finish_day(line)
        rows, self._finished = [*self._finished, *growing], []
        return rows

    def bars_return(self, rows: list[BarRow], *, most: int) -> None:
        """Take bars back that could not be stored, so that they go with the next batch."""
        self._finished = [*rows, *self._finished][-most:]

    def _trade(self, line: Line, tick: Tick) -> None:
        units = int(tick.price * PRICE_UNIT)
        opened_at = int(tick.exchange_time.timestamp()) // 60 * 60
        if line.minute is not None and line.minute.opened_at < opened_at:
            self._finish_minute(line)
        line.minute = _grown(line.minute, opened_at, units, tick.size)
        line.day = _grown(line.day, _midnight(line.session), units, tick.size)
        line.last_price = tick.price
        line.traded_at = tick.exchange_time

    def _finish_minute(self, line: Line) -> None:
        if line.minute is not None:
            self._finished.append(_row(line, StoredInterval.MINUTE, line.minute))
            line.minute = None

    def _finish_day(self, line: Line) -> None:
        if line.day is not None:
            self._finished.append(_row(line, StoredInterval.DAY, line.day))

    def _quote(self, line: Line, at: datetime) -> Quote:
        line.seq += 1
        line.told_at = at
        change, change_rate = change_of(line.last_price, line.base_price)
        return Quote(
            symbol=line.symbol,
            price=line.last_price,
            bid=line.bid,
            ask=line.ask,
            change=change,
            change_rate=change_rate,
            volume=line.day.volume if line.day is not None else 0,
            exchange_time=line.traded_at,
            received_at=at,
            source=line.source,
            currency=line.currency,
            base_price=line.base_price,
            epoch=self.epoch,
            seq=line.seq,
        )


def _grown(bar: OpenBar | None, opened_at: int, units: int, size: int) -> OpenBar:
    if bar is None:
        return OpenBar(opened_at, units, units, units, units, size)
    bar.add(units, size)
    return bar


def _row(line: Line, interval: str, bar: OpenBar) -> BarRow:
    return (
        line.instrument_id,
        interval,
        bar.opened_at,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
        line.source,
        ALL_GENERATED,
    )


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
