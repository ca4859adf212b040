"""What the platform may do to the market's tables."""

from market.services.action_days import corporate_actions_apply
from market.services.actions import (
    ActionReport,
    corporate_actions_import,
    corporate_actions_store,
)
from market.services.alerts import (
    AlertTerms,
    alert_cancel,
    alert_set,
    alerts_forget,
    alerts_tend,
)
from market.services.backfill import gaps_fill, gaps_find, gaps_reopen
from market.services.base_prices import base_prices_refresh, base_prices_roll
from market.services.calendars import (
    calendar_override_delete,
    calendar_override_save,
    override_fault,
)
from market.services.features import features_refresh
from market.services.feed import Feed, feed_bars_store, feed_is_current, feed_open
from market.services.followers import watching_follow
from market.services.following import corporate_actions_follow
from market.services.fundamentals import (
    FundamentalsStatus,
    FundamentalsTold,
    fundamentals_get,
    fundamentals_look,
    fundamentals_refresh,
    fundamentals_update,
)
from market.services.imports import ImportReport, bars_import
from market.services.masters import MasterReport, instruments_import
from market.services.news import news_sources, news_update, news_want
from market.services.nxt import nxt_import
from market.services.profiles import profiles_refresh
from market.services.real_feed import sample_prices_remove
from market.services.retention import bars_prune
from market.services.sample import SampleLoad, sample_market_is_current, sample_market_load
from market.services.screens import (
    screen_change,
    screen_delete,
    screen_save,
    screens_forget,
)
from market.services.watchlists import (
    watchlist_change,
    watchlist_delete,
    watchlist_item_add,
    watchlist_item_note,
    watchlist_item_remove,
    watchlist_make,
    watchlist_reorder,
    watchlists_forget,
    watchlists_open,
)

__all__ = [
    "ActionReport",
    "AlertTerms",
    "Feed",
    "FundamentalsStatus",
    "FundamentalsTold",
    "ImportReport",
    "MasterReport",
    "SampleLoad",
    "alert_cancel",
    "alert_set",
    "alerts_forget",
    "alerts_tend",
    "bars_import",
    "bars_prune",
    "base_prices_refresh",
    "base_prices_roll",
    "calendar_override_delete",
    "calendar_override_save",
    "corporate_actions_apply",
    "corporate_actions_follow",
    "corporate_actions_import",
    "corporate_actions_store",
    "features_refresh",
    "feed_bars_store",
    "feed_is_current",
    "feed_open",
    "fundamentals_get",
    "fundamentals_look",
    "fundamentals_refresh",
    "fundamentals_update",
    "gaps_fill",
    "gaps_find",
    "gaps_reopen",
    "instruments_import",
    "news_sources",
    "news_update",
    "news_want",
    "nxt_import",
    "override_fault",
    "profiles_refresh",
    "sample_market_is_current",
    "sample_market_load",
    "sample_prices_remove",
    "screen_change",
    "screen_delete",
    "screen_save",
    "screens_forget",
    "watching_follow",
    "watchlist_change",
    "watchlist_delete",
    "watchlist_item_add",
    "watchlist_item_note",
    "watchlist_item_remove",
    "watchlist_make",
    "watchlist_reorder",
    "watchlists_forget",
    "watchlists_open",
]
