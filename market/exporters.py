"""What this app holds about a user (settings.EXPORTERS)."""

from typing import Any

from django.db import models

from market.models import AlertTrigger, PriceAlert, SavedScreen, Watchlist, WatchlistItem

_MODELS: dict[str, type[models.Model]] = {
    "watchlists": Watchlist,
    "watchlist_items": WatchlistItem,
    "saved_screens": SavedScreen,
    "price_alerts": PriceAlert,
    "alert_triggers": AlertTrigger,
}


def market_rows(account_db_key: int) -> dict[str, list[dict[str, Any]]]:
    """Return what a user watches and waits for."""
    return {name: _rows(model, account_db_key) for name, model in _MODELS.items()}


def _rows(model: Any, account_db_key: int) -> list[dict[str, Any]]:
    # The shard key is ours, not theirs.
    names = [field.attname for field in model._meta.concrete_fields]
    names.remove("account_db_key")
    return list(model.objects.for_user(account_db_key).order_by("pk").values(*names))
