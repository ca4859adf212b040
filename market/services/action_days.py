"""Do on its day what a corporate action does to the instrument itself."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from market import rules
from market.enums import ActionKind
from market.locks import instrument_for_update
from market.models import CorporateAction, Instrument, NewsSymbol
from market.symbol_changes import symbols_resting
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx

logger = logging.getLogger(__name__)

ENDS_TRADING = (ActionKind.DELISTING, ActionKind.MERGER)
DATED = (*ENDS_TRADING, ActionKind.SYMBOL_CHANGE)
"""Kinds that do something to the instrument on their day, and to what users have of it."""
_AHEAD_MAX = timedelta(days=1)
"""No exchange is further ahead of UTC."""


def corporate_actions_apply() -> int:
    """End the trading of what is delisted or merged, and rename, from today on; return how many.

    From the ex-date on, by the calendar of the exchange, no order is taken in what ended, and
    what was renamed is known by its new symbol only. Each action does so once: what an
    exchange lists again later stays active. What users have of it follows (``following``).
    A new symbol that is taken waits, with a warning in the log.
    """
    at = now()
    waiting = CorporateAction.objects.filter(
        kind__in=DATED, applied_at=None, ex_date__lte=(at + _AHEAD_MAX).date()
    ).select_related("instrument")
    due = [row for row in waiting if row.ex_date <= _today(row.instrument, at)]
    return global_tx(_apply, sorted(due, key=_turn), at) if due else 0


def applied_count() -> int:
    """Return how many actions have done something to an instrument; it only rises."""
    return CorporateAction.objects.filter(kind__in=DATED, applied_at__isnull=False).count()


def _turn(action: CorporateAction) -> tuple[date, int]:
    return action.ex_date, action.pk


def _today(instrument: Instrument, at: datetime) -> date:
    return at.astimezone(rules.exchange_timezone(instrument.exchange)).date()


def _apply(due: Sequence[CorporateAction], at: datetime) -> int:
    done = 0
    for action in due:
        if action.kind == ActionKind.SYMBOL_CHANGE:
            done += _rename(action, at)
        else:
            done += _end(action, at)
    return done


def _end(action: CorporateAction, at: datetime) -> int:
    if not _claimed(action, applied_at=at):
        return 0
    active = Instrument.objects.active().filter(pk=action.instrument_id)
    ended = active.update(is_active=False, delisted_date=action.ex_date)
    logger.info(
        "An instrument is no longer traded",
        extra={"symbol": action.instrument.symbol, "action": action.kind},
    )
    return ended


def _rename(action: CorporateAction, at: datetime) -> int:
    row = instrument_for_update(action.instrument_id)
    old, new = row.symbol, action.new_symbol
    if old == new:
        # Somebody else was told of it first; nothing carries an old symbol on our account.
        _claimed(action, applied_at=at, followed_at=at)
        return 0
    if new in symbols_resting() or Instrument.objects.filter(symbol=new).exists():
        logger.warning(
            "A symbol cannot be changed: the new one is taken", extra={"symbol": old, "new": new}
        )
        return 0
    if not _claimed(action, applied_at=at, old_symbol=old):
        return 0
    Instrument.objects.filter(pk=row.pk).update(symbol=new)
    told = NewsSymbol.objects.filter(symbol=new).values_list("item_id", flat=True)
    NewsSymbol.objects.filter(symbol=old).exclude(item_id__in=list(told)).update(symbol=new)
    logger.info("A symbol has changed", extra={"symbol": old, "new": new})
    return 1


def _claimed(action: CorporateAction, **done: object) -> bool:
    """Note what was done; False when another run was faster."""
    free = CorporateAction.objects.filter(pk=action.pk, applied_at=None)
    return bool(free.update(**done))
