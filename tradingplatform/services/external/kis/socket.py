"""One WebSocket to KIS: opened again whenever it is lost, registrations and all."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connections
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tradingplatform import clock
from tradingplatform.errors import TradingPlatformError
from tradingplatform.ids import random_fraction
from tradingplatform.services.external.kis.frames import (
    ControlFrame,
    DataFrame,
    FrameError,
    FrameKey,
    Record,
    frame_of,
    registration,
)
from tradingplatform.services.external.kis.registrations import Topic
from tradingplatform.services.external.kis.session import KisSession
from tradingplatform.services.external.metrics import FRAMES_BAD, RECONNECTS

logger = logging.getLogger(__name__)

OPEN_TIMEOUT_S = 5.0
LOOK_EVERY_S = 0.1
SILENCE_S = 25.0
"""KIS says PINGPONG every ten seconds; who hears nothing for so long has lost it."""
PAUSE_S = (0.2, 20.0)
IN_USE_PAUSE_S = 15.0
FRAME_BYTES_MAX = 1_000_000

_TAKEN = frozenset({"OPSP0000", "OPSP0002"})
_DROPPED = frozenset({"OPSP0001", "OPSP0003"})
_FULL = "OPSP0008"
_APPROVAL_OVER = "OPSP0011"
_IN_USE = "OPSP8996"

Sink = Callable[[str, list[Record]], None]


@dataclass
class Outlets:
    """Where a socket brings what it hears; called on the socket's thread."""

    records: Sink
    full: Callable[[str, Topic], None]
    refused: Callable[[Topic, str], None]


class _LostError(Exception):
    """The connection has to be opened again; ``pause_s`` is how long to wait at least."""

    def __init__(self, reason: str, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class KisSocket:
    """Keeps the registrations it is told to keep."""

    def __init__(self, session: KisSession, outlets: Outlets) -> None:
        self.name = session.key.name
        self.reconnects = 0
        self.last_error = ""
        self._session = session
        self._outlets = outlets
        self._wanted: frozenset[Topic] = frozenset()
        self._asked: set[Topic] = set()
        self._registered: dict[Topic, float] = {}
        self._secrets: dict[str, FrameKey] = {}
        self._approval = self._over = ""
        self._times_in_use = 0
        self._heard_at: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"kis-{self.name}", daemon=True)

    def start(self) -> None:
        """Begin, on a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """End the connection and the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(OPEN_TIMEOUT_S + 1)

    def keep(self, topics: frozenset[Topic]) -> None:
        """Hold these registrations from now on, and no others."""
        self._wanted = topics

    def held_since(self, topic: Topic) -> float | None:
        """Return when KIS confirmed a registration on the connection that is open now.

        By the monotonic clock; of what was before then nothing was told.
        """
        return self._registered.get(topic)

    def count(self) -> int:
        """Return how many registrations KIS has confirmed."""
        return len(self._registered)

    def silence_s(self) -> float:
        """Return for how long nothing was heard; endless while there is no connection."""
        heard_at = self._heard_at
        return float("inf") if heard_at is None else clock.monotonic() - heard_at

    def is_running(self) -> bool:
        """Whether the thread lives; a dead one has to be noticed."""
        return self._thread.is_alive()

    def _run(self) -> None:
        tries = 0
        while not self._stop.is_set():
            pause_s = 0.0
            try:
                self._live()
                tries = 0
            except _LostError as exc:
                self._note(str(exc))
                tries = 0 if self._was_good() else tries + 1
                pause_s = exc.pause_s
            except (OSError, WebSocketException, TradingPlatformError) as exc:
                self._note(type(exc).__name__)
                tries = 0 if self._was_good() else tries + 1
            except Exception:
                # A thread that ended would leave its symbols silent: note it and go on.
                logger.exception("A KIS socket failed and is opened again")
                tries += 1
            self._forget()
            backoff_s = min(PAUSE_S[1], PAUSE_S[0] * 2**tries)
            self._stop.wait(max(pause_s, backoff_s * (0.5 + random_fraction())))

    def _live(self) -> None:
        self._approval = self._session.approval_key(instead_of=self._over)
        with connect(
            self._session.hosts.ws_url,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=1,
            ping_interval=None,
            compression=None,
            max_size=FRAME_BYTES_MAX,
            proxy=None,
        ) as connection:
            self._heard_at = clock.monotonic()
            while not self._stop.is_set():
                self._reconcile(connection)
                self._hear(connection)

    def _reconcile(self, connection: ClientConnection) -> None:
        wanted = self._wanted
        for topic in self._asked - wanted:
            connection.send(registration(self._approval, topic, is_on=False))
            self._asked.discard(topic)
            self._registered.pop(topic, None)
        for topic in wanted - self._asked:
            connection.send(registration(self._approval, topic, is_on=True))
            self._asked.add(topic)

    def _hear(self, connection: ClientConnection) -> None:
        try:
            text = connection.recv(timeout=LOOK_EVERY_S)
        except TimeoutError:
            if self.silence_s() > SILENCE_S:
                raise _LostError("silence") from None
            return
        self._heard_at = clock.monotonic()
        try:
            frame = frame_of(text if isinstance(text, str) else text.decode())
            if isinstance(frame, DataFrame):
                self._take(frame)
                return
        except ValueError as exc:
            FRAMES_BAD.inc()
            logger.warning("A frame of KIS is unreadable", extra={"reason": str(exc)[:100]})
            return
        if frame.is_ping:
            connection.send(text)
        else:
            self._answered(frame)

    def _take(self, frame: DataFrame) -> None:
        if frame.is_encrypted:
            secrets = self._secrets.get(frame.tr_id)
            if secrets is None:
                raise FrameError("encrypted before its key came")
            frame = frame.opened(secrets)
        self._outlets.records(frame.tr_id, frame.records())

    def _answered(self, frame: ControlFrame) -> None:
        topic = (frame.tr_id, frame.tr_key)
        if frame.code in _TAKEN:
            if frame.secrets is not None:
                self._secrets[frame.tr_id] = frame.secrets
            if topic in self._asked:
                self._registered.setdefault(topic, clock.monotonic())
                self._times_in_use = 0
        elif frame.code == _FULL:
            self._outlets.full(self.name, topic)
        elif frame.code == _APPROVAL_OVER:
            self._over = self._approval
            raise _LostError("the approval key is over")
        elif frame.code == _IN_USE:
            # The other one has to die first; it may be our own that was cut a moment ago.
            self._times_in_use += 1
            raise _LostError("another session uses this app key", self._in_use_pause_s())
        elif frame.code and frame.code not in _DROPPED:
            logger.warning("KIS refused a registration", extra={"code": frame.code})
            self._outlets.refused(topic, frame.code)

    def _was_good(self) -> bool:
        return bool(self._registered)

    def _in_use_pause_s(self) -> float:
        return 1.0 if self._times_in_use == 1 else IN_USE_PAUSE_S

    def _note(self, reason: str) -> None:
        self.last_error = reason
        if not self._stop.is_set():
            self.reconnects += 1
            RECONNECTS.inc()
            logger.warning("A KIS socket is lost", extra={"key_name": self.name, "reason": reason})

    def _forget(self) -> None:
        """Nothing of a connection outlives it: not its registrations, not its keys."""
        self._heard_at = None
        connections.close_all()
        self._asked.clear()
        self._registered.clear()
        self._secrets.clear()
