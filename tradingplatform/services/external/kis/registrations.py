"""Who is registered on which connection when more is wanted than KIS allows. Pure.

A registration that nobody wants any more stays until its place is needed, the one least
recently wanted first. One that is wanted gives way only to one that twice as many want, so that
two symbols of like rank do not chase each other away.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

Topic = tuple[str, str]
"""Transaction and key, as KIS calls them."""

CAPACITY = 41


@dataclass
class Seats:
    """One connection: how many registrations it takes, and which kinds."""

    name: str
    capacity: int = CAPACITY
    serves: frozenset[str] | None = None

    def takes(self, topic: Topic) -> bool:
        """Tell whether the connection serves this transaction at all."""
        return self.serves is None or topic[0] in self.serves


class RegistrationPlan:
    """Decides; the sockets carry it out."""

    def __init__(self, connections: list[Seats]) -> None:
        self.connections = {seats.name: seats for seats in connections}
        self.evictions = 0
        self._held: OrderedDict[Topic, str] = OrderedDict()

    def want(self, wanted: Mapping[Topic, int]) -> None:
        """Take note of how many want each topic now, and seat them."""
        for topic in sorted(set(self._held) & set(wanted), key=lambda one: (wanted[one], one)):
            self._held.move_to_end(topic)
        missing = [topic for topic in wanted if topic not in self._held]
        for topic in sorted(missing, key=lambda one: (-wanted[one], one)):
            name = self._free(topic) or self._freed(topic, wanted)
            if name is not None:
                self._held[topic] = name

    def of(self, name: str) -> frozenset[Topic]:
        """Return what a connection should hold."""
        return frozenset(topic for topic, at in self._held.items() if at == name)

    def place(self, topic: Topic) -> str | None:
        """Return the connection that holds a topic, if any does."""
        return self._held.get(topic)

    def is_full(self, name: str, topic: Topic) -> None:
        """Note that KIS refused a registration for want of room."""
        if self._held.get(topic) == name:
            del self._held[topic]
            self.connections[name].capacity = max(1, len(self.of(name)))

    def forget(self, topic: Topic) -> None:
        """Give up a topic that KIS does not take."""
        self._held.pop(topic, None)

    def __len__(self) -> int:
        return len(self._held)

    def _free(self, topic: Topic) -> str | None:
        able = [
            (len(self.of(seats.name)) / seats.capacity, seats.name)
            for seats in self.connections.values()
            if seats.takes(topic) and len(self.of(seats.name)) < seats.capacity
        ]
        return min(able)[1] if able else None

    def _freed(self, topic: Topic, wanted: Mapping[Topic, int]) -> str | None:
        """Evict for ``topic``; return the connection that now has room."""
        seated = [one for one, at in self._held.items() if self.connections[at].takes(topic)]
        unwanted = [one for one in seated if one not in wanted]
        rivals = [one for one in seated if 2 * wanted.get(one, 0) <= wanted[topic]]
        victim = next(iter(unwanted), None) or min(
            rivals, key=lambda one: wanted.get(one, 0), default=None
        )
        if victim is None:
            return None
        self.evictions += 1
        return self._held.pop(victim)
