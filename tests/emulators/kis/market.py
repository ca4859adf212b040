"""The emulator's own market: seeded history, and today as tests or a seeded walk script it."""

import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.emulators.kis.grid import US_TICK, kr_limits, kr_tick, on_grid
from tests.emulators.kis.history import (
    KR_HOURS,
    US_HOURS,
    DailyBar,
    MinuteBar,
    adjusted,
    daily_history,
    day_of_minutes,
    is_session,
    minutes_of_day,
    minutes_of_trades,
)
from tests.emulators.kis.instruments import INDICES, Instrument, defaults
from tests.emulators.timekeeping import KST, NEW_YORK, EmulatorClock

BUY, SELL = "buy", "sell"
LEVELS = 10


@dataclass(frozen=True)
class Trade:
    """One print. `number` counts the symbol's prints of the day."""

    symbol: str
    number: int
    price: Decimal
    quantity: int
    side: str
    at: datetime
    venue: str = "KRX"


@dataclass(frozen=True)
class Level:
    price: Decimal
    quantity: int


@dataclass
class Line:
    """Today of one instrument."""

    instrument: Instrument
    base: Decimal
    last: Decimal
    day: date
    open: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    low: Decimal = Decimal(0)
    volume: int = 0
    value: Decimal = Decimal(0)
    counts: dict[str, int] = field(default_factory=lambda: {BUY: 0, SELL: 0})
    volumes: dict[str, int] = field(default_factory=lambda: {BUY: 0, SELL: 0})
    open_at: datetime | None = None
    high_at: datetime | None = None
    low_at: datetime | None = None
    trades: list[Trade] = field(default_factory=list)
    halted: bool = False

    @property
    def change(self) -> Decimal:
        return self.last - self.base

    @property
    def tick(self) -> Decimal:
        return kr_tick(self.last) if self.instrument.is_domestic else US_TICK

    @property
    def limits(self) -> tuple[Decimal, Decimal]:
        if self.instrument.is_domestic:
            return kr_limits(self.base)
        return Decimal(0), Decimal(0)

    @property
    def average(self) -> Decimal:
        return self.value / self.volume if self.volume else self.last

    @property
    def zone(self) -> ZoneInfo:
        return KST if self.instrument.is_domestic else NEW_YORK

    def take(self, trade: Trade) -> None:
        price = trade.price
        if not self.volume:
            self.open, self.high, self.low = price, price, price
            self.open_at = self.high_at = self.low_at = trade.at
        if price > self.high:
            self.high, self.high_at = price, trade.at
        if price < self.low:
            self.low, self.low_at = price, trade.at
        self.last = price
        self.volume += trade.quantity
        self.value += price * trade.quantity
        self.counts[trade.side] += 1
        self.volumes[trade.side] += trade.quantity
        self.trades.append(trade)

    def snapshot(self) -> "Line":
        """Copy the figures; the trades of the copy are those of now."""
        return replace(
            self, counts=dict(self.counts), volumes=dict(self.volumes), trades=list(self.trades)
        )


class UnknownSymbolError(Exception):
    """The emulator does not list it."""


class Market:
    """All lines. Whoever reads or writes them holds `lock`."""

    def __init__(
        self, clock: EmulatorClock, *, seed: int = 7, instruments: Iterable[Instrument] = ()
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.lock = threading.RLock()
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._lines: dict[str, Line] = {}
        self._history: dict[tuple[str, date], list[DailyBar]] = {}
        self._closed: dict[str, list[DailyBar]] = {}
        self._splits: dict[str, list[tuple[date, int]]] = {}
        for instrument in (*defaults(), *instruments):
            self.list_instrument(instrument)
        self.indices = {code: self._line(_index(code), base) for code, (_, base) in INDICES.items()}

    def list_instrument(self, instrument: Instrument) -> None:
        self._lines[instrument.symbol] = self._line(instrument, instrument.base)

    def _line(self, instrument: Instrument, base: Decimal) -> Line:
        zone = KST if instrument.is_domestic else NEW_YORK
        return Line(instrument, base, base, self.clock.now().astimezone(zone).date())

    def symbols(self) -> list[str]:
        return list(self._lines)

    def lines(self, *, domestic: bool = True) -> list[Line]:
        lines = map(self.line, self._lines)
        return [line for line in lines if line.instrument.is_domestic == domestic]

    def line(self, symbol: str) -> Line:
        """Return the line of today; one that traded on an earlier day is closed first."""
        if (line := self._lines.get(symbol)) is None:
            raise UnknownSymbolError(symbol)
        today = self.today(line)
        if line.day < today and line.volume:
            self._closed.setdefault(symbol, []).append(_bar_of(line))
            line = self._lines[symbol] = Line(line.instrument, line.last, line.last, today)
        elif not line.volume:
            line.day = today
        return line

    def print_trade(
        self,
        symbol: str,
        price: Decimal,
        quantity: int,
        *,
        side: str = BUY,
        venue: str = "KRX",
    ) -> Trade:
        line = self.line(symbol)
        number = len(line.trades) + 1
        trade = Trade(symbol, number, price, quantity, side, self.clock.now(), venue)
        line.take(trade)
        return trade

    def next_price(self, symbol: str) -> tuple[Decimal, int, str]:
        """Draw the next step of a seeded walk inside the limits."""
        line = self.line(symbol)
        step = self._random.choice((-2, -1, -1, 0, 0, 1, 1, 2)) * line.tick
        price = on_grid(line.last + step, line.tick)
        if line.instrument.is_domestic:
            upper, lower = line.limits
            price = min(max(price, lower), upper)
        side = BUY if step >= 0 else SELL
        return price, self._random.randint(1, 200), side

    def history(self, symbol: str) -> list[DailyBar]:
        """Return the finished sessions, oldest first; the last close is today's base price."""
        line = self.line(symbol)
        closed = self._closed.get(symbol, [])
        # Drawn sessions end where the ones that were really traded here begin.
        day, base = (closed[0].day, closed[0].previous_close) if closed else (line.day, line.base)
        key = (symbol, day)
        if key not in self._history:
            tick_of = kr_tick if line.instrument.is_domestic else lambda _price: US_TICK
            self._history[key] = daily_history(f"{self.seed}:{symbol}", base, day, tick_of)
        return [*self._history[key], *closed]

    def bars(self, symbol: str, at: datetime | None = None) -> list[DailyBar]:
        """Return the sessions up to a moment (now), the last one as it stood then."""
        at = at or self.clock.now()
        line = self.line(symbol)
        today = at.astimezone(line.zone).date()
        history = self.history(symbol)
        over = [bar for bar in history if bar.day < today]
        minutes = self.minutes(symbol, today, at)
        if not minutes:
            return over
        running = next((bar for bar in history if bar.day == today), None) or _bar_of(line)
        return [*over, day_of_minutes(running, minutes)]

    def minutes(self, symbol: str, day: date, at: datetime | None = None) -> list[MinuteBar]:
        """Return the minutes of a session up to a moment (now)."""
        at = at or self.clock.now()
        line = self.line(symbol)
        if day == line.day:
            prints = [(one.at, one.price, one.quantity) for one in line.trades if one.at <= at]
            return minutes_of_trades(prints, line.zone)
        found = [bar for bar in self.history(symbol) if bar.day == day]
        hours = KR_HOURS if line.instrument.is_domestic else US_HOURS
        minutes = minutes_of_day(found[0], hours, line.tick, line.zone) if found else []
        return [minute for minute in minutes if minute.at + timedelta(minutes=1) <= at]

    def split(self, symbol: str, day: date, ratio: int) -> None:
        """Let a share become `ratio` shares on a day; prints stay as they were."""
        self._splits.setdefault(symbol, []).append((day, ratio))

    def adjusted(self, symbol: str, bars: list[DailyBar]) -> list[DailyBar]:
        """Work the splits into bars."""
        for day, ratio in self._splits.get(symbol, ()):
            bars = adjusted(bars, day, ratio)
        return bars

    def today(self, line: Line) -> date:
        return self.clock.now().astimezone(line.zone).date()

    def is_open_day(self, day: date) -> bool:
        return is_session(day)

    def book(self, symbol: str) -> tuple[list[Level], list[Level]]:
        """Return ten asks and ten bids around the last price, the same until the next print."""
        line = self.line(symbol)
        draw = random.Random(f"{self.seed}:{symbol}:{len(line.trades)}")  # noqa: S311 - repeatable
        asks, bids = [], []
        ask, bid = line.last + line.tick, line.last
        upper, lower = line.limits
        for _ in range(LEVELS):
            asks.append(Level(ask, draw.randint(50, 5000) if _inside(ask, upper, lower) else 0))
            bids.append(Level(bid, draw.randint(50, 5000) if _inside(bid, upper, lower) else 0))
            ask += kr_tick(ask) if line.instrument.is_domestic else US_TICK
            bid = max(Decimal(0), bid - self._tick_below(line, bid))
        return asks, bids

    @staticmethod
    def _tick_below(line: Line, price: Decimal) -> Decimal:
        return kr_tick(price - 1) if line.instrument.is_domestic else US_TICK


def _bar_of(line: Line) -> DailyBar:
    return DailyBar(
        line.day, line.open, line.high, line.low, line.last, line.volume, line.value, line.base
    )


def _inside(price: Decimal, upper: Decimal, lower: Decimal) -> bool:
    return price > 0 and (not upper or lower <= price <= upper)


def _index(code: str) -> Instrument:
    name, base = INDICES[code]
    return Instrument(code, name, code, "KRX", base, "", 0)
