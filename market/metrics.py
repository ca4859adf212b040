"""How the feed is doing; read at /metrics."""

from prometheus_client import Counter, Gauge

FEED_TICKS = Counter("market_feed_ticks_total", "Quotes the feed accepted and told.", ["source"])
FEED_REFUSED = Counter(
    "market_feed_refused_ticks_total", "Ticks the feed refused, by fault.", ["fault"]
)
FEED_FAILURES = Counter("market_feed_failures_total", "Errors after which the feed went on.")
FEED_HEARTBEAT = Gauge(
    "market_feed_heartbeat_seconds", "When the feed last made a step, as a Unix time."
)
BACKFILLED = Counter(
    "market_bars_backfilled_total", "Missing bars that were filled in.", ["interval", "source"]
)
BACKFILL_FAULTS = Counter("market_backfill_faults_total", "Requests for missing bars that failed.")
NEWS_REFUSED = Counter(
    "market_news_refused_total", "Headlines of sources that were no articles, and left out."
)
FEED_LEADS = Gauge("market_feed_leader", "1 while this process holds the lease of the feed.")

ALERTS_WATCHED = Gauge("market_alerts_watched", "Active alerts in the book of the leading feed.")
ALERTS_FIRED = Counter("market_alerts_fired_total", "Alerts that fired, by measure.", ["measure"])
ALERT_FAILURES = Counter(
    "market_alert_failures_total", "Errors of the alert watch after which it went on."
)
