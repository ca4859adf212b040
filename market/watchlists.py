"""A watchlist as REST and the user's sockets show it."""

from collections.abc import Sequence
from typing import Any

from market.watch_models import Watchlist, WatchlistItem


def watchlist_payload(watchlist: Watchlist, items: Sequence[WatchlistItem]) -> dict[str, Any]:
    """Return a list with its items in order."""
    return {
        "id": str(watchlist.pk),
        "name": watchlist.name,
        "place": watchlist.place,
        "version": watchlist.version,
        "updated_at": watchlist.updated_at.isoformat(),
        "items": [
            {"symbol": item.symbol, "note": item.note, "added_at": item.added_at.isoformat()}
            for item in items
        ],
    }
