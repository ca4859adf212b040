"""How this platform talks to Redis: short time-outs, one retry, no surprises."""

import socket

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECT_TIMEOUT_S = 1.0
ANSWER_TIMEOUT_S = 2.0
# A peer that vanished without a word is noticed after about ten seconds.
_KEEPALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}


def redis_client(url: str, *, retries: int = 1) -> redis.Redis:
    """Return a thread-safe client; a lost connection costs at most a few seconds.

    The default of redis-py retries three times with seconds of back-off, which would
    hold a web thread far longer than the request is worth.
    """
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=ANSWER_TIMEOUT_S,
        retry=Retry(NoBackoff(), retries),
        socket_keepalive=True,
        socket_keepalive_options=_keepalive_options(),
        health_check_interval=30,
        client_name="tradingplatform",
    )


def _keepalive_options() -> dict[int, int]:
    """Return what this operating system can be told about silent peers."""
    return {
        getattr(socket, name): value for name, value in _KEEPALIVE.items() if hasattr(socket, name)
    }
