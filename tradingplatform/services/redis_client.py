"""How this platform talks to Redis: short time-outs, one retry, no surprises."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECT_TIMEOUT_S = 1.0
ANSWER_TIMEOUT_S = 2.0


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
        health_check_interval=30,
        client_name="tradingplatform",
    )
