"""How many minutes or days become one longer bar. Pure: numpy in, numpy out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

DAY_S = 86_400
_EPOCH_MONDAY = 4 * DAY_S
"""1970-01-05 was the first Monday of the epoch."""

STORED_PER_BUCKET = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "1d": 1, "1w": 7, "1mo": 31}
"""At most so many stored bars make one bar of the interval."""

_WIDTH_S = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": DAY_S}


@dataclass(frozen=True)
class BarArrays:
    """Columns of stored bars, each of shape (n_bars,), times ascending, prices scaled."""

    times: IntArray
    opens: IntArray
    highs: IntArray
    lows: IntArray
    closes: IntArray
    volumes: IntArray
    masks: IntArray

    def __len__(self) -> int:
        return int(self.times.size)

    def part(self, chosen: slice) -> "BarArrays":
        """Return the bars of a slice."""
        return BarArrays(*(column[chosen] for column in self.columns()))

    def columns(self) -> tuple[IntArray, ...]:
        """Return the columns in the order of the fields."""
        return (
            self.times,
            self.opens,
            self.highs,
            self.lows,
            self.closes,
            self.volumes,
            self.masks,
        )


def bucket_starts(times: IntArray, interval: str) -> IntArray:
    """Return the start of the bucket that each instant (UTC epoch seconds) falls into."""
    if interval in _WIDTH_S:
        return times - times % _WIDTH_S[interval]
    if interval == "1w":
        return times - (times - _EPOCH_MONDAY) % (7 * DAY_S)
    months = times.astype("datetime64[s]").astype("datetime64[M]")
    return months.astype("datetime64[s]").astype(np.int64)


def bucket_end(time: int, interval: str) -> int:
    """Return the first instant after the bucket that ``time`` falls into."""
    start = bucket_starts(np.array([time], dtype=np.int64), interval)
    if interval == "1mo":
        month = start.astype("datetime64[s]").astype("datetime64[M]") + 1
        return int(month.astype("datetime64[s]").astype(np.int64)[0])
    return int(start[0]) + _WIDTH_S.get(interval, 7 * DAY_S)


def rolled_up(bars: BarArrays, interval: str) -> BarArrays:
    """Merge bars of one bucket: first open, highest high, lowest low, last close, all volume."""
    if len(bars) == 0 or STORED_PER_BUCKET[interval] == 1:
        return bars
    starts = bucket_starts(bars.times, interval)
    first = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    last = np.append(first[1:], starts.size) - 1
    return BarArrays(
        times=starts[first],
        opens=bars.opens[first],
        highs=np.maximum.reduceat(bars.highs, first),
        lows=np.minimum.reduceat(bars.lows, first),
        closes=bars.closes[last],
        volumes=np.add.reduceat(bars.volumes, first),
        masks=np.bitwise_or.reduceat(bars.masks, first),
    )
