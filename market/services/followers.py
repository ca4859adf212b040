"""Alerts and watchlists of one shard follow what happens to their instrument."""

from django.db.models import F

from market.alert_models import PriceAlert
from market.following import InstrumentEvent
from market.services.alerts import alert_end, alert_rename
from market.services.watchlists import watchlist_item_rename
from market.watch_models import WatchlistItem
from tradingplatform.clock import now
from tradingplatform.db.transactions import shard_tx


def watching_follow(alias: str, event: InstrumentEvent) -> None:
    """Give alerts and watchlists the new symbol; alerts in what ended end.

    Ended instruments stay on watchlists: a user takes them off, or looks at their history.
    """
    alerts = PriceAlert.objects.using(alias)
    if not event.is_rename:
        active = alerts.active().filter(symbol=event.symbol)
        for key, alert_id in list(active.values_list("account_db_key", "pk")):
            alert_end(account_db_key=key, alert_id=alert_id)
        return
    named = alerts.filter(symbol=event.old_symbol)
    for key, alert_id in list(named.active().values_list("account_db_key", "pk")):
        alert_rename(account_db_key=key, alert_id=alert_id, event=event)
    ended = {"symbol": event.symbol, "version": F("version") + 1, "updated_at": now()}
    shard_tx(alias, named.update, **ended)
    items = WatchlistItem.objects.using(alias).filter(symbol=event.old_symbol)
    for key, watchlist_id in list(items.values_list("account_db_key", "watchlist_id")):
        watchlist_item_rename(account_db_key=key, watchlist_id=watchlist_id, event=event)
