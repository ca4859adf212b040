"""Do on its day what a corporate action does to the instrument itself."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from market import rules
from market.enums import ActionKind
from market.models import CorporateAction, Instrument
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx

logger = logging.getLogger(__name__)

ENDS_TRADING = (ActionKind.DELISTING, ActionKind.MERGER)
_AHEAD_MAX = timedelta(days=1)
"""No exchange is further ahead of UTC."""


def corporate_actions_apply() -> int:
    """End the trading of what is delisted or merged into another today; return of how many.

    From the ex-date on, by the calendar of the exchange, no order is taken in it. Each action
    does so once: what an exchange lists again later stays active. Bars, positions and
    watchlists keep the symbol.
    """
    at = now()
    waiting = CorporateAction.objects.filter(
        kind__in=ENDS_TRADING, applied_at=None, ex_date__lte=(at + _AHEAD_MAX).date()
    ).select_related("instrument")
    due = [row for row in waiting if row.ex_date <= _today(row.instrument, at)]
    return global_tx(_apply, due, at) if due else 0


def _today(instrument: Instrument, at: datetime) -> date:
    return at.astimezone(rules.exchange_timezone(instrument.exchange)).date()


def _apply(due: Sequence[CorporateAction], at: datetime) -> int:
    ended = 0
    for action in due:
        free = CorporateAction.objects.filter(pk=action.pk, applied_at=None)
        if not free.update(applied_at=at):
            continue  # another run was faster
        active = Instrument.objects.active().filter(pk=action.instrument_id)
        ended += active.update(is_active=False, delisted_date=action.ex_date)
        logger.info(
            "An instrument is no longer traded",
            extra={"symbol": action.instrument.symbol, "action": action.kind},
        )
    return ended
