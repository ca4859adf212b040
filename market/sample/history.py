"""How the sample market gets its past: real closes where we have them, the rest generated.

US days after the real closes: stationary block bootstrap (Politis and Romano, 1994) of the
real joint returns. KRX: a seeded factor model with heavy tails. Every array of random
numbers is drawn row by row from a generator of its own, so a longer history has a shorter
one as its beginning, whenever it was made.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.enums import ALL_GENERATED, generated_mask
from market.rollup import BarArrays
from market.sample.catalogue import RealCloses, SampleInstrument
from market.sample.grid import PriceGrid, price_grid
from market.types import PRICE_UNIT

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

KRX_STARTS_ON = date(2015, 1, 2)
MEAN_BLOCK_DAYS = 20
REAL_CLOSE_GENERATED = generated_mask("open", "high", "low", "volume")

_BOOTSTRAP, _US_FIGURES, _KRX_RETURNS, _KRX_FIGURES = range(4)
_REAL_GRID = PriceGrid(lower_bounds=np.array([0]), ticks=np.array([PRICE_UNIT // 1000]), band=None)
"""The adjusted closes carry three digits, whatever the exchange's tick was."""

_TAIL_DEGREES = 5
_MARKET_SHARE, _SECTOR_SHARE = 0.45, 0.25
_KRX_ANNUAL_DRIFT = 0.06
_KRX_DAYS_PER_YEAR = 246


def us_returns(real: RealCloses, seed: int, n_days: int) -> FloatArray:
    """Draw ``n_days`` joint simple returns, shape (n_days, n_symbols), from the real ones.

    References
    ----------
    Politis, D. N. and Romano, J. P. (1994), "The Stationary Bootstrap", JASA 89(428).
    """
    observed = real.closes[1:] / real.closes[:-1] - 1
    draws = _generator(seed, _BOOTSTRAP).random((n_days, 2))
    rows = np.empty(n_days, dtype=np.int64)
    row = 0
    for day, (jump, place) in enumerate(draws):
        starts_block = day == 0 or jump < 1 / MEAN_BLOCK_DAYS
        row = int(place * len(observed)) if starts_block else (row + 1) % len(observed)
        rows[day] = row
    drawn: FloatArray = observed[rows]
    return drawn


def krx_returns(listed: Sequence[SampleInstrument], seed: int, n_days: int) -> FloatArray:
    """Draw ``n_days`` simple returns, shape (n_days, n_symbols): market, sector and own part."""
    sectors = sorted({row.sector for row in listed})
    of_sector = [sectors.index(row.sector) for row in listed]
    n_factors = 1 + len(sectors)
    draws = _generator(seed, _KRX_RETURNS).standard_t(
        _TAIL_DEGREES, size=(n_days, n_factors + len(listed))
    ) * np.sqrt((_TAIL_DEGREES - 2) / _TAIL_DEGREES)
    own_share = 1 - _MARKET_SHARE - _SECTOR_SHARE
    parts = (
        np.sqrt(_MARKET_SHARE) * draws[:, :1]
        + np.sqrt(_SECTOR_SHARE) * draws[:, 1:n_factors][:, of_sector]
        + np.sqrt(own_share) * draws[:, n_factors:]
    )
    volatility = np.array([row.daily_volatility for row in listed])
    drift = _KRX_ANNUAL_DRIFT / _KRX_DAYS_PER_YEAR
    returns: FloatArray = np.expm1(drift + parts * volatility)
    return returns


def closes_walked(
    exchange: str, days: Sequence[date], start_units: IntArray, returns: FloatArray
) -> IntArray:
    """Apply returns day by day, each close on the grid and within the band of its date."""
    closes = np.empty(returns.shape, dtype=np.int64)
    base = start_units
    for index, day in enumerate(days):
        grid = price_grid(exchange, day)
        low, high = grid.limits(base)
        base = np.clip(grid.nearest(base * (1 + returns[index])), low, high)
        closes[index] = base
    return closes


def real_bars(real: RealCloses, seed: int, volumes: IntArray) -> dict[str, BarArrays]:
    """Dress the real closes with generated opens, highs, lows and volumes."""
    units = np.rint(real.closes * PRICE_UNIT).astype(np.int64)
    bases = np.vstack([units[:1], units[:-1]])
    figures = _figures(_generator(seed, _US_FIGURES), bases, units, volumes)
    snapped = [_REAL_GRID.nearest(figure) for figure in figures[:3]]
    return _bars(real.symbols, real.times, (*snapped, units, figures[3]), REAL_CLOSE_GENERATED)


def generated_bars(
    symbols: Sequence[str],
    exchange: str,
    days: Sequence[date],
    closes: IntArray,
    context: tuple[IntArray, int, int, IntArray],
) -> dict[str, BarArrays]:
    """Dress generated closes; ``context``: close before, seed, days skipped, mean volumes."""
    before, seed, skipped, volumes = context
    bases = np.vstack([before[None, :], closes[:-1]])
    stream = _KRX_FIGURES if exchange == "KRX" else _US_FIGURES
    rng = _generator(seed, stream, 1)
    figures = _figures(rng, bases, closes, volumes, skipped=skipped)
    snapped = [np.empty_like(closes) for _ in range(3)]
    for index, day in enumerate(days):
        grid = price_grid(exchange, day)
        low, high = grid.limits(bases[index])
        for target, figure in zip(snapped, figures[:3], strict=True):
            target[index] = np.clip(grid.nearest(figure[index]), low, high)
    return _bars(symbols, epoch_days(days), (*snapped, closes, figures[3]), ALL_GENERATED)


def epoch_days(days: Sequence[date]) -> IntArray:
    """Return dates as UTC epoch seconds of their midnights."""
    stamps = (datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() for day in days)
    return np.array([int(stamp) for stamp in stamps], dtype=np.int64)


def _generator(seed: int, *stream: int) -> np.random.Generator:
    return np.random.default_rng([seed, *stream])


def _figures(
    rng: np.random.Generator,
    bases: IntArray,
    closes: IntArray,
    volumes: IntArray,
    *,
    skipped: int = 0,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], IntArray]:
    n_days, n_symbols = closes.shape
    noise = rng.standard_normal((skipped + n_days, 4, n_symbols))[skipped:]
    moves = np.log(closes / bases)
    spread = np.clip(np.abs(moves) * 0.5 + 0.006, 0.004, 0.08)
    opens = bases * np.exp(0.4 * moves + 0.35 * spread * noise[:, 0])
    highs = np.maximum(opens, closes) * np.exp(np.abs(noise[:, 1]) * spread * 0.5)
    lows = np.minimum(opens, closes) * np.exp(-np.abs(noise[:, 2]) * spread * 0.5)
    busy = np.exp(0.35 * noise[:, 3] - 0.06) * (0.8 + 12 * np.abs(moves))
    return opens, highs, lows, np.maximum(volumes * busy, 1).astype(np.int64)


def _bars(
    symbols: Sequence[str],
    times: IntArray,
    figures: tuple[IntArray, ...],
    mask: int,
) -> dict[str, BarArrays]:
    opens, highs, lows, closes, volumes = figures
    # Rounding to the grid may have moved an extreme inside the open or close.
    highs = np.maximum(highs, np.maximum(opens, closes))
    lows = np.minimum(lows, np.minimum(opens, closes))
    masks = np.full(times.size, mask, dtype=np.int64)
    return {
        symbol: BarArrays(
            times, opens[:, i], highs[:, i], lows[:, i], closes[:, i], volumes[:, i], masks
        )
        for i, symbol in enumerate(symbols)
    }
