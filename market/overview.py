"""Gainers, losers, most active and breadth of the market now, from its quotes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from market.models import Instrument
from market.types import Quote

Row = tuple[Instrument, Quote]


@dataclass(frozen=True)
class Overview:
    """Rankings of instruments by their quotes; ``most_active`` holds ``limit`` per currency."""

    gainers: list[Row]
    losers: list[Row]
    most_active: list[Row]
    advancing: int
    declining: int
    unchanged: int


def overview_of(rows: Sequence[Row], *, limit: int) -> Overview:
    """Rank the rows; only what rose is a gainer, only what fell a loser."""
    risen = [row for row in rows if row[1].change > 0]
    fallen = [row for row in rows if row[1].change < 0]
    return Overview(
        gainers=sorted(risen, key=lambda row: -row[1].change_rate)[:limit],
        losers=sorted(fallen, key=lambda row: row[1].change_rate)[:limit],
        most_active=_most_active(rows, limit),
        advancing=len(risen),
        declining=len(fallen),
        unchanged=len(rows) - len(risen) - len(fallen),
    )


def _most_active(rows: Sequence[Row], limit: int) -> list[Row]:
    # Won and dollars do not compare: the busiest of each currency, one currency after another.
    found = []
    for currency in sorted({row[1].currency for row in rows}):
        of_currency = [row for row in rows if row[1].currency == currency]
        of_currency.sort(key=lambda row: row[1].price * row[1].volume, reverse=True)
        found += of_currency[:limit]
    return found
