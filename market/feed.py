"""Normalise ticks: refuse bad ones, number the good ones, cut bars, roll the sessions.

One FeedBook lives in the leading feed process. It does no I/O: the runner takes what it
hands out to the cache, the bus and the database.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from market import rules, trading_days
from market.bar_store import BarRow
from market.cutting import LATE_MAX_S, MinuteBars, OpenBar
from market.enums import ALL_GENERATED, Source, StoredInterval
from market.metrics import FEED_REFUSED, FEED_TICKS
from market.quotes import change_of
from market.ticks import DayFigures, PlausibleRange, Tick, book_fault, plausible_range, tick_fault
from market.types import PRICE_UNIT, OrderBook, Quote

VOLUMES_KEPT = 200
"""A trade that comes again comes soon."""


@dataclass(slots=True)
class ToldVolume:
    """The session's volume as a source tells it with each trade.

    ``newest`` is None where the source does not tell it. A volume that was told before is a
    trade that comes a second time: KIS numbers its trades in no other way.
    """

    newest: int | None = None
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=VOLUMES_KEPT))

    def note(self, volume: int) -> None:
        """Remember one trade."""
        self.recent.append(volume)

    def knows(self, volume: int) -> bool:
        """Tell whether the trade was told before."""
        return volume in self.recent


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
    told: ToldVolume = field(default_factory=ToldVolume)
    product: rules.Product = field(default_factory=rules.Product)
    allowed: PlausibleRange = field(init=False)

    def __post_init__(self) -> None:
        self.rebase(self.base_price)

    def rebase(self, base_price: Decimal) -> None:
        """Compare with another price from now on."""
        self.base_price = base_price
        self.allowed = plausible_range(self.exchange, base_price, self.product)

    def is_own_session(self, tick: Tick) -> bool:
        """Whether what a tick tells of the day is told of the running session."""
        return trading_days.session_date(self.exchange, tick.exchange_time) == self.session


class FeedBook:
    """All lines of the feed, within one epoch."""

    def __init__(self, lines: Iterable[Line], *, epoch: str) -> None:
        self.epoch = epoch
        self.lines = {line.symbol: line for line in lines}
        self._unstored: list[BarRow] = []

    def admit(self, line: Line) -> None:
        """Begin to keep the line of a symbol; one that is kept already goes on."""
        self.lines.setdefault(line.symbol, line)

    def accept(self, tick: Tick, at: datetime) -> Quote | None:
        """Take one tick in; None (and a count) when it must be refused."""
        line = self.lines.get(tick.symbol)
        is_told = line is not None and tick.day is not None and line.is_own_session(tick)
        day = tick.day if is_told else None
        is_late = line is not None and _is_late(tick, line, day)
        fault = "unknown_symbol" if line is None else _fault(tick, line, at, is_late=is_late)
        if line is None or fault is not None:
            FEED_REFUSED.labels(fault).inc()
            return None
        if not is_late:
            _take_best(line, tick)
        if tick.size:
            _trade(line, tick, day, is_late=is_late)
        elif tick.is_snapshot:
            _stand(line, tick, day)
        FEED_TICKS.labels(line.source).inc()
        return self._quote(line, at)

    def confirm(self, symbol: str, at: datetime) -> Quote:
        """Tell a symbol's unchanged quote again, so that its age shows the feed's health."""
        return self._quote(self.lines[symbol], at)

    def number_books(self, books: Iterable[OrderBook]) -> list[tuple[OrderBook, int]]:
        """Give each order book its number; impossible ones, and unknown symbols, are refused."""
        numbered = []
        for book in books:
            line = self.lines.get(book.symbol)
            fault = "unknown_symbol" if line is None else book_fault(book, line.allowed)
            if line is None or fault is not None:
                FEED_REFUSED.labels(fault).inc()
                continue
            line.book_seq += 1
            numbered.append((book, line.book_seq))
        return numbered

    def quiet_symbols(self, before: datetime) -> list[str]:
        """Return the symbols that were told, but not since an instant."""
        return [
            line.symbol
            for line in self.lines.values()
            if line.told_at is not None and line.told_at < before
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
            line.told = ToldVolume()
            closes[line.instrument_id] = line.last_price
            line.rebase(line.last_price)
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
            exchange=line.exchange,
            price=line.last_price,
            bid=line.bid,
            ask=line.ask,
            change=change,
            change_rate=change_rate,
            volume=_volume(line),
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
    if tick.is_snapshot and tick.day and tick.day.base_price and line.is_own_session(tick):
        line.rebase(tick.day.base_price)
    fault = tick_fault(tick, line.allowed, at)
    if fault is None and is_late and tick.day and line.told.knows(tick.day.volume):
        return "repeated"
    if not is_late or fault not in {None, "clock_skew"}:
        return fault
    is_lost = (at - tick.exchange_time).total_seconds() > LATE_MAX_S
    started_before = trading_days.session_date(line.exchange, tick.exchange_time) < line.session
    return "late" if is_lost or started_before or not tick.size else None


def _is_late(tick: Tick, line: Line, day: DayFigures | None) -> bool:
    """Whether we know of a later trade: by the day's volume, which only rises, else by time."""
    if day is None or line.told.newest is None:
        return tick.exchange_time < line.traded_at
    known = line.told.newest
    return day.volume < known if tick.is_snapshot else day.volume <= known


def _take_best(line: Line, tick: Tick) -> None:
    # Who tells the same price and no book does not say that the book is gone.
    if not (tick.is_snapshot and tick.bid is None and tick.price == line.last_price):
        line.bid, line.ask = tick.bid, tick.ask


def _stand(line: Line, tick: Tick, day: DayFigures | None) -> None:
    """Take over how things stand; what traded unseen goes into no minute."""
    is_news = tick.price != line.last_price
    if day is not None:
        is_news = is_news or line.told.newest is None or day.volume > line.told.newest
        _take_day(line, tick, day)
    if is_news:
        line.last_price, line.traded_at = tick.price, tick.exchange_time


def _take_day(line: Line, tick: Tick, day: DayFigures) -> None:
    """Believe the source in what it tells of the whole session."""
    line.told.newest = day.volume
    if day.open is None or day.high is None or day.low is None:
        return
    units, at = int(tick.price * PRICE_UNIT), tick.exchange_time.timestamp()
    opened, high, low = (int(price * PRICE_UNIT) for price in (day.open, day.high, day.low))
    line.day = OpenBar(
        opened_at=_midnight(line.session),
        open=opened,
        high=max(high, units),
        low=min(low, units),
        close=units,
        volume=day.volume,
        first_at=at if line.day is None else line.day.first_at,
        last_at=at,
    )


def _volume(line: Line) -> int:
    if line.told.newest is not None:
        return line.told.newest
    return line.day.volume if line.day is not None else 0


def _trade(line: Line, tick: Tick, day: DayFigures | None, *, is_late: bool) -> None:
    units, at = int(tick.price * PRICE_UNIT), tick.exchange_time.timestamp()
    line.minutes.trade(units, tick.size, at)
    if day is not None:
        line.told.note(day.volume)
        if not is_late:
            _take_day(line, tick, day)
    elif line.day is None:
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
