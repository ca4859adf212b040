"""Find bars that are missing and ask the real sources for them."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
from django.conf import settings
from django.db.models import F

from market import hours, trading_days
from market.bar_store import bar_rows, bars_at, bars_write, history_write, last_sessions
from market.enums import OUTSIDE_SOURCES, GapState, Source, StoredInterval
from market.errors import CapabilityMissingError, ProviderAnswerError
from market.gaps import missing_days, silences
from market.history import Closes, closes_read
from market.metrics import BACKFILL_FAULTS, BACKFILLED
from market.models import Bar, BarGap, Instrument
from market.providers.base import BarsWanted, ProviderBars, asset_of
from market.providers.chain import bars_fetch
from market.rollup import DAY_S, BarArrays
from tradingplatform.clock import monotonic, now
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import (
    LimitExceededError,
    NotConfiguredError,
    UnavailableError,
    UpstreamError,
)

logger = logging.getLogger(__name__)

MINUTE_SESSIONS = 2
"""So many finished sessions are looked through for minutes that are missing."""
SETTLED_AFTER = timedelta(minutes=5)
"""A range is asked for once, so not before a source has surely listed its last minutes."""
ATTEMPTS_MAX = 8
FIRST_PAUSE = timedelta(minutes=1)
PAUSE_MAX = timedelta(hours=6)
MISSING_PAUSE = timedelta(hours=1)
"""So long nobody looks again whether a source can tell by now."""
CLAIMED_FOR = timedelta(minutes=2)
FILL_MOST = 50
FILL_S = 40.0

_PASSING = (UpstreamError, UnavailableError, ProviderAnswerError)
_EPOCH = date(1970, 1, 1)


def gaps_find() -> int:
    """Note which bars the followed instruments lack; return how many ranges are new.

    Followed is what has its newest daily bar from a real source: the live feed stores one as
    soon as somebody looks at an instrument. Its days are expected for settings.MARKET_BACKFILL_DAYS
    back, but not before the newest bar that an operator imported. Minutes are expected where
    a whole exchange was silent in one of its last sessions.
    """
    by_exchange: dict[str, list[Instrument]] = {}
    for row in _followed():
        by_exchange.setdefault(row.exchange, []).append(row)
    found: list[BarGap] = []
    for exchange, rows in by_exchange.items():
        found += _day_gaps(exchange, rows)
        found += _minute_gaps(exchange, rows)
    before = BarGap.objects.count()
    global_tx(BarGap.objects.bulk_create, found, ignore_conflicts=True)
    return BarGap.objects.count() - before


def gaps_fill(*, most: int = FILL_MOST, seconds: float = FILL_S) -> int:
    """Ask for bars that are missing until nothing is due, or time or budget is up.

    Returns how many gaps were closed. Asks outside of any transaction; a gap is claimed
    first, so that two workers do not ask for the same.
    """
    deadline = monotonic() + seconds
    n_closed = 0
    for gap in BarGap.objects.due().select_related("instrument")[:most]:
        if monotonic() > deadline:
            break
        if not _claimed(gap):
            continue
        try:
            bars = bars_fetch(asset_of(gap.instrument), _wanted(gap))
        except CapabilityMissingError as error:
            # Nobody has these; somebody may have the next.
            _postpone(gap, error, MISSING_PAUSE)
        except (NotConfiguredError, LimitExceededError) as error:
            _postpone(gap, error, FIRST_PAUSE)
            break
        except _PASSING as error:
            _failed(gap, error)
        else:
            if bars.source in OUTSIDE_SOURCES:
                global_tx(_close, gap, bars)
                n_closed += 1
    return n_closed


def gaps_reopen(gaps: Iterable[BarGap]) -> int:
    """Ask again for what failed or was empty; return how many."""
    ids = [gap.pk for gap in gaps]
    rows = BarGap.objects.filter(pk__in=ids).exclude(state=GapState.OPEN)
    return global_tx(rows.update, state=GapState.OPEN, attempts=0, try_at=now(), closed_at=None)


def _followed() -> list[Instrument]:
    instruments = list(Instrument.objects.active())
    newest = bars_at(last_sessions(instruments))
    return [
        row for row in instruments if row.pk in newest and newest[row.pk].source in OUTSIDE_SOURCES
    ]


def _day_gaps(exchange: str, rows: Sequence[Instrument]) -> list[BarGap]:
    today = now().astimezone(hours.timezone_of(exchange)).date()
    days_back, kept = settings.MARKET_BACKFILL_DAYS, settings.MARKET_BAR_DAYS[StoredInterval.DAY]
    if kept is not None:
        # What retention takes away must not be asked for again.
        days_back = min(days_back, kept - 1)
    start = today - timedelta(days=days_back)
    expected = trading_days.trading_days(exchange, start, today - timedelta(days=1))
    histories = closes_read([row.pk for row in rows], first=_day_number(start))
    asked = _asked_days(rows)
    found = []
    for row in rows:
        history = histories[row.pk]
        stored = {_EPOCH + timedelta(days=day) for day in history.days.tolist()}
        since = max(start, _own_since(row, history))
        wanted = [day for day in expected if day >= since and day not in asked.get(row.pk, ())]
        found += [_day_gap(row, *ends) for ends in missing_days(wanted, stored)]
    return found


def _own_since(row: Instrument, history: Closes) -> date:
    """Return the first day for which a source may fill in: after listing and imports."""
    imported = history.days[history.are_from({Source.CSV, Source.CSV_ADJUSTED})]
    after_import = _EPOCH + timedelta(days=int(imported[-1]) + 1) if imported.size else _EPOCH
    return max(after_import, row.listed_date or _EPOCH)


def _asked_days(rows: Sequence[Instrument]) -> dict[int, set[date]]:
    """Return by instrument id the days that were asked for already, whatever came of it."""
    gaps = BarGap.objects.filter(
        instrument_id__in=[row.pk for row in rows], interval=StoredInterval.DAY
    )
    asked: dict[int, set[date]] = {}
    for gap in gaps:
        n_days = (gap.ends_at - gap.starts_at).days
        days = {gap.starts_at.date() + timedelta(days=offset) for offset in range(n_days)}
        asked.setdefault(gap.instrument_id, set()).update(days)
    return asked


def _day_gap(row: Instrument, first: date, last: date) -> BarGap:
    starts_at, ends_at = _midnight(first), _midnight(last) + timedelta(days=1)
    return BarGap(instrument=row, interval=StoredInterval.DAY, starts_at=starts_at, ends_at=ends_at)


def _minute_gaps(exchange: str, rows: Sequence[Instrument]) -> list[BarGap]:
    found = []
    for plan in _finished_plans(exchange):
        traded = Bar.objects.filter(
            instrument_id__in=[row.pk for row in rows],
            interval=StoredInterval.MINUTE,
            opened_at__gte=plan.opens_at,
            opened_at__lt=plan.closes_at,
        ).values_list("opened_at", flat=True)
        minutes = sorted({int(at.timestamp()) for at in traded.distinct()})
        edges = int(plan.opens_at.timestamp()), int(plan.closes_at.timestamp())
        for since, until in silences(np.array(minutes, dtype=np.int64), *edges):
            span = {"starts_at": _instant(since), "ends_at": _instant(until)}
            found += [
                BarGap(instrument=row, interval=StoredInterval.MINUTE, **span) for row in rows
            ]
    return found


def _finished_plans(exchange: str) -> list[hours.DayPlan]:
    at = now()
    day = at.astimezone(hours.timezone_of(exchange)).date()
    plans = (hours.day_plan(exchange, day - timedelta(days=back)) for back in range(14))
    finished = [plan for plan in plans if plan and plan.closes_at + SETTLED_AFTER <= at]
    return finished[:MINUTE_SESSIONS]


def _claimed(gap: BarGap) -> bool:
    free = BarGap.objects.filter(pk=gap.pk, state=GapState.OPEN, try_at=gap.try_at)
    claim = {"try_at": now() + CLAIMED_FOR, "attempts": F("attempts") + 1}
    return bool(global_tx(free.update, **claim))


def _wanted(gap: BarGap) -> BarsWanted:
    if gap.interval == StoredInterval.DAY:
        first, last = gap.starts_at.date(), (gap.ends_at - timedelta(days=1)).date()
    else:
        zone = hours.timezone_of(gap.instrument.exchange)
        first = last = gap.starts_at.astimezone(zone).date()
    return BarsWanted(interval=gap.interval, start=first, end=last)


def _postpone(gap: BarGap, error: Exception, pause: timedelta) -> None:
    """Leave a gap for a later run; nobody was asked, so it costs no attempt."""
    logger.info("Missing bars have to wait", extra={"reason": str(error)})
    rows = BarGap.objects.filter(pk=gap.pk)
    global_tx(rows.update, attempts=gap.attempts, try_at=now() + pause)


def _failed(gap: BarGap, error: Exception) -> None:
    BACKFILL_FAULTS.inc()
    attempts = gap.attempts + 1
    pause = min(PAUSE_MAX, FIRST_PAUSE * 2**attempts)
    state = GapState.FAILED if attempts >= ATTEMPTS_MAX else GapState.OPEN
    logger.warning(
        "Missing bars could not be fetched",
        extra={"gap": gap.pk, "attempts": attempts, "error": type(error).__name__},
    )
    rows = BarGap.objects.filter(pk=gap.pk)
    global_tx(rows.update, state=state, try_at=now() + pause, fault=str(error)[:200])


def _close(gap: BarGap, answer: ProviderBars) -> None:
    bars = _lacking(gap, answer.bars)
    rows = bar_rows(gap.instrument_id, gap.interval, bars, answer.source)
    if gap.interval == StoredInterval.DAY and len(bars):
        history_write(rows, instrument_ids=[gap.instrument_id])
    else:
        bars_write(rows)
    BACKFILLED.labels(gap.interval, answer.source).inc(len(bars))
    BarGap.objects.filter(pk=gap.pk).update(
        state=GapState.FILLED if len(bars) else GapState.EMPTY,
        closed_at=now(),
        bars_filled=len(bars),
        source=answer.source,
        fault="",
    )


def _lacking(gap: BarGap, bars: BarArrays) -> BarArrays:
    """Return the bars inside the gap that are not stored by now."""
    stored = Bar.objects.filter(
        instrument_id=gap.instrument_id,
        interval=gap.interval,
        opened_at__gte=gap.starts_at,
        opened_at__lt=gap.ends_at,
    ).values_list("opened_at", flat=True)
    known = np.array([int(at.timestamp()) for at in stored], dtype=np.int64)
    first, last = int(gap.starts_at.timestamp()), int(gap.ends_at.timestamp())
    inside = (bars.times >= first) & (bars.times < last) & ~np.isin(bars.times, known)
    return BarArrays(*(column[inside] for column in bars.columns()))


def _day_number(day: date) -> int:
    return (day - _EPOCH).days


def _midnight(day: date) -> datetime:
    return _instant(_day_number(day) * DAY_S)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
