"""How often a provider may be asked, as data, shared by every process of the installation.

A call holds a place of each window from its start until the window's length after its end.
So at no instant, by the provider's own clock, can more calls have arrived within one window
than it allows: however late a thread was woken or a packet was delivered.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tradingplatform import clock
from tradingplatform.errors import LimitExceededError
from tradingplatform.ids import random_fraction, secret_token
from tradingplatform.services.container import services
from tradingplatform.services.external.metrics import BUDGET_WAIT_SECONDS

CALL_S_MAX = 15.0
"""A call that was never ended (its process died) frees its place after this."""
_POLL_S = (0.005, 0.25)


@dataclass(frozen=True)
class Window:
    """At most ``calls`` within any ``length_s`` seconds."""

    calls: int
    length_s: float


class Budget:
    """The calls of one account with a provider.

    Who has to wait does so in line: one caller of this process at a time looks for a place, so
    a crowd costs the shared cache no more than one.
    """

    def __init__(self, name: str, windows: Sequence[Window]) -> None:
        self.name = name
        self.windows = tuple(windows)
        self._provider = name.partition(":")[0]
        self._line = threading.Lock()

    @contextmanager
    def call(self, *, wait_s: float, spare: int = 0, share: float = 1.0) -> Iterator[None]:
        """Hold a call; waits for one at most ``wait_s``, then raises LimitExceededError.

        ``spare`` places of each window are left to others: work in the background yields to
        people. With a ``share`` a place is taken only while all calls together hold less than
        that part of each window, so that the rest is there for others.
        UnavailableError when the cache that counts is out of reach.
        """
        holder = secret_token(9)
        started = clock.monotonic()
        with ExitStack() as held:
            self._take(holder, started + wait_s, lambda calls: max(1, int(calls * share) - spare))
            BUDGET_WAIT_SECONDS.labels(self._provider).observe(clock.monotonic() - started)
            for window in self.windows:
                held.callback(self._end, window, holder)
            yield

    def in_use(self) -> int:
        """Return how many calls the first window counts now."""
        return len(services.cache.slot_holders(self._key(self.windows[0])))

    def _take(self, holder: str, deadline: float, most: Callable[[int], int]) -> None:
        if not self._line.acquire(timeout=max(0.0, deadline - clock.monotonic())):
            raise self._refused(self.windows[0].length_s)
        try:
            while True:
                wait_s = self._try(holder, most)
                if wait_s <= 0:
                    return
                if clock.monotonic() + wait_s > deadline:
                    raise self._refused(wait_s)
                # A place may be given back sooner than it ends by itself.
                jitter = _POLL_S[0] * random_fraction()
                threading.Event().wait(min(wait_s, _POLL_S[1]) + jitter)
        finally:
            self._line.release()

    def _try(self, holder: str, most: Callable[[int], int]) -> float:
        """Take a place of every window or of none; return the seconds to wait."""
        taken: list[Window] = []
        for window in self.windows:
            wait_s = services.cache.take_slot(
                self._key(window),
                holder,
                most=most(window.calls),
                hold_s=window.length_s + CALL_S_MAX,
            )
            if wait_s > 0:
                for earlier in taken:
                    services.cache.keep_slot(self._key(earlier), holder, 0)
                # A call under way ends sooner than it might, and frees its place a window later.
                return min(wait_s, window.length_s)
            taken.append(window)
        return 0.0

    def _end(self, window: Window, holder: str) -> None:
        services.cache.keep_slot(self._key(window), holder, window.length_s)

    def _key(self, window: Window) -> str:
        return f"budget:{self.name}:{window.length_s:g}"

    def _refused(self, wait_s: float) -> LimitExceededError:
        msg = f"The call budget of {self._provider} is used up."
        return LimitExceededError(msg, retry_after_s=max(1, round(wait_s + 0.5)))
