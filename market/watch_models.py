"""Which instruments a user watches, in which order; on the user's shard."""

from typing import ClassVar

from django.db import models

from tradingplatform.clock import now
from tradingplatform.db.models import ShardedManager, UserRow

WATCHLIST_NAME_CHARACTERS = 60
NOTE_CHARACTERS = 200


class Watchlist(UserRow):
    """A named list; ``version`` rises with every change of it or its items."""

    # The page reads a list right after another tab has changed it.
    reads_primary = True

    name = models.CharField(max_length=WATCHLIST_NAME_CHARACTERS)
    place = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)

    objects: ClassVar[ShardedManager["Watchlist"]] = ShardedManager()

    class Meta:
        db_table = "table_watchlists"

    def __str__(self) -> str:
        return f"#{self.pk}"


class WatchlistItem(UserRow):
    """One instrument of a list; ``place`` orders and may leave gaps."""

    reads_primary = True

    watchlist = models.ForeignKey(Watchlist, models.CASCADE, related_name="items")
    symbol = models.CharField(max_length=16)
    place = models.PositiveIntegerField()
    note = models.CharField(max_length=NOTE_CHARACTERS, blank=True)
    added_at = models.DateTimeField(default=now)

    objects: ClassVar[ShardedManager["WatchlistItem"]] = ShardedManager()

    class Meta:
        db_table = "table_watchlist_items"
        constraints = [
            models.UniqueConstraint(fields=["watchlist", "symbol"], name="watchlist_symbol_once")
        ]
        indexes = [models.Index(fields=["symbol"], name="watchlist_item_symbol")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.symbol}"
