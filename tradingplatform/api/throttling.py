"""How often may someone call? Fixed windows counted in the shared cache."""

import math

from django.conf import settings

from tradingplatform.api.context import RateWindow
from tradingplatform.clock import now
from tradingplatform.errors import LimitExceededError, UnavailableError
from tradingplatform.services import services


def rate_count(*, rate_class: str, identity: str, calls: int = 1) -> RateWindow | None:
    """Count ``calls``; None when nobody can count and the class stays open.

    Raises UnavailableError when the counter is out of reach and the class is one of
    settings.RATE_CLASSES_CLOSED (money, log-in): better shut than unguarded.
    """
    limit, period_s = settings.RATE_LIMITS[rate_class]
    seconds = now().timestamp()
    window = int(seconds // period_s)
    try:
        count = services.cache.incr(f"rate:{rate_class}:{identity}:{window}", period_s, calls)
    except UnavailableError:
        if rate_class in settings.RATE_CLASSES_CLOSED:
            raise
        return None
    reset_s = max(1, math.ceil((window + 1) * period_s - seconds))
    return RateWindow(limit=limit, remaining=limit - count, reset_s=reset_s)


def rate_enforce(window: RateWindow | None) -> None:
    """Refuse a call that is over its limit."""
    if window is not None and window.remaining < 0:
        raise LimitExceededError("Too many requests.", retry_after_s=window.reset_s)


def rate_refuse_if_spent(*, rate_class: str, identity: str) -> None:
    """Refuse when the window is used up already, without counting this call."""
    window = rate_count(rate_class=rate_class, identity=identity, calls=0)
    if window is not None and window.remaining <= 0:
        raise LimitExceededError("Too many attempts.", retry_after_s=window.reset_s)
