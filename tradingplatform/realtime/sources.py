"""What an app implements in its ``streams.py`` to put streams on a socket."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from tradingplatform.errors import TradingPlatformError

Json = dict[str, Any]
FrameHandler = Callable[["SocketPrincipal", Json], Json | None]


class SocketPrincipal(Protocol):
    """Whom a socket speaks for; ``tradingplatform.api.principal.Principal`` is one."""

    @property
    def account_db_key(self) -> int:
        """Return the key that selects the user's shard."""

    @property
    def session_id(self) -> UUID | str | None:
        """Return the session, or the API key, whose end closes the socket."""

    @property
    def is_program(self) -> bool:
        """Return whether this is an API key."""

    @property
    def expires_at(self) -> datetime | None:
        """Return when the socket must close, if that is known from the start."""


class Position(NamedTuple):
    """A place in a stream: ``seq`` rises by one within an ``epoch``."""

    epoch: str
    seq: int


class StreamSource(Protocol):
    """Streams of one family (``market:*``, ``chat:*`` or ``user``); all methods run in `run_db`.

    A source may also define, found by name:

    - ``conflate = True``: only the newest frame matters (quotes); the others never drop;
    - ``head(principal, stream) -> (epoch, seq) | None``: where the stream is now. With it a
      missed hint of the bus is noticed and repaired through ``since``;
    - ``stream_for(frame) -> str | None``: the stream to join before a client frame is handled,
      so that its answer cannot be missed;
    - ``refusals(principal, streams)`` and ``snapshots(principal, streams)``: what `authorise`
      raises and `snapshot` returns, by stream and for many in one go; the streams that are not
      refused, or have nothing to show, are left out. For sources without a head.
    """

    @property
    def prefix(self) -> str:
        """Return the word before the colon of this family's stream names."""

    @property
    def frames(self) -> Mapping[str, FrameHandler]:
        """Return the client frame types served here; a handler may answer with one frame."""

    def authorise(self, principal: SocketPrincipal | None, stream: str) -> None:
        """Raise a TradingPlatformError unless ``principal`` may read ``stream``."""

    def snapshot(self, principal: SocketPrincipal | None, stream: str) -> Sequence[Json]:
        """Return frames that together are the state of the stream now."""

    def since(
        self, principal: SocketPrincipal | None, stream: str, epoch: str, seq: int
    ) -> Sequence[Json] | None:
        """Return the frames after (``epoch``, ``seq``), or None when they are no longer kept."""

    def channel(self, principal: SocketPrincipal | None, stream: str) -> str:
        """Return the bus channel that carries the stream."""


def family(stream: str) -> str:
    """Return the word before the colon of a stream name or a source's prefix."""
    return stream.partition(":")[0]


def conflates(source: StreamSource) -> bool:
    """Tell whether only the newest frame of this source's streams matters."""
    return bool(getattr(source, "conflate", family(source.prefix) == "market"))


def head_of(
    source: StreamSource, principal: SocketPrincipal | None, stream: str
) -> Position | None:
    """Return where the stream is now, if its source can say."""
    head = getattr(source, "head", None)
    place = head(principal, stream) if head is not None else None
    return None if place is None else Position(str(place[0]), int(place[1]))


def refusals_of(
    source: StreamSource, principal: SocketPrincipal | None, streams: Sequence[str]
) -> dict[str, TradingPlatformError]:
    """Return why streams may not be read, by stream; nothing for those that may."""
    many = getattr(source, "refusals", None)
    if many is not None:
        return dict(many(principal, streams))
    refused: dict[str, TradingPlatformError] = {}
    for stream in streams:
        try:
            source.authorise(principal, stream)
        except TradingPlatformError as error:
            refused[stream] = error
    return refused
