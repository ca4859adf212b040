"""The Korean indices that KIS tells, by our symbols and by its codes."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

INDICES_FILE = Path(__file__).parent / "indices.csv"


@dataclass(frozen=True)
class KisIndex:
    """One row of the list; ``code`` is what KIS calls it."""

    symbol: str
    code: str
    name_en: str
    name_ko: str


@cache
def kis_indices() -> dict[str, KisIndex]:
    """Return the indices by symbol."""
    with INDICES_FILE.open(encoding="utf-8", newline="") as lines:
        return {row["symbol"]: KisIndex(**row) for row in csv.DictReader(lines)}


@cache
def symbols_by_code() -> dict[str, str]:
    """Return our symbols by the codes of KIS."""
    return {index.code: index.symbol for index in kis_indices().values()}
