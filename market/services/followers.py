"""Alerts and watchlists of one shard follow what happens to their instrument."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from market.alert_models import PriceAlert
from market.enums import AlertStatus
from market.following import InstrumentEvent, follow_each
from market.services.alerts import alert_end, alert_rename
from market.services.watchlists import watchlist_item_rename
from market.watch_models import WatchlistItem
from tradingplatform.clock import now
from tradingplatform.db.transactions import shard_tx


def watching_follow(alias: str, event: InstrumentEvent) -> bool:
    """Give alerts and watchlists the new symbol; alerts in what ended end.

    Ended instruments stay on watchlists: a user takes them off, or looks at their history.
    Tells whether all went well.
    """
    alerts = PriceAlert.objects.using(alias)
    if not event.is_rename:
        active = alerts.active().filter(symbol=event.symbol)
        return follow_each(_owned(active, "pk"), lambda owned: _alert_end(*owned))
    named = alerts.filter(symbol=event.old_symbol)
    is_whole = follow_each(_owned(named.active(), "pk"), lambda owned: _alert_rename(*owned, event))
    ended = {"symbol": event.symbol, "version": F("version") + 1, "updated_at": now()}
    shard_tx(alias, named.exclude(status=AlertStatus.ACTIVE).update, **ended)
    items = WatchlistItem.objects.using(alias).filter(symbol=event.old_symbol)
    listed = _owned(items, "watchlist_id")
    return follow_each(listed, lambda owned: _item_rename(*owned, event)) and is_whole


def _owned(rows: QuerySet[Any], name: str) -> list[tuple[int, UUID]]:
    return list(rows.values_list("account_db_key", name))


def _alert_end(account_db_key: int, alert_id: UUID) -> None:
    alert_end(account_db_key=account_db_key, alert_id=alert_id)


def _alert_rename(account_db_key: int, alert_id: UUID, event: InstrumentEvent) -> None:
    alert_rename(account_db_key=account_db_key, alert_id=alert_id, event=event)


def _item_rename(account_db_key: int, watchlist_id: UUID, event: InstrumentEvent) -> None:
    watchlist_item_rename(account_db_key=account_db_key, watchlist_id=watchlist_id, event=event)
