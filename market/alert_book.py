"""Which alerts fire at a value? Sorted levels, so that a tick looks at those it crosses only.

Pure: the feed hands in values, and takes out what fired and what is ready to fire again.
An alert that is not armed waits until the value has gone back past its level by a margin
(hysteresis), so that a price that dithers around the level fires once.
"""

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from market.enums import AlertDirection, AlertMeasure

_MARGINS = {
    AlertMeasure.CHANGE_RATE: 0.002,
    AlertMeasure.RSI: 2.0,
    AlertMeasure.SMA_DISTANCE: 0.002,
    AlertMeasure.MACD: 0.0001,
}
_PRICE_MARGIN = 0.002


class Gauge(NamedTuple):
    """What is measured of a symbol; interval and window only where it comes from bars."""

    symbol: str
    measure: str
    interval: str = ""
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """An active alert as the book keeps it."""

    alert_id: UUID
    account_db_key: int
    gauge: Gauge
    direction: str
    level: float
    is_armed: bool
    generation: int
    version: int
    rests_until: datetime | None = None
    expires_at: datetime | None = None

    @property
    def sign(self) -> int:
        """+1 when it waits for a rise, -1 for a fall."""
        return 1 if self.direction == AlertDirection.ABOVE else -1

    @property
    def re_arms_at(self) -> float:
        """The value to which the measure must come back before the alert can fire again."""
        margin = _MARGINS.get(AlertMeasure(self.gauge.measure), self.level * _PRICE_MARGIN)
        return self.level - self.sign * margin

    @property
    def rung(self) -> tuple[float, UUID]:
        """Its place on the ladder it stands on, lowest first."""
        key = self.level if self.is_armed else -self.re_arms_at
        return (self.sign * key, self.alert_id)


class Seen(NamedTuple):
    """What a value brought about."""

    fired: list[Watch]
    armed: list[Watch]


class _Ladder:
    """Alerts sorted by the value that reaches them."""

    def __init__(self) -> None:
        self._rungs: list[tuple[float, UUID]] = []

    def add(self, rung: tuple[float, UUID]) -> None:
        insort(self._rungs, rung)

    def remove(self, rung: tuple[float, UUID]) -> None:
        place = bisect_left(self._rungs, rung)
        if place < len(self._rungs) and self._rungs[place] == rung:
            del self._rungs[place]

    def take(self, value: float) -> list[UUID]:
        """Take off what ``value`` reaches."""
        place = bisect_right(self._rungs, value, key=lambda rung: rung[0])
        taken = [alert_id for _, alert_id in self._rungs[:place]]
        del self._rungs[:place]
        return taken


class AlertBook:
    """All active alerts of the installation, by what they wait for."""

    def __init__(self) -> None:
        self._watches: dict[UUID, Watch] = {}
        # By gauge: (direction sign, armed) -> ladder.
        self._ladders: dict[Gauge, dict[tuple[int, bool], _Ladder]] = {}
        self._resting: list[tuple[datetime, UUID, int]] = []

    def __len__(self) -> int:
        return len(self._watches)

    def put(self, watch: Watch) -> None:
        """Take an alert in, or its newer state; an older state is ignored."""
        known = self._watches.get(watch.alert_id)
        if known is not None:
            if known.version > watch.version:
                return
            self._leave(known)
        self._watches[watch.alert_id] = watch
        if watch.rests_until is not None and not watch.is_armed:
            heapq.heappush(self._resting, (watch.rests_until, watch.alert_id, watch.version))
        else:
            self._join(watch)

    def remove(self, alert_id: UUID) -> None:
        """Forget an alert."""
        known = self._watches.pop(alert_id, None)
        if known is not None:
            self._leave(known)

    def keep_only(self, alert_ids: Iterable[UUID]) -> None:
        """Forget every alert but these."""
        for alert_id in self._watches.keys() - set(alert_ids):
            self.remove(alert_id)

    def see(self, gauge: Gauge, value: float, at: datetime) -> Seen:
        """Tell what a value of a gauge reaches; what fired is out until it is put again."""
        self._wake(at)
        ladders = self._ladders.get(gauge)
        if ladders is None:
            return Seen([], [])
        fired: list[Watch] = []
        armed: list[Watch] = []
        for (sign, is_armed), ladder in list(ladders.items()):
            for alert_id in ladder.take(sign * value if is_armed else -sign * value):
                watch = self._watches[alert_id]
                if watch.expires_at is not None and watch.expires_at <= at:
                    continue
                (fired if is_armed else armed).append(watch)
        ready = [replace(watch, is_armed=True, rests_until=None) for watch in armed]
        for watch in ready:
            self._watches[watch.alert_id] = watch
            self._join(watch)
        return Seen(fired, ready)

    def _wake(self, at: datetime) -> None:
        """Let alerts whose cool-down has ended wait for the way back."""
        while self._resting and self._resting[0][0] <= at:
            _, alert_id, version = heapq.heappop(self._resting)
            watch = self._watches.get(alert_id)
            if watch is not None and watch.version == version and not watch.is_armed:
                self._leave(watch)
                self._join(watch)

    def _join(self, watch: Watch) -> None:
        ladders = self._ladders.setdefault(watch.gauge, {})
        ladders.setdefault((watch.sign, watch.is_armed), _Ladder()).add(watch.rung)

    def _leave(self, watch: Watch) -> None:
        ladder = self._ladders.get(watch.gauge, {}).get((watch.sign, watch.is_armed))
        if ladder is not None:
            ladder.remove(watch.rung)
