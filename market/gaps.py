"""Which bars are missing? Pure: days and minutes in, ranges out."""

from collections.abc import Collection, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from market.cutting import MINUTE_S

IntArray = NDArray[np.int64]

QUIET_MAX_S = 300
"""So long a whole exchange may say nothing within a session before its feed counts as cut."""


def missing_days(expected: Sequence[date], stored: Collection[date]) -> list[tuple[date, date]]:
    """Return the ranges of trading days without a bar, both ends included.

    Days that follow one another in ``expected``, which is ascending, make one range.
    """
    known = set(stored)
    ranges: list[tuple[date, date]] = []
    is_running = False
    for day in expected:
        if day in known:
            is_running = False
        elif is_running:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
            is_running = True
    return ranges


def silences(traded: IntArray, starts_at: int, ends_at: int) -> list[tuple[int, int]]:
    """Return the half-open ranges of a session in which nobody traded for too long.

    ``traded`` holds the starts of the minutes in which any symbol of the exchange traded,
    ascending, in epoch seconds. A single symbol may rest for hours, a whole exchange does not.
    """
    inside = traded[(traded >= starts_at) & (traded < ends_at)]
    edges = np.concatenate([[starts_at - MINUTE_S], inside, [ends_at]])
    froms, untils = edges[:-1] + MINUTE_S, edges[1:]
    too_long = untils - froms > QUIET_MAX_S
    pairs = zip(froms[too_long].tolist(), untils[too_long].tolist(), strict=True)
    return [(int(since), int(until)) for since, until in pairs]
