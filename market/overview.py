"""Rankings, breadth and sectors of the market now, from one panel. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market import rules
from market.models import Instrument
from market.panel import Panel
from market.types import FloatArray, Quote

Row = tuple[Instrument, Quote]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Breadth:
    """How many rose and fell, and how many stand at their highest or lowest of 52 weeks.

    ``ranged`` counts those whose range of 52 weeks is known.
    """

    advancing: int
    declining: int
    unchanged: int
    new_highs: int
    new_lows: int
    ranged: int


@dataclass(frozen=True)
class Sector:
    """A sector of one exchange; both changes are fractions, the second weighted by value traded."""

    exchange: str
    name: str
    instruments: int
    advancing: int
    declining: int
    change_rate: float
    weighted_change_rate: float | None
    value: float


@dataclass(frozen=True)
class Overview:
    """``most_active`` and ``most_value`` hold ``limit`` per currency: won and dollars differ."""

    indices: list[Row]
    gainers: list[Row]
    losers: list[Row]
    most_active: list[Row]
    most_volume: list[Row]
    breadth: Breadth
    by_exchange: dict[str, Breadth]
    sectors: list[Sector]
    sources: list[str]


def overview_of(panel: Panel, *, exchange: str | None, limit: int) -> Overview:
    """Rank what trades; only what rose is a gainer, only what fell a loser."""
    exchanges = np.array([row.exchange for row in panel.instruments], dtype=object)
    chosen = (exchanges == exchange) if exchange else np.ones(exchanges.size, dtype=bool)
    places = np.flatnonzero(chosen & ~panel.is_index)
    change = panel.numbers["change_rate"]
    names = sorted(set(exchanges[places]))
    return Overview(
        indices=_rows(panel, _indices(panel, exchange)),
        gainers=_rows(panel, _ranked(places[change[places] > 0], -change, limit)),
        losers=_rows(panel, _ranked(places[change[places] < 0], change, limit)),
        most_active=_rows(panel, _by_currency(panel, places, panel.numbers["value"], limit)),
        most_volume=_rows(panel, _ranked(places, -panel.numbers["volume"], limit)),
        breadth=_breadth(panel, places),
        by_exchange={name: _breadth(panel, places[exchanges[places] == name]) for name in names},
        sectors=_sectors(panel, places),
        sources=sorted({panel.quotes[place].source for place in np.flatnonzero(chosen)}),
    )


def _indices(panel: Panel, exchange: str | None) -> Places:
    """Return the indices of the market of an exchange: those in its currency."""
    currency = None if exchange is None else rules.CURRENCIES[exchange]
    fits = [currency in {None, row.currency} for row in panel.instruments]
    return np.flatnonzero(panel.is_index & np.array(fits, dtype=bool))


def _rows(panel: Panel, places: Places) -> list[Row]:
    return [(panel.instruments[place], panel.quotes[place]) for place in places.tolist()]


def _ranked(places: Places, key: FloatArray, limit: int) -> Places:
    return places[np.argsort(key[places], kind="stable")][:limit]


def _by_currency(panel: Panel, places: Places, key: FloatArray, limit: int) -> Places:
    currencies = np.array([row.currency for row in panel.instruments], dtype=object)
    parts = [
        _ranked(places[currencies[places] == name], -key, limit)
        for name in sorted(set(currencies[places]))
    ]
    return np.concatenate(parts) if parts else places


def _breadth(panel: Panel, places: Places) -> Breadth:
    change = panel.numbers["change_rate"][places]
    price = panel.numbers["price"][places]
    high, low = panel.numbers["high_52w"][places], panel.numbers["low_52w"][places]
    return Breadth(
        advancing=int((change > 0).sum()),
        declining=int((change < 0).sum()),
        unchanged=int((change == 0).sum()),
        new_highs=int((price >= high).sum()),
        new_lows=int((price <= low).sum()),
        ranged=int(np.isfinite(high).sum()),
    )


def _sectors(panel: Panel, places: Places) -> list[Sector]:
    groups: dict[tuple[str, str], list[int]] = {}
    for place in places.tolist():
        row = panel.instruments[place]
        if row.sector:
            groups.setdefault((row.exchange, row.sector), []).append(place)
    found = [_sector(panel, *names, members) for names, members in groups.items()]
    return sorted(found, key=lambda one: (one.exchange, -one.change_rate, one.name))


def _sector(panel: Panel, exchange: str, name: str, members: Sequence[int]) -> Sector:
    change = panel.numbers["change_rate"][members]
    value = panel.numbers["value"][members]
    total = float(value.sum())
    return Sector(
        exchange=exchange,
        name=name,
        instruments=len(members),
        advancing=int((change > 0).sum()),
        declining=int((change < 0).sum()),
        change_rate=round(float(change.mean()), 6),
        weighted_change_rate=round(float(change @ value) / total, 6) if total else None,
        value=total,
    )
