"""Minute bars of a finished sample session, such that together they are its daily bar."""

import zlib
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from market import rules
from market.enums import ALL_GENERATED
from market.rollup import BarArrays
from market.sample.grid import price_grid
from market.sample.process import activity_curve

_STREAM = 4
"""Of the seed; 0 to 3 belong to the daily history."""


def minute_bars(symbol: str, exchange: str, day: date, daily: BarArrays, seed: int) -> BarArrays:
    """Split one daily bar (arrays of length 1) into the minutes of the regular session.

    The path is a Brownian bridge from open to close whose two sides are stretched until they
    touch the day's high and low; the volume follows the activity curve. All on the grid.
    """
    rng = np.random.default_rng([seed, _STREAM, day.toordinal(), zlib.crc32(symbol.encode())])
    first_minute, n_minutes = _session_minutes(exchange, day)
    path = _path(daily, rng.standard_normal(n_minutes))
    ends = price_grid(exchange, day).nearest(path)
    ends[-1] = daily.closes[0]
    starts = np.concatenate([daily.opens, ends[:-1]])
    session = rules.regular_session(exchange, day)
    opened = datetime.combine(day, session.opens_at, session.timezone)
    return BarArrays(
        times=int(opened.timestamp()) + 60 * np.arange(n_minutes, dtype=np.int64),
        opens=starts,
        highs=np.maximum(starts, ends),
        lows=np.minimum(starts, ends),
        closes=ends,
        volumes=_volumes(
            int(daily.volumes[0]),
            activity_curve(exchange, day)[first_minute : first_minute + n_minutes],
            rng.random(n_minutes),
        ),
        masks=np.full(n_minutes, ALL_GENERATED, dtype=np.int64),
    )


def _session_minutes(exchange: str, day: date) -> tuple[int, int]:
    session = rules.regular_session(exchange, day)
    opens = session.opens_at.hour * 60 + session.opens_at.minute
    return opens, session.closes_at.hour * 60 + session.closes_at.minute - opens


def _path(daily: BarArrays, shocks: NDArray[np.float64]) -> NDArray[np.float64]:
    start, end = float(daily.opens[0]), float(daily.closes[0])
    place = np.arange(1, shocks.size + 1) / shocks.size
    walk = np.cumsum(shocks)
    bridge = walk - walk[-1] * place
    line = start + (end - start) * place
    # The largest stretch of either side that stays inside the day's range touches it once.
    stretched = line + _stretch(bridge, float(daily.highs[0]) - line)
    return np.asarray(stretched - _stretch(-bridge, line - float(daily.lows[0])))


def _stretch(deviation: NDArray[np.float64], room: NDArray[np.float64]) -> NDArray[np.float64]:
    outward = np.maximum(deviation, 0)
    reach = np.divide(room, outward, out=np.full_like(room, np.inf), where=outward > 0)
    factor = reach.min()
    return outward * factor if np.isfinite(factor) else np.zeros_like(outward)


def _volumes(
    total: int, curve: NDArray[np.float64], noise: NDArray[np.float64]
) -> NDArray[np.int64]:
    weights = curve * (0.4 + 1.2 * noise)
    shares: NDArray[np.int64] = np.floor(total * weights / weights.sum()).astype(np.int64)
    shares[-1] += total - shares.sum()
    return shares
