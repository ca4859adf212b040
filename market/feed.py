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
from market.cutting import LATE_MAX_S, MinuteBars, OpenBar
from market.enums import ALL_GENERATED, Source, StoredInterval
from market.metrics import FEED_REFUSED, FEED_TICKS
from market.quotes import change_of
from market.ticks import PlausibleRange, Tick, plausible_range, tick_fault
from market.types import PRICE_UNIT, OrderBook, Quote


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
    minutes: MinuteBars = field(default_factory=MinuteBars)
    seq: int = 0
    book_seq: int = 0
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
        self._unstored: list[BarRow] = []

    def accept(self, tick: Tick, at: datetime) -> Quote | None:
        """Take one tick in; None (and a count) when it must be refused."""
        line = self.lines.get(tick.symbol)
        is_late = line is not None and tick.exchange_time < line.traded_at
        fault = "unknown_symbol" if line is None else _fault(tick, line, at, is_late=is_late)
        if line is None or fault is not None:
            FEED_REFUSED.labels(fault).inc()
            return None
        if not is_late:
            line.bid, line.ask = tick.bid, tick.ask
        if tick.size:
            _trade(line, tick, is_late=is_late)
        FEED_TICKS.labels(line.source).inc()
        return self._quote(line, at)

    def confirm(self, symbol: str, at: datetime) -> Quote:
        """Tell a symbol's unchanged quote again, so that its age shows the feed's health."""
        return self._quote(self.lines[symbol], at)

    def number_books(self, books: Iterable[OrderBook]) -> list[tuple[OrderBook, int]]:
        """Give each order book of a known symbol its number; unknown ones are refused."""
        numbered = []
        for book in books:
            line = self.lines.get(book.symbol)
            if line is None:
                FEED_REFUSED.labels("unknown_symbol").inc()
                continue
            line.book_seq += 1
            numbered.append((book, line.book_seq))
        return numbered

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
            self._unstored += _changed_rows(line)
            line.day = None
            line.session = session
            line.base_price = closes[line.instrument_id] = line.last_price
            line.allowed = plausible_range(exchange, line.base_price)
        return closes

    def bars_take(self) -> list[BarRow]:
        """Hand out the bars to store: those that changed since, growing ones as they stand."""
        rows, self._unstored = self._unstored, []
        for line in self.lines.values():
            rows += _changed_rows(line)
        return rows

    def bars_return(self, rows: list[BarRow], *, most: int) -> None:
        """Take bars back that could not be stored, so that they go with the next batch."""
        self._unstored = [*rows, *self._unstored][-most:]

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


def _fault(tick: Tick, line: Line, at: datetime, *, is_late: bool) -> str | None:
    """Return why a tick is refused; a late trade may mend bars for LATE_MAX_S seconds."""
    fault = tick_fault(tick, line.allowed, at)
    if not is_late or fault not in {None, "clock_skew"}:
        return fault
    is_lost = (at - tick.exchange_time).total_seconds() > LATE_MAX_S
    started_before = trading_days.session_date(line.exchange, tick.exchange_time) < line.session
    return "late" if is_lost or started_before or not tick.size else None


def _trade(line: Line, tick: Tick, *, is_late: bool) -> None:
    units, at = int(tick.price * PRICE_UNIT), tick.exchange_time.timestamp()
    line.minutes.trade(units, tick.size, at)
    if line.day is None:
        line.day = OpenBar.of_trade(_midnight(line.session), units, tick.size, at)
    else:
        line.day.add(units, tick.size, at)
    if not is_late:
        line.last_price, line.traded_at = tick.price, tick.exchange_time


def _changed_rows(line: Line) -> list[BarRow]:
    rows = [_row(line, StoredInterval.MINUTE, bar) for bar in line.minutes.take()]
    if line.day is not None and line.day.is_changed:
        line.day.is_changed = False
        rows.append(_row(line, StoredInterval.DAY, line.day))
    return rows


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
        ALL_GENERATED if line.source == Source.SAMPLE else 0,
    )


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
