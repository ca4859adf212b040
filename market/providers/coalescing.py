"""Many ask for the same at once, one fetches: within this process, and a moment for all."""

import threading
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

WAIT_S = 20.0
"""Longer than any fetch: its tries, its wait for the budget and its deadline."""


class Coalescer(Generic[K, V]):
    """Fetches under way, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[K, Future[V | None]] = {}

    def get(self, keys: Iterable[K], fetch: Callable[[list[K]], dict[K, V]]) -> dict[K, V]:
        """Return what ``fetch`` finds, asking only for what nobody else is fetching now.

        An error of a fetch reaches everybody who waited for it.
        """
        mine: dict[K, Future[V | None]] = {}
        others: dict[K, Future[V | None]] = {}
        with self._lock:
            for key in dict.fromkeys(keys):
                flight = self._flights.get(key)
                if flight is None:
                    mine[key] = self._flights[key] = Future()
                else:
                    others[key] = flight
        found = self._fetch(mine, fetch) if mine else {}
        for key, flight in others.items():
            value = flight.result(timeout=WAIT_S)
            if value is not None:
                found[key] = value
        return found

    def _fetch(
        self, mine: dict[K, Future[V | None]], fetch: Callable[[list[K]], dict[K, V]]
    ) -> dict[K, V]:
        try:
            found = dict(fetch(list(mine)))
        except BaseException as exc:
            self._land(mine)
            for flight in mine.values():
                flight.set_exception(exc)
            raise
        self._land(mine)
        for key, flight in mine.items():
            flight.set_result(found.get(key))
        return found

    def _land(self, mine: dict[K, Future[V | None]]) -> None:
        with self._lock:
            for key in mine:
                del self._flights[key]
