"""The indices of the sample market: which there are, their bars and their live values. Pure.

Each gives all sample stocks of its currency the same weight and is linked from close to close
(``quant.equal_weight``). It starts at 1,000 on its base date, or on the first session after that
all of them have. Nobody publishes these indices: they exist in the sample market only.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np

from market import rules
from market.feed import Line
from market.rollup import BarArrays, IntArray
from market.sample.catalogue import sample_instruments
from market.ticks import Tick
from market.types import PRICE_UNIT
from quant.equal_weight import levels_chained, mean_relatives

INDICES_FILE = Path(__file__).parent / "indices.csv"
BASE_LEVEL = 1_000 * 100
"""In hundredths of a point, to which all levels are rounded."""
LEVEL_UNITS = PRICE_UNIT // 100
TOLD_EVERY_S = 1.0


@dataclass(frozen=True)
class SampleIndex:
    """One row of the list of indices; ``members`` are symbols."""

    symbol: str
    exchange: str
    base_date: date
    name_en: str
    name_ko: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class MemberBars:
    """Bars of all members at the times that they share; figures of shape (n_bars, n_members).

    ``ids`` are those of the instruments, in the order of the columns.
    """

    ids: tuple[int, ...]
    times: IntArray
    opens: IntArray
    closes: IntArray
    volumes: IntArray
    masks: IntArray

    def part(self, chosen: slice) -> "MemberBars":
        """Return the bars of a slice of the times."""
        return MemberBars(
            self.ids,
            self.times[chosen],
            self.opens[chosen],
            self.closes[chosen],
            self.volumes[chosen],
            self.masks[chosen],
        )


@cache
def sample_indices() -> tuple[SampleIndex, ...]:
    """Return the indices with their members."""
    with INDICES_FILE.open(encoding="utf-8", newline="") as lines:
        return tuple(_index(row) for row in csv.DictReader(lines))


def base_bars(members: MemberBars) -> BarArrays:
    """Return the flat bar of the base session, the first of the members' sessions."""
    one = members.part(slice(0, 1))
    level = np.array([BASE_LEVEL])
    return _bars(one, level, level)


def session_bars(members: MemberBars, *, level: int) -> BarArrays:
    """Return the bars of all sessions after the first, at which the index closed on ``level``."""
    before = members.closes[:-1]
    closes = levels_chained(mean_relatives(members.closes[1:], before), start=level)
    starts = np.concatenate([[level], closes[:-1]])
    opens = np.rint(starts * mean_relatives(members.opens[1:], before)).astype(np.int64)
    return _bars(members.part(slice(1, None)), opens, closes)


def minute_bars(members: MemberBars, bases: IntArray, *, level: int) -> BarArrays:
    """Return the minutes of one session, before which the members closed on ``bases``."""
    opens, closes = (
        np.rint(level * mean_relatives(prices, np.broadcast_to(bases, prices.shape)))
        for prices in (members.opens, members.closes)
    )
    return _bars(members, opens.astype(np.int64), closes.astype(np.int64))


class IndexValues:
    """What the indices are worth now, from the lines of their members in the feed."""

    def __init__(self, members: Mapping[str, Sequence[str]]) -> None:
        self._members = {symbol: tuple(found) for symbol, found in members.items() if found}
        self._told_at: dict[str, datetime] = {}

    def ticks(
        self, lines: Mapping[str, Line], at: datetime, *, is_closing: bool = False
    ) -> Iterator[Tick]:
        """Yield the indices whose members have traded, each at most once a second.

        ``is_closing`` waits for no second: the session ends with the members' last prices.
        """
        for symbol, members in self._members.items():
            told_at = self._told_at.get(symbol)
            is_due = told_at is None or (at - told_at).total_seconds() >= TOLD_EVERY_S
            if not (is_due or is_closing):
                continue
            tick = _value(lines[symbol], [lines[name] for name in members])
            if tick is not None:
                self._told_at[symbol] = at
                yield tick


def _value(line: Line, members: Sequence[Line]) -> Tick | None:
    """Return the value as a trade of what the members have traded since the last one."""
    size = sum(_volume(member) for member in members) - _volume(line)
    traded_at = max(member.traded_at for member in members)
    if size <= 0 or traded_at < line.traded_at:
        return None
    prices = [[float(member.last_price) for member in members]]
    bases = [[float(member.base_price) for member in members]]
    level = round(float(line.base_price) * 100 * float(mean_relatives(prices, bases)[0]))
    return Tick(line.symbol, Decimal(level).scaleb(-2), None, None, size, traded_at)


def _volume(line: Line) -> int:
    return line.day.volume if line.day is not None else 0


def _bars(members: MemberBars, opens: IntArray, closes: IntArray) -> BarArrays:
    # The members' extremes do not fall together, so none of them says what the index reached.
    return BarArrays(
        times=members.times,
        opens=opens * LEVEL_UNITS,
        highs=np.maximum(opens, closes) * LEVEL_UNITS,
        lows=np.minimum(opens, closes) * LEVEL_UNITS,
        closes=closes * LEVEL_UNITS,
        volumes=members.volumes.sum(axis=1),
        masks=np.bitwise_or.reduce(members.masks, axis=1),
    )


def _index(row: dict[str, str]) -> SampleIndex:
    currency = rules.CURRENCIES[row["exchange"]]
    members = (
        stock.symbol
        for stock in sample_instruments()
        if rules.CURRENCIES[stock.exchange] == currency
    )
    return SampleIndex(
        symbol=row["symbol"],
        exchange=row["exchange"],
        base_date=date.fromisoformat(row["base_date"]),
        name_en=row["name_en"],
        name_ko=row["name_ko"],
        members=tuple(members),
    )
