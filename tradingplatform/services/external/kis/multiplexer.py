"""All KIS sockets as one: 41 registrations each, shared by everybody on the platform."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from tradingplatform.services.external.kis.frames import BOOKS_KR, TRADES_KR
from tradingplatform.services.external.kis.keys import KisEnvironment
from tradingplatform.services.external.kis.registrations import RegistrationPlan, Seats, Topic
from tradingplatform.services.external.kis.session import KisSession
from tradingplatform.services.external.kis.socket import KisSocket, Outlets, Sink
from tradingplatform.services.external.metrics import EVICTIONS, REGISTRATIONS

FEED_STATE_KEY = "kis:feed-state"
"""Where the leading feed keeps how it is, for operators who ask any process."""
FEED_STATE_TTL_S = 15.0
ON_PAPER = frozenset({TRADES_KR, BOOKS_KR})


@dataclass(frozen=True)
class SocketState:
    """What operators see of one connection."""

    name: str
    is_open: bool
    registered: int
    capacity: int
    silence_s: float | None
    reconnects: int
    last_error: str


class KisMultiplexer:
    """One connection per app key; each topic has at most one registration among them."""

    def __init__(self, sessions: Sequence[KisSession], sink: Sink) -> None:
        outlets = Outlets(records=sink, full=self._full, refused=self._refused)
        self._plan = RegistrationPlan([_seats(session) for session in sessions])
        self._sockets = {session.key.name: KisSocket(session, outlets) for session in sessions}
        self._untaken: dict[Topic, str] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Open the connections."""
        for socket in self._sockets.values():
            socket.start()

    def close(self) -> None:
        """End all connections."""
        for socket in self._sockets.values():
            socket.close()
        REGISTRATIONS.set(0)

    def follow(self, wanted: Mapping[Topic, int]) -> None:
        """Keep the registrations that serve most of those who want these topics."""
        with self._lock:
            before = self._plan.evictions
            self._plan.want(
                {topic: count for topic, count in wanted.items() if topic not in self._untaken}
            )
            EVICTIONS.inc(self._plan.evictions - before)
            self._tell()

    def is_live(self, topic: Topic, *, within_s: float) -> bool:
        """Whether a topic is registered on a connection that was heard a moment ago."""
        return self.live_since(topic, within_s=within_s) is not None

    def live_since(self, topic: Topic, *, within_s: float) -> float | None:
        """Return since when (monotonic clock) everything about a live topic was told."""
        with self._lock:
            name = self._plan.place(topic)
        socket = self._sockets.get(name or "")
        if socket is None or socket.silence_s() > within_s:
            return None
        return socket.held_since(topic)

    def is_seated(self, topic: Topic) -> bool:
        """Whether a connection has, or is about to get, the registration of a topic."""
        with self._lock:
            return self._plan.place(topic) is not None

    def is_running(self) -> bool:
        """Whether every connection still has its thread."""
        return all(socket.is_running() for socket in self._sockets.values())

    def states(self) -> list[dict[str, object]]:
        """Return how each connection is, for operators."""
        REGISTRATIONS.set(sum(socket.count() for socket in self._sockets.values()))
        return [asdict(self._state(socket)) for socket in self._sockets.values()]

    @property
    def reconnects(self) -> int:
        """How often a connection was lost so far."""
        return sum(socket.reconnects for socket in self._sockets.values())

    @property
    def evictions(self) -> int:
        """How many registrations gave way to others so far."""
        return self._plan.evictions

    def _state(self, socket: KisSocket) -> SocketState:
        silence_s = socket.silence_s()
        is_open = silence_s != float("inf")
        return SocketState(
            name=socket.name,
            is_open=is_open,
            registered=socket.count(),
            capacity=self._plan.connections[socket.name].capacity,
            silence_s=round(silence_s, 1) if is_open else None,
            reconnects=socket.reconnects,
            last_error=socket.last_error,
        )

    def _full(self, name: str, topic: Topic) -> None:
        with self._lock:
            self._plan.is_full(name, topic)
            self._tell()

    def _refused(self, topic: Topic, code: str) -> None:
        with self._lock:
            self._untaken[topic] = code
            self._plan.forget(topic)
            self._tell()

    def _tell(self) -> None:
        for name, socket in self._sockets.items():
            socket.keep(self._plan.of(name))


def _seats(session: KisSession) -> Seats:
    is_paper = session.key.environment is KisEnvironment.PAPER
    return Seats(session.key.name, serves=ON_PAPER if is_paper else None)
