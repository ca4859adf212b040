"""Reads of watchlists."""

from uuid import UUID

from market.errors import WatchlistNotFoundError
from market.watch_models import Watchlist, WatchlistItem

Filled = tuple[Watchlist, list[WatchlistItem]]


def watchlists_get(account_db_key: int) -> list[Filled]:
    """Return a user's lists in order, each with its items in order."""
    lists = Watchlist.objects.for_user(account_db_key).order_by("place", "pk")
    items: dict[UUID, list[WatchlistItem]] = {row.pk: [] for row in lists}
    if items:
        for item in WatchlistItem.objects.for_user(account_db_key).order_by("place"):
            # A list that came in since is not shown yet.
            items.get(item.watchlist_id, []).append(item)
    return [(row, items[row.pk]) for row in lists]


def watchlist_get(*, account_db_key: int, watchlist_id: UUID) -> Filled:
    """Return one list with its items; WatchlistNotFoundError when the user has none such."""
    row = Watchlist.objects.for_user(account_db_key).filter(pk=watchlist_id).first()
    if row is None:
        raise WatchlistNotFoundError("There is no such watchlist.")
    return row, items_of(row)


def items_of(watchlist: Watchlist) -> list[WatchlistItem]:
    """Return the items of a list in order."""
    items = WatchlistItem.objects.for_user(watchlist.account_db_key)
    return list(items.filter(watchlist=watchlist).order_by("place"))
