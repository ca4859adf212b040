"""A circuit breaker that the whole installation shares: one outage is discovered once.

Its state is soft. While the cache is away the circuit counts as closed.
"""

from contextlib import suppress

from tradingplatform.errors import UnavailableError
from tradingplatform.services.container import services
from tradingplatform.services.protection import BreakerState

FAILURES_MAX = 5
FAILURES_WITHIN_S = 60.0
PAUSE_S = 10.0
_TRIPPED_S = 3600.0


class SharedBreaker:
    """Stop asking a provider that keeps failing; after a pause one caller tries again."""

    def __init__(self, name: str, *, pause_s: float = PAUSE_S) -> None:
        self._name = name
        self._pause_s = pause_s
        self._failures, self._tripped, self._open, self._trial = (
            f"breaker:{name}:{part}" for part in ("failures", "tripped", "open", "trial")
        )

    def state(self) -> BreakerState:
        """Return whether calls are let through."""
        found = services.cache.get_many([self._tripped, self._open])
        if self._open in found:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN if self._tripped in found else BreakerState.CLOSED

    def before_call(self) -> None:
        """Raise UnavailableError while the circuit is open."""
        state = self.state()
        if state is BreakerState.CLOSED:
            return
        # The trial ends by itself, also when this caller never reports back.
        if state is BreakerState.HALF_OPEN and services.cache.add(self._trial, 1, self._pause_s):
            return
        provider = self._name.partition(":")[0]
        msg = f"{provider} keeps failing and is left alone for a moment."
        raise UnavailableError(msg, retry_after_s=max(1, round(self._pause_s)))

    def succeeded(self) -> None:
        """Close the circuit."""
        for key in services.cache.get_many([self._failures, self._tripped, self._trial]):
            services.cache.delete(key)

    def failed(self) -> None:
        """Count a failure; open the circuit at the last one allowed, or after a failed trial."""
        with suppress(UnavailableError):
            count = services.cache.incr(self._failures, FAILURES_WITHIN_S)
            if count >= FAILURES_MAX or services.cache.get(self._tripped) is not None:
                services.cache.set(self._tripped, 1, _TRIPPED_S)
                services.cache.set(self._open, 1, self._pause_s)
                services.cache.delete(self._trial)
