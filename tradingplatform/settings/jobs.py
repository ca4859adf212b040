"""Celery, periodic jobs, outbox and the long-running loops."""

from tradingplatform.settings.environment import load

ENV = load()

OUTBOX_WAKE = "tradingplatform.relay.wake"
OUTBOX_KEEP_S = 24 * 3600
OUTBOX_ATTEMPTS = 5
REQUEST_ID_SOURCE = "tradingplatform.logs.current_request_id"

# Outbox topic -> jobs that want to know (kwargs: account_db_key, event_id, aggregate_id).
EVENT_JOBS: dict[str, tuple[str, ...]] = {
    "chat.message_posted": ("chat.message_answer",),
    "portfolio.instrument_ended": ("portfolio.ending_tell",),
}
# Job -> seconds between its slots; job_run(job, slot) makes one run of each.
PERIODIC_JOBS: dict[str, int] = {
    "accounts.accounts_forget": 300,
    "accounts.exports_tend": 300,
    "accounts.factor_resets_run": 60,
    "accounts.mails_resume": 60,
    "accounts.sessions_prune": 3600,
    "accounts.tokens_prune": 3600,
    "chat.answers_resume": 15,
    "market.actions_apply": 300,
    "market.alerts_tend": 60,
    "market.bars_prune": 24 * 3600,
    "market.features_refresh": 300,
    "market.fundamentals_refresh": 3600,
    "market.gaps_fill": 60,
    "market.gaps_find": 300,
    "market.profiles_refresh": 24 * 3600,
    "platform.tables_prune": 3600,
    "portfolio.ledger_verify": 300,
}
# The loops of `manage.py run_process NAME`; embedded mode runs all of them as threads.
RUNNERS: dict[str, str] = {
    "relay": "tradingplatform.relay.run",
    "feed": "market.runners.feed_run",
    "trader": "portfolio.runners.trader_run",
}

QUEUES = ("orders", "user", "ai", "bulk")
# Queue -> what a worker of it calls in the background at its start.
WARM_UPS: dict[str, tuple[str, ...]] = {
    "ai": ("chat.graph.warm_up",),
    "bulk": ("market.tasks.features_ensure",),
}
VISIBILITY_TIMEOUT_S = 120
# Without a host kombu warns that it takes localhost; the in-process queue has no host at all.
CELERY_BROKER_URL = "memory://localhost/" if ENV.queue_url == "memory://" else ENV.queue_url
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 100
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_DEFAULT_QUEUE = "user"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": VISIBILITY_TIMEOUT_S,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "health_check_interval": 10,
        "global_keyprefix": f"{ENV.app_id}:{ENV.app_env.value}:queue:",
    }
    if ENV.queue_url.startswith("redis")
    else {"polling_interval": 0.05}
)
