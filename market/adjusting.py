"""Adjusted bars: what is stored stays raw, corporate actions are worked in when it is read.

A bar of a source that tells adjusted prices itself is left as it is, never adjusted twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from market import rules
from market.enums import ADJUSTED_SOURCES, ActionKind, Adjustment
from market.history import Closes, closes_read
from market.models import CorporateAction, Instrument
from market.rollup import DAY_S, BarArrays
from market.types import PRICE_UNIT
from quant.adjustments import back_adjustment, payout_factor, rights_factor, split_factor
from quant.types import FloatArray

_OF_SHARES = frozenset({ActionKind.SPLIT, ActionKind.REVERSE_SPLIT, ActionKind.STOCK_DIVIDEND})
_OF_VALUE = frozenset({ActionKind.CASH_DIVIDEND, ActionKind.RIGHTS, ActionKind.SPIN_OFF})
KINDS = {
    Adjustment.RAW: frozenset[ActionKind](),
    Adjustment.SPLIT: _OF_SHARES,
    Adjustment.ALL: _OF_SHARES | _OF_VALUE,
}
CLOSED_AT_MOST = timedelta(days=400)
"""A close older than this says nothing about an ex-date."""


@dataclass(frozen=True)
class Factors:
    """What corporate actions do to the bars of one instrument before each ex-date.

    ``days`` counts from 1970-01-01. ``left_out`` are ex-dates whose action could not be worked
    in because no close before them is stored.
    """

    days: NDArray[np.int64]
    prices: FloatArray
    volumes: FloatArray
    left_out: tuple[date, ...] = ()


def factors_of(instruments: Sequence[Instrument], adjustment: str) -> dict[int, Factors]:
    """Return by instrument id what its actions do; absent without actions."""
    kinds = KINDS[Adjustment(adjustment)]
    if not kinds:
        return {}
    actions: dict[int, list[CorporateAction]] = {}
    rows = CorporateAction.objects.filter(
        instrument_id__in=[row.pk for row in instruments], kind__in=kinds
    )
    for row in rows.order_by("instrument_id", "ex_date", "kind"):
        actions.setdefault(row.instrument_id, []).append(row)
    closes = _raw_closes([row for found in actions.values() for row in found])
    return {pk: _factors(found, closes.get(pk)) for pk, found in actions.items()}


def is_raw(closes: Closes) -> NDArray[np.bool_]:
    """Return which closes their source tells unadjusted."""
    return ~closes.are_from(ADJUSTED_SOURCES)


def bars_adjusted(
    bars: BarArrays,
    factors: Factors | None,
    *,
    raw: NDArray[np.bool_],
    exchange: str,
    intraday: bool,
) -> BarArrays:
    """Return the bars with all later actions worked in, those that are adjusted already as are.

    Prices are rounded to the stored unit (a millionth), at least one; volumes to whole shares.
    """
    if factors is None or not len(bars):
        return bars
    days = _local_days(bars.times, exchange) if intraday else bars.times // DAY_S
    prices = np.where(raw, back_adjustment(days, factors.days, factors.prices), 1.0)
    volumes = np.where(raw, back_adjustment(days, factors.days, factors.volumes), 1.0)
    columns = (bars.opens, bars.highs, bars.lows, bars.closes)
    opens, highs, lows, closes = (_scaled(column, prices, least=1) for column in columns)
    return BarArrays(
        times=bars.times,
        opens=opens,
        highs=highs,
        lows=lows,
        closes=closes,
        volumes=_scaled(bars.volumes, volumes, least=0),
        masks=bars.masks,
    )


def closes_adjusted(closes: Closes, factors: Factors | None) -> FloatArray:
    """Return daily closes, from stored units to prices, with all later actions worked in."""
    prices: FloatArray = closes.units / float(PRICE_UNIT)
    if factors is None:
        return prices
    by = back_adjustment(closes.days, factors.days, factors.prices)
    return prices * np.where(is_raw(closes), by, 1.0)


def _raw_closes(actions: Sequence[CorporateAction]) -> dict[int, Closes]:
    """Return the closes that actions of value are measured against."""
    measured = [row for row in actions if row.kind in _OF_VALUE]
    if not measured:
        return {}
    first = min(row.ex_date for row in measured) - CLOSED_AT_MOST
    last = max(row.ex_date for row in measured)
    found = closes_read(
        sorted({row.instrument_id for row in measured}), first=_number(first), last=_number(last)
    )
    return {pk: closes.part(is_raw(closes)) for pk, closes in found.items()}


def _factors(actions: list[CorporateAction], closes: Closes | None) -> Factors:
    days, prices, volumes, left_out = [], [], [], []
    for row in actions:
        day = _number(row.ex_date)
        factor = _price_factor(row, None if closes is None else _close_before(closes, day))
        if factor is None:
            left_out.append(row.ex_date)
            continue
        days.append(day)
        prices.append(factor)
        volumes.append(float(row.ratio) if row.kind in _OF_SHARES and row.ratio else 1.0)
    return Factors(
        np.array(days, dtype=np.int64), np.array(prices), np.array(volumes), tuple(left_out)
    )


def _close_before(closes: Closes, day: int) -> float | None:
    place = int(np.searchsorted(closes.days, day)) - 1
    if place < 0 or day - int(closes.days[place]) > CLOSED_AT_MOST.days:
        return None
    return int(closes.units[place]) / PRICE_UNIT


def _price_factor(row: CorporateAction, close: float | None) -> float | None:
    if row.kind in _OF_SHARES:
        return split_factor(float(row.ratio or 0))
    if close is None or row.amount is None:
        return None
    amount = float(row.amount)
    if row.kind == ActionKind.RIGHTS:
        return rights_factor(close, float(row.ratio or 0), amount)
    # A payout beyond the close is a slip in the data: left out and said so.
    return payout_factor(close, amount) if amount < close else None


def _scaled(column: NDArray[np.int64], factors: FloatArray, *, least: int) -> NDArray[np.int64]:
    scaled = np.rint(column * factors).astype(np.int64)
    # Untouched figures stay exact, also beyond what a float holds.
    return np.where(factors == 1.0, column, np.maximum(scaled, np.minimum(column, least)))


def _local_days(times: NDArray[np.int64], exchange: str) -> NDArray[np.int64]:
    zone = rules.exchange_timezone(exchange)
    # One look-up of the offset for each UTC day is enough: no session holds a change of clocks.
    utc_days, places = np.unique(times // DAY_S, return_inverse=True)
    offsets = np.array(
        [
            int(_offset(datetime.fromtimestamp(int(day) * DAY_S + DAY_S // 2, zone)))
            for day in utc_days
        ],
        dtype=np.int64,
    )
    local: NDArray[np.int64] = (times + offsets[places]) // DAY_S
    return local


def _offset(moment: datetime) -> float:
    return (moment.utcoffset() or timedelta()).total_seconds()


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days
