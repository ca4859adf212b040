"""Let what users have of an instrument follow when it ends or is renamed, shard by shard.

The instrument changes in the global database, orders, positions, alerts and watchlists on
the shards, so they cannot change in one transaction. Every follower is called on every shard
until all went well, and once more after the last transaction that knew the old state is over.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.utils.module_loading import import_string

from market.books import books_end
from market.enums import ActionKind
from market.following import Follower, InstrumentEvent
from market.models import CorporateAction
from market.quotes import quotes_end
from market.services.action_days import DATED
from market.symbol_changes import symbols_resting
from tradingplatform.clock import now
from tradingplatform.db.shards import shard_aliases
from tradingplatform.db.transactions import global_tx

logger = logging.getLogger(__name__)

SETTLES_AFTER = timedelta(minutes=10)
"""No transaction that read the instrument as it was before still runs then."""


def corporate_actions_follow() -> int:
    """Make everything follow that has not yet; return how many actions are done with."""
    streams_end()
    waiting = CorporateAction.objects.filter(
        kind__in=DATED, applied_at__isnull=False, followed_at=None
    )
    done = 0
    for action in waiting.select_related("instrument").order_by("applied_at", "pk"):
        is_whole = _followed(action)
        if is_whole and action.applied_at and now() - action.applied_at >= SETTLES_AFTER:
            row = CorporateAction.objects.filter(pk=action.pk, followed_at=None)
            done += global_tx(row.update, followed_at=now())
    return done


def streams_end() -> None:
    """Forget quotes and books of former symbols, and tell who follows them where to go."""
    for old, new in _renamed().items():
        quotes_end(old, new)
        books_end(old, new)


def _renamed() -> dict[str, str]:
    rows = CorporateAction.objects.filter(
        kind=ActionKind.SYMBOL_CHANGE, old_symbol__in=symbols_resting(), followed_at=None
    )
    return dict(rows.order_by("applied_at").values_list("old_symbol", "instrument__symbol"))


def _followed(action: CorporateAction) -> bool:
    """Call every follower on every shard; tell whether all went well."""
    event = _event(action)
    if event is None:
        return True
    is_whole = True
    for path in settings.INSTRUMENT_FOLLOWERS:
        follow: Follower = import_string(path)
        for alias in shard_aliases():
            try:
                is_whole &= follow(alias, event)
            except Exception:
                # The others go on; this one is called again by the next run.
                logger.exception("An instrument is not followed everywhere", extra={"on": alias})
                is_whole = False
    return is_whole


def _event(action: CorporateAction) -> InstrumentEvent | None:
    """Return what happened; None where there is nothing to follow any more."""
    row = action.instrument
    kind = ActionKind(action.kind)
    if kind == ActionKind.SYMBOL_CHANGE:
        return InstrumentEvent(
            action.pk, kind, row.symbol, action.ex_date, old_symbol=action.old_symbol
        )
    if row.is_active:
        return None  # listed again
    return InstrumentEvent(action.pk, kind, row.symbol, action.ex_date, successor=action.new_symbol)
