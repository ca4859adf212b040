"""Cut trades into bars as they come, and mend a bar when one of its trades comes late. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

MINUTE_S = 60
LATE_MAX_S = 300
"""A trade that comes later than this after its time mends no bar any more."""


@dataclass(slots=True)
class OpenBar:
    """A bar that still grows; prices in stored units, times in epoch seconds.

    ``first_at`` and ``last_at`` are the times of the trades that made ``open`` and ``close``,
    so that trades may come in any order and make the same bar.
    """

    opened_at: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    first_at: float
    last_at: float
    is_changed: bool = True

    @classmethod
    def of_trade(cls, opened_at: int, units: int, size: int, at: float) -> "OpenBar":
        """Return the bar that one trade makes alone."""
        return cls(opened_at, units, units, units, units, size, at, at)

    def add(self, units: int, size: int, at: float) -> None:
        """Let one trade into the bar; of trades at the same instant the later one closes it."""
        if units > self.high:
            self.high = units
        elif units < self.low:
            self.low = units
        self.volume += size
        if at >= self.last_at:
            self.close, self.last_at = units, at
        elif at < self.first_at:
            self.open, self.first_at = units, at
        self.is_changed = True


class MinuteBars:
    """The minute bars of one symbol that may still change."""

    __slots__ = ("_changed", "_newest", "_recent")

    def __init__(self, stored: Iterable[OpenBar] = ()) -> None:
        self._recent = {bar.opened_at: bar for bar in stored}
        self._newest = max(self._recent, default=0)
        self._changed: list[OpenBar] = []

    def trade(self, units: int, size: int, at: float) -> None:
        """Let one trade into the minute that it happened in."""
        minute = int(at) // MINUTE_S * MINUTE_S
        bar = self._recent.get(minute)
        if bar is None:
            bar = self._recent[minute] = OpenBar.of_trade(minute, units, size, at)
            self._changed.append(bar)
            if minute > self._newest:
                self._newest = minute
                self._forget()
            return
        if not bar.is_changed:
            self._changed.append(bar)
        bar.add(units, size, at)

    def take(self) -> list[OpenBar]:
        """Return the bars that changed since they were last taken."""
        changed, self._changed = self._changed, []
        for bar in changed:
            bar.is_changed = False
        return changed

    def _forget(self) -> None:
        """Let go of minutes that no late trade can reach any more."""
        oldest = self._newest - LATE_MAX_S - MINUTE_S
        for minute in [minute for minute in self._recent if minute < oldest]:
            del self._recent[minute]
