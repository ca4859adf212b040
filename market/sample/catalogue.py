"""Which instruments the sample market lists, and the real closes that ship inside skfolio."""

import csv
import gzip
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tradingplatform.errors import NotConfiguredError

CATALOGUE_FILE = Path(__file__).parent / "instruments.csv"


@dataclass(frozen=True)
class SampleInstrument:
    """One row of the catalogue; ``start_price`` and ``daily_volatility`` only where generated."""

    symbol: str
    exchange: str
    name_en: str
    name_ko: str
    sector: str
    start_price: int
    daily_volatility: float
    daily_volume: int
    market_segment: str = ""


@dataclass(frozen=True)
class RealCloses:
    """Adjusted daily closes: times (n_days,) epoch seconds, closes (n_days, n_symbols)."""

    symbols: tuple[str, ...]
    times: NDArray[np.int64]
    closes: NDArray[np.float64]


@cache
def sample_instruments() -> tuple[SampleInstrument, ...]:
    """Return the catalogue, US stocks first."""
    with CATALOGUE_FILE.open(encoding="utf-8", newline="") as lines:
        return tuple(_instrument(row) for row in csv.DictReader(lines))


@cache
def real_closes() -> RealCloses:
    """Read the S&P 500 sample of skfolio (1990-01-02 to 2022-12-28) without importing it."""
    with gzip.open(_packaged_file(), "rt", encoding="ascii", newline="") as lines:
        reader = csv.reader(lines)
        symbols = tuple(next(reader)[1:])
        rows = list(reader)
    return RealCloses(
        symbols=symbols,
        times=np.array([row[0] for row in rows], dtype="datetime64[s]").astype(np.int64),
        closes=np.array([row[1:] for row in rows], dtype=np.float64),
    )


def _packaged_file() -> Path:
    spec = importlib.util.find_spec("skfolio")
    if spec is None or not spec.submodule_search_locations:
        raise NotConfiguredError("The sample market needs the package skfolio for its closes.")
    folder = Path(spec.submodule_search_locations[0])
    return folder / "datasets" / "data" / "sp500_dataset.csv.gz"


def _instrument(row: dict[str, str]) -> SampleInstrument:
    return SampleInstrument(
        symbol=row["symbol"],
        exchange=row["exchange"],
        name_en=row["name_en"],
        name_ko=row["name_ko"],
        sector=row["sector"],
        start_price=int(row["start_price"] or 0),
        daily_volatility=float(row["daily_volatility"] or 0),
        daily_volume=int(row["daily_volume"]),
        market_segment=row["market_segment"],
    )
