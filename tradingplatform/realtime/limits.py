"""How much one client may ask for."""

from collections.abc import Callable

import structlog

from tradingplatform import clock
from tradingplatform.ids import uuid7
from tradingplatform.services import services

log = structlog.get_logger(__name__)

FRAMES_PER_S = 20
STRIKES = 20
STRIKES_FORGIVEN_PER_S = 0.5
SOCKETS_PER_USER = 10
SLOT_TTL_S = 120


class Budget:
    """A token bucket: ``capacity`` at once, ``per_s`` in the long run."""

    def __init__(
        self, *, capacity: float, per_s: float, now: Callable[[], float] = clock.monotonic
    ) -> None:
        self._capacity = capacity
        self._per_s = per_s
        self._now = now
        self._left = capacity
        self._at = now()

    def spend(self) -> bool:
        """Take one token; False when there is none."""
        at = self._now()
        self._left = min(self._capacity, self._left + (at - self._at) * self._per_s)
        self._at = at
        if self._left < 1:
            return False
        self._left -= 1
        return True


class SocketSlot:
    """One of the sockets that a user may have open, counted over all processes.

    Slots live in the cache and lapse unless renewed, so a process that dies gives its own
    back. A cache that is down must not lock users out: then nobody is counted.
    """

    def __init__(self, account_db_key: int) -> None:
        self._account_db_key = account_db_key
        self._token = str(uuid7())
        self._key: str | None = None

    def take(self) -> bool:
        """Occupy a free slot; False when the user has none left."""
        try:
            for number in range(SOCKETS_PER_USER):
                key = f"ws-slot:{self._account_db_key}:{number}"
                if services.cache.add(key, self._token, SLOT_TTL_S):
                    self._key = key
                    return True
        except Exception:
            log.exception("socket_slots_unavailable")
            return True
        return False

    def renew(self) -> None:
        """Keep the slot for another while."""
        if self._key is not None:
            services.cache.set(self._key, self._token, SLOT_TTL_S)

    def give_back(self) -> None:
        """Free the slot."""
        key, self._key = self._key, None
        if key is not None:
            services.cache.delete(key)
