"""Sockets: who may open them, and their clocks."""

from tradingplatform.settings.environment import load

ENV = load()

WS_ALLOWED_ORIGINS = ENV.ws_allowed_origins
REALTIME_AUTHENTICATOR = "accounts.authentication.authenticate_socket"
REALTIME_SESSION_CHECK = "accounts.authentication.session_is_live"
REALTIME_SESSIONS_ENDED = "accounts.authentication.sessions_ended"
REALTIME_POLICY = "tradingplatform.api.policy.socket_enforce"
REALTIME_THREAD_SENSITIVE = False
REALTIME_DB_THREADS = 8
REALTIME_SOCKETS_MAX = 10_000
REALTIME_AUTH_TIMEOUT_S = 5.0
REALTIME_HEARTBEAT_S = 15.0
REALTIME_RECHECK_S = 30.0
# One look for all sockets of a process: what ended closes in time also when the bus loses the news.
REALTIME_SESSIONS_EVERY_S = 4.0
# Bus channels whose followers each process counts for all: a live source with few places is
# asked for what people look at.
AUDIENCE_PREFIXES: tuple[str, ...] = () if ENV.market_feed == "sample" else ("market:", "book:")
