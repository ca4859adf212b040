"""Bring the indices of the sample market up to the last finished session of their members."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from django.db.models import BigIntegerField, ExpressionWrapper, F

from market import rules
from market.bar_store import BarRow, bar_rows, bars_at, history_write, last_sessions
from market.enums import Source, StoredInterval
from market.models import Bar, Instrument
from market.rollup import BarArrays
from market.sample import indices
from market.sample.indices import LEVEL_UNITS, MemberBars, SampleIndex
from market.types import PRICE_UNIT
from tradingplatform.db.transactions import global_tx

_GAP_MAX = timedelta(days=14)
"""The session before the first new one is looked for so far back."""
_COLUMNS = ("opened_at", "open", "close")
_FETCH_ROWS = 50_000


def sample_index_load(
    *, index: SampleIndex, known: Mapping[str, Instrument], last_day: date, minute_sessions: int
) -> int:
    """Store the index bars of the sessions that all members have and the index has not.

    The newest ``minute_sessions`` of them get minute bars too, where the members have them.
    Only sample bars of the members count. Returns how many bars came.
    """
    own = known[index.symbol]
    # The weights begin anew with every session, so the level goes on without who has ended.
    ids = sorted(known[symbol].pk for symbol in index.members if known[symbol].is_active)
    newest = last_sessions([own]).get(own.pk)
    if newest is not None and newest.date() >= last_day:
        return 0
    since = _midnight(index.base_date) if newest is None else newest - _GAP_MAX
    members = _shared(ids, StoredInterval.DAY, since, _midnight(last_day) + timedelta(days=1))
    daily, minutes = _bars_after(own, newest, members, minute_sessions)
    return global_tx(_write, own, daily, minutes)


def _bars_after(
    own: Instrument, newest: datetime | None, members: MemberBars, minute_sessions: int
) -> tuple[list[BarArrays], list[BarArrays]]:
    daily, level = [], indices.BASE_LEVEL
    if newest is None:
        daily = [indices.base_bars(members)] if members.times.size else []
    else:
        members = members.part(slice(_place_at(members, newest), None))
        level = int(bars_at({own.pk: newest})[own.pk].close * PRICE_UNIT) // LEVEL_UNITS
    if members.times.size < 2:
        return daily, []
    fresh = indices.session_bars(members, level=level)
    minutes = _minutes(own, members, fresh, level, minute_sessions)
    return [*daily, _ranges_widened(fresh, minutes)], list(minutes.values())


def _write(own: Instrument, daily: Sequence[BarArrays], minutes: Sequence[BarArrays]) -> int:
    return history_write(_rows(own, daily, minutes), instrument_ids=[own.pk])


def _rows(
    own: Instrument, daily: Sequence[BarArrays], minutes: Sequence[BarArrays]
) -> Iterator[BarRow]:
    for interval, parts in ((StoredInterval.DAY, daily), (StoredInterval.MINUTE, minutes)):
        for bars in parts:
            yield from bar_rows(own.pk, interval, bars, Source.SAMPLE)


def _place_at(members: MemberBars, newest: datetime) -> int:
    """Return the place of the last shared session up to the newest bar of the index."""
    place = int(np.searchsorted(members.times, int(newest.timestamp()), side="right")) - 1
    return max(place, 0)


def _minutes(
    own: Instrument, members: MemberBars, daily: BarArrays, level: int, sessions: int
) -> dict[int, BarArrays]:
    """Return the minutes of the newest sessions by their place; none of those without any."""
    starts = [level, *(daily.closes // LEVEL_UNITS).tolist()]
    found = {}
    for place in range(max(0, len(daily) - sessions), len(daily)):
        day = datetime.fromtimestamp(int(daily.times[place]), UTC).date()
        hours = rules.regular_session(own.exchange, day)
        opened, closed = (
            datetime.combine(day, edge, hours.timezone)
            for edge in (hours.opens_at, hours.closes_at)
        )
        part = _shared(members.ids, StoredInterval.MINUTE, opened, closed)
        if part.times.size:
            found[place] = indices.minute_bars(part, members.closes[place], level=starts[place])
    return found


def _ranges_widened(daily: BarArrays, minutes: Mapping[int, BarArrays]) -> BarArrays:
    """Let the range of each session hold the minutes that are known of it."""
    highs, lows = daily.highs.copy(), daily.lows.copy()
    for place, bars in minutes.items():
        highs[place] = max(highs[place], bars.highs.max())
        lows[place] = min(lows[place], bars.lows.min())
    return replace(daily, highs=highs, lows=lows)


def _shared(ids: Sequence[int], interval: str, since: datetime, until: datetime) -> MemberBars:
    """Read the members' sample bars at the times that all of them have."""
    rows = Bar.objects.filter(
        instrument_id__in=ids,
        interval=interval,
        source=Source.SAMPLE,
        opened_at__gte=since,
        opened_at__lt=until,
    )
    raw = {
        f"raw_{name}": ExpressionWrapper(F(name), output_field=BigIntegerField())
        for name in _COLUMNS
    }
    found = rows.annotate(**raw).values_list("instrument_id", *raw, "volume", "generated_mask")
    table = np.array(list(found.iterator(chunk_size=_FETCH_ROWS)), dtype=np.int64).reshape(-1, 6)
    times, at, counts = np.unique(table[:, 1], return_inverse=True, return_counts=True)
    figures = np.zeros((4, times.size, len(ids)), dtype=np.int64)
    figures[:, at, np.searchsorted(ids, table[:, 0])] = table[:, 2:].T
    whole = counts == len(ids)
    return MemberBars(tuple(ids), times[whole], *figures[:, whole])


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
