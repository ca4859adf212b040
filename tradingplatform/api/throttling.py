"""How often, and how many at a time, may someone call? Counted in the shared cache."""

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from tradingplatform.api import metrics
from tradingplatform.api.client_ip import client_ip, rate_identity
from tradingplatform.api.context import RateWindow, context_of
from tradingplatform.api.principal import Anonymous, Principal
from tradingplatform.clock import now
from tradingplatform.errors import ErrorCode, LimitExceededError, UnavailableError
from tradingplatform.services import services

logger = logging.getLogger(__name__)

URGENT = "urgent"
Place = tuple[str, str]
# A request is counted as running in the span it began in; the counter of a span ends with it,
# so what a killed process leaves behind is gone after two.
_SPAN_S = 60


class TooManyConcurrentError(LimitExceededError):
    """As many requests of this caller are being worked on as may be."""

    code = ErrorCode.TOO_MANY_CONCURRENT


def rate_count(
    *, rate_class: str, identity: str, calls: int = 1, moment: datetime | None = None
) -> RateWindow | None:
    """Count ``calls``; None when nobody can count and the class stays open.

    Raises UnavailableError when the counter is out of reach and the class is one of
    settings.RATE_CLASSES_CLOSED (money, log-in): better shut than unguarded.
    """
    limit, period_s = settings.RATE_LIMITS[rate_class]
    key, reset_s = _window(rate_class, identity, moment or now())
    try:
        count = services.cache.incr(key, period_s, calls)
    except UnavailableError:
        if rate_class in settings.RATE_CLASSES_CLOSED:
            raise
        return None
    return RateWindow(limit=limit, remaining=limit - count, reset_s=reset_s)


def rate_enforce(window: RateWindow | None) -> None:
    """Refuse a call that is over its limit."""
    if window is not None and window.remaining < 0:
        raise LimitExceededError("Too many requests.", retry_after_s=window.reset_s)


@contextmanager
def tries_counted(places: Sequence[Place], *, wrong: type[Exception]) -> Iterator[None]:
    """Count a try at a secret in every place; only one that ends with ``wrong`` stays counted.

    Counted before the secret is looked at: many at once would all find room to guess.
    """
    moment = now()
    for rate_class, identity in places:
        rate_enforce(rate_count(rate_class=rate_class, identity=identity, moment=moment))
    try:
        yield
    except wrong:
        raise
    except BaseException:
        _take_back(places, moment)
        raise
    _take_back(places, moment)


def request_admit(request: HttpRequest, who: Principal | Anonymous, *, rate_class: str) -> None:
    """Count a request by its user or key, by its address, and among those that run just now.

    Raises LimitExceededError when it is one too many. Without a counter a class is open or
    shut as ``rate_count`` says. The middleware gives back what runs: ``request_release``.
    """
    site = rate_identity(client_ip(request))
    identity = who.rate_identity if isinstance(who, Principal) else site
    limits = _limits(rate_class, identity, None if identity == site else site)
    pool = URGENT if rate_class == URGENT else "normal"
    running, before = _running(pool, identity)
    amounts = {**dict.fromkeys(limits, 1), running: 1, before: 0}
    ttl_s = max(2 * _SPAN_S, settings.RATE_LIMITS[rate_class][1])
    try:
        counts = services.cache.incr_many(amounts, ttl_s)
    except UnavailableError:
        if rate_class in settings.RATE_CLASSES_CLOSED:
            metrics.LIMITED.labels(rate_class, "no_counter").inc()
            raise
        return
    context = context_of(request)
    context.running = running
    windows = [
        RateWindow(limit=limit, remaining=limit - counts[key], reset_s=reset_s)
        for key, (limit, reset_s) in limits.items()
    ]
    context.rate = min(windows, key=lambda window: window.remaining)
    _refuse_if_over(context.rate, rate_class)
    if counts[running] + counts[before] > settings.CONCURRENCY_LIMITS[pool]:
        metrics.LIMITED.labels(rate_class, "concurrent").inc()
        raise TooManyConcurrentError(
            "Wait until your other requests are answered.",
            limit=settings.CONCURRENCY_LIMITS[pool],
        )


def request_release(request: HttpRequest) -> None:
    """Let another request run in the place of this one."""
    context = context_of(request)
    running, context.running = context.running, None
    if running is not None:
        with suppress(UnavailableError):
            services.cache.incr(running, 2 * _SPAN_S, -1)


def _refuse_if_over(window: RateWindow, rate_class: str) -> None:
    if window.remaining < 0:
        metrics.LIMITED.labels(rate_class, "rate").inc()
        if window.remaining == -1:
            # The first of a window only: whoever floods us must not flood the log.
            logger.warning("A caller is over a limit", extra={"rate_class": rate_class})
        rate_enforce(window)


def _limits(rate_class: str, identity: str, site: str | None) -> dict[str, tuple[int, int]]:
    """Return limit and seconds left for each counter of a request."""
    limit, _ = settings.RATE_LIMITS[rate_class]
    moment = now()
    key, reset_s = _window(rate_class, identity, moment)
    limits = {key: (limit, reset_s)}
    if site is not None:
        key, reset_s = _window(rate_class, f"site:{site}", moment)
        limits[key] = (limit * settings.RATE_LIMIT_SITE_FACTOR, reset_s)
    return limits


def _running(pool: str, identity: str) -> tuple[str, str]:
    """Return the counters of what runs: of what began in this span, and in the one before."""
    span = int(now().timestamp() // _SPAN_S)
    return f"running:{pool}:{identity}:{span}", f"running:{pool}:{identity}:{span - 1}"


def _window(rate_class: str, identity: str, moment: datetime) -> tuple[str, int]:
    """Return the counter of a window and the seconds until it ends."""
    _, period_s = settings.RATE_LIMITS[rate_class]
    seconds = moment.timestamp()
    window = int(seconds // period_s)
    reset_s = max(1, math.ceil((window + 1) * period_s - seconds))
    return f"rate:{rate_class}:{identity}:{window}", reset_s


def _take_back(places: Sequence[Place], moment: datetime) -> None:
    with suppress(UnavailableError):
        for rate_class, identity in places:
            rate_count(rate_class=rate_class, identity=identity, calls=-1, moment=moment)
