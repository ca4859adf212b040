"""The sample market and who may see it."""

from tradingplatform.settings.environment import load

ENV = load()

MARKET_ANONYMOUS = ENV.market_anonymous
MARKET_SPEED = ENV.market_speed
MARKET_SEED = ENV.market_seed
# How old the operators' calendar overrides may be in a process; 0 reads them only when told to.
MARKET_CALENDAR_REFRESH_S = 30.0
MARKET_STEPS_PER_SECOND = 4
# How many days bars of each stored interval are kept; None keeps them for good.
MARKET_BAR_DAYS: dict[str, int | None] = {"1m": 30, "1d": None} | ENV.bar_days
# During a session, orders, alerts and answers leave a price alone that nobody confirmed for longer.
MARKET_QUOTE_STALE_S = 30.0
ALERTS_PER_USER = 100
# Rankings and screens of one process share what it read so lately.
MARKET_PANEL_S = 1.0
# Sources of news beside the providers of MARKET_PROVIDERS that tell any; without one /news says so.
MARKET_NEWS_SOURCES: tuple[str, ...] = ()
SCREENS_PER_USER = 50
# So far back missing daily bars of real sources are asked for.
MARKET_BACKFILL_DAYS = 3650
WATCHLISTS_PER_USER = 20
WATCHLIST_SYMBOLS_MAX = 200
DEMO_DATA = ENV.demo_data
