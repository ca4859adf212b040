"""Protect others and ourselves: circuit breakers, one per process and name."""

import threading
from collections.abc import Callable
from enum import StrEnum

from tradingplatform import clock
from tradingplatform.errors import UnavailableError


class BreakerState(StrEnum):
    """CLOSED lets calls through, OPEN refuses them, HALF_OPEN lets one try."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class CircuitBreaker:
    """Stop asking something that keeps failing; after a pause one caller may try again."""

    def __init__(
        self,
        name: str,
        *,
        failures_max: int = 5,
        pause_s: float = 30.0,
        timer: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._name = name
        self._timer = timer
        self._failures_max = failures_max
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at: float | None = None

    def state(self) -> BreakerState:
        """Return whether calls are let through."""
        with self._lock:
            return self._state()

    def before_call(self) -> None:
        """Raise UnavailableError while the circuit is open."""
        with self._lock:
            state = self._state()
            if state is BreakerState.HALF_OPEN:
                # The pause starts again for all others, also if this caller never reports back.
                self._opened_at = self._timer()
            if state is not BreakerState.OPEN:
                return
        msg = f"{self._name} keeps failing and is left alone for a moment."
        raise UnavailableError(msg, retry_after_s=max(1, int(self._pause_s)))

    def succeeded(self) -> None:
        """Close the circuit."""
        with self._lock:
            self._failures, self._opened_at = 0, None

    def failed(self) -> None:
        """Count a failure; open the circuit at the last one allowed, or after a failed try."""
        with self._lock:
            self._failures += 1
            if self._opened_at is not None or self._failures >= self._failures_max:
                self._opened_at = self._timer()

    def _state(self) -> BreakerState:
        if self._opened_at is None:
            return BreakerState.CLOSED
        is_over = self._timer() - self._opened_at >= self._pause_s
        return BreakerState.HALF_OPEN if is_over else BreakerState.OPEN
