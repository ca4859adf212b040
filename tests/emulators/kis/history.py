"""Seeded daily and minute bars of the emulator's market."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from tests.emulators.kis.grid import on_grid

SESSIONS = 600
Hours = tuple[time, time]
KR_HOURS: Hours = (time(9, 0), time(15, 30))
US_HOURS: Hours = (time(9, 30), time(16, 0))
# Weekdays without a session in the emulator's calendar, Korea's of 2026.
CLOSED_DAYS = {
    date(2026, month, day)
    for month, day in (
        (1, 1), (2, 16), (2, 17), (2, 18), (3, 2), (5, 1), (5, 5), (5, 25), (6, 3), (7, 17),
        (8, 17), (9, 24), (9, 25), (10, 5), (10, 9), (12, 25), (12, 31),
    )
}  # fmt: skip


@dataclass(frozen=True)
class DailyBar:
    """One session, or a week, month or year of them."""

    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    value: Decimal
    previous_close: Decimal


@dataclass(frozen=True)
class MinuteBar:
    """`at` is the beginning of the minute; `total` the turnover of the day up to its end."""

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    value: Decimal
    total: Decimal


def is_session(day: date) -> bool:
    return day.weekday() < 5 and day not in CLOSED_DAYS


def daily_history(
    seed: str, base: Decimal, today: date, tick_of: Callable[[Decimal], Decimal]
) -> list[DailyBar]:
    """Walk backwards from the base price, so that the last close is the base price."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    bars: list[DailyBar] = []
    close, day = base, today
    for _ in range(SESSIONS):
        day -= timedelta(days=1)
        while not is_session(day):
            day -= timedelta(days=1)
        previous = on_grid(close / (1 + _return(draw)), tick_of(close))
        bars.append(_bar(draw, day, (previous, close), tick_of))
        close = previous
    return bars[::-1]


def _return(draw: random.Random) -> Decimal:
    return Decimal(str(round(max(-0.09, min(0.09, draw.gauss(0.0002, 0.015))), 5)))


def _bar(
    draw: random.Random,
    day: date,
    closes: tuple[Decimal, Decimal],
    tick_of: Callable[[Decimal], Decimal],
) -> DailyBar:
    previous, close = closes
    tick = tick_of(close)
    start = on_grid(previous + (close - previous) * Decimal(str(round(draw.random(), 3))), tick)
    high = max(start, close) + tick * draw.randint(0, 6)
    low = max(tick, min(start, close) - tick * draw.randint(0, 6))
    volume = draw.randint(100_000, 20_000_000)
    value = volume * (start + high + low + close) / 4
    return DailyBar(day, start, high, low, close, volume, value, previous)


def grouped(bars: Iterable[DailyBar], period: str) -> list[DailyBar]:
    """Cut daily bars (oldest first) into D, W, M or Y; a group is dated by its last day."""
    key: Callable[[DailyBar], object] = {
        "D": lambda bar: bar.day,
        "W": lambda bar: bar.day.isocalendar()[:2],
        "M": lambda bar: (bar.day.year, bar.day.month),
        "Y": lambda bar: bar.day.year,
    }[period]
    return [_merged(list(group)) for _, group in groupby(bars, key=key)]


def day_of_minutes(bar: DailyBar, minutes: list[MinuteBar]) -> DailyBar:
    """Return the daily bar as it stood after the first minutes of its session."""
    return replace(
        bar,
        open=minutes[0].open,
        high=max(minute.high for minute in minutes),
        low=min(minute.low for minute in minutes),
        close=minutes[-1].close,
        volume=sum(minute.volume for minute in minutes),
        value=minutes[-1].total,
    )


def adjusted(bars: list[DailyBar], day: date, ratio: int) -> list[DailyBar]:
    """Work a split of one share into `ratio` into the bars before its day."""
    return [
        replace(
            bar,
            open=bar.open / ratio,
            high=bar.high / ratio,
            low=bar.low / ratio,
            close=bar.close / ratio,
            volume=bar.volume * ratio,
            previous_close=bar.previous_close / ratio,
        )
        if bar.day < day
        else bar
        for bar in bars
    ]


def _merged(bars: list[DailyBar]) -> DailyBar:
    return DailyBar(
        day=bars[-1].day,
        open=bars[0].open,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        close=bars[-1].close,
        volume=sum(bar.volume for bar in bars),
        value=sum((bar.value for bar in bars), Decimal(0)),
        previous_close=bars[0].previous_close,
    )


def minutes_of_trades(
    trades: Iterable[tuple[datetime, Decimal, int]], zone: ZoneInfo
) -> list[MinuteBar]:
    """Cut today's prints into minutes, oldest first."""
    bars, total = [], Decimal(0)

    def minute(trade: tuple[datetime, Decimal, int]) -> datetime:
        return trade[0].astimezone(zone).replace(second=0, microsecond=0)

    for at, group in groupby(trades, key=minute):
        prints = list(group)
        prices = [price for _, price, _ in prints]
        value = sum((price * quantity for _, price, quantity in prints), Decimal(0))
        total += value
        volume = sum(quantity for *_, quantity in prints)
        bars.append(
            MinuteBar(at, prices[0], max(prices), min(prices), prices[-1], volume, value, total)
        )
    return bars


def minutes_of_day(bar: DailyBar, hours: Hours, tick: Decimal, zone: ZoneInfo) -> list[MinuteBar]:
    """Lay a finished session out in minutes that add up to its daily bar, oldest first."""
    start = datetime.combine(bar.day, hours[0], zone)
    count = int((datetime.combine(bar.day, hours[1], zone) - start).total_seconds() // 60)
    turns = [bar.open, bar.low, bar.high, bar.close]
    if bar.close < bar.open:
        turns = [bar.open, bar.high, bar.low, bar.close]
    path = [_on_path(turns, n / count, tick) for n in range(count + 1)]
    bars, total = [], Decimal(0)
    for n in range(count):
        volume = bar.volume // count + (1 if n < bar.volume % count else 0)
        first, last = path[n], path[n + 1]
        value = volume * (first + last) / 2
        total += value
        at = start + timedelta(minutes=n)
        bars.append(
            MinuteBar(at, first, max(first, last), min(first, last), last, volume, value, total)
        )
    return bars


def _on_path(turns: list[Decimal], share: float, tick: Decimal) -> Decimal:
    part = min(2, int(share * 3))
    within = Decimal(str(round(share * 3 - part, 6)))
    if within in {0, 1}:
        return turns[part + int(within)]
    return on_grid(turns[part] + (turns[part + 1] - turns[part]) * within, tick)
