"""The stream ``user``: everything that happens to one user, numbered by the outbox."""

from collections.abc import Mapping, Sequence

from tradingplatform.db.outbox import stream_events_since, stream_head
from tradingplatform.errors import AuthenticationError
from tradingplatform.realtime.errors import StreamUnknownError
from tradingplatform.realtime.sources import FrameHandler, Json, SocketPrincipal

STREAM = "user"


class UserStream:
    """A StreamSource. Its state is what REST shows, so joining it brings a position only."""

    prefix = STREAM
    frames: Mapping[str, FrameHandler] = {}

    def authorise(self, principal: SocketPrincipal | None, stream: str) -> None:
        """Raise unless somebody is signed in; everybody's own stream has the same name."""
        _owner(principal)
        if stream != STREAM:
            raise StreamUnknownError("No such stream here.", stream=stream)

    def head(self, principal: SocketPrincipal | None, stream: str) -> tuple[str, int]:
        """Return the last position written."""
        return stream_head(_owner(principal), stream)

    def snapshot(self, principal: SocketPrincipal | None, stream: str) -> Sequence[Json]:
        """Return nothing: the client reads portfolios and notifications over REST."""
        return ()

    def since(
        self, principal: SocketPrincipal | None, stream: str, epoch: str, seq: int
    ) -> Sequence[Json] | None:
        """Return the user's events after a position, or None when they are gone."""
        return stream_events_since(_owner(principal), stream, epoch, seq)

    def channel(self, principal: SocketPrincipal | None, stream: str) -> str:
        """Return the bus channel on which the relay publishes."""
        return f"stream:{_owner(principal)}:{stream}"


def _owner(principal: SocketPrincipal | None) -> int:
    if principal is None:
        raise AuthenticationError("Sign in first.")
    return principal.account_db_key
