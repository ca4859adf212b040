"""A limited number of places, each held for a time: what call budgets and registries are made of.

Places are kept by name of their holder; one whose time is over is free again, so that a holder
that died blocks nobody for longer than it said.
"""

from collections.abc import Callable

# One step in Redis, by the clock of Redis: nobody can slip in between the count and the entry.
# What is kept counts from the millisecond after, and ends with the one before: never too short.
_NOW = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.ceil(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', t[1] * 1000 + math.floor(t[2] / 1000))
"""
_KEEP = """
redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[2])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIRE', KEYS[1], math.max(1, last[2] - now))
"""
TAKE = f"""{_NOW}
local held = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not held and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  if not first[2] then return -1 end
  return math.max(1, first[2] - now)
end
{_KEEP}
return 0
"""
KEEP = f"""{_NOW}
if tonumber(ARGV[1]) <= 0 then return redis.call('ZREM', KEYS[1], ARGV[2]) end
{_KEEP}
return 1
"""
HOLDERS = f"{_NOW} return redis.call('ZRANGE', KEYS[1], 0, -1)"

NEVER_S = 3600.0
"""What somebody is told to wait for a place among none."""


class MemorySlots:
    """The same rules in this process; the caller holds the lock."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._until: dict[str, dict[str, float]] = {}

    def take(self, key: str, holder: str, most: int, hold_s: float) -> float:
        """Return 0 when the place is taken, else for how many seconds none is free."""
        now, places = self._timer(), self._alive(key)
        if holder not in places and len(places) >= most:
            return min(places.values()) - now if places else NEVER_S
        places[holder] = now + hold_s
        return 0.0

    def keep(self, key: str, holder: str, for_s: float) -> None:
        """Let the place end ``for_s`` seconds from now; at once for 0."""
        places = self._alive(key)
        if for_s > 0:
            places[holder] = self._timer() + for_s
        else:
            places.pop(holder, None)

    def holders(self, key: str) -> list[str]:
        """Return who holds a place, the one that ends first first."""
        places = self._alive(key)
        return sorted(places, key=lambda holder: places[holder])

    def clear(self) -> None:
        """Forget all places."""
        self._until.clear()

    def _alive(self, key: str) -> dict[str, float]:
        now, places = self._timer(), self._until.setdefault(key, {})
        for holder in [name for name, until in places.items() if until <= now]:
            del places[holder]
        return places
