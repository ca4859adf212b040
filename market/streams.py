"""Quotes and order books on a socket: one stream for each symbol, only the newest matters."""

from collections.abc import Callable, Mapping

from market import selectors
from market.books import book_cached, book_channel
from market.quotes import quote_channel, quote_frame, quotes_cached
from tradingplatform.clock import now
from tradingplatform.realtime.errors import StreamUnknownError
from tradingplatform.realtime.sources import FrameHandler, Json, SocketPrincipal


class SymbolStreams:
    """Streams of which each follows one symbol; a StreamSource of the realtime kernel."""

    conflate = True

    def __init__(
        self,
        prefix: str,
        *,
        newest: Callable[[str], Json | None],
        channel: Callable[[str], str],
    ) -> None:
        self._prefix = prefix
        self._newest = newest
        self._channel = channel

    @property
    def prefix(self) -> str:
        """Return the word before the colon of these stream names."""
        return self._prefix

    @property
    def frames(self) -> Mapping[str, FrameHandler]:
        """Return the client frames served here: none beyond subscribe and resume."""
        return {}

    def authorise(self, principal: SocketPrincipal | None, stream: str) -> None:
        """Refuse unknown symbols; who may look at the market stands in the policy table."""
        symbol = self._symbol(stream)
        # Who has a live quote is known: a storm of reconnecting sockets asks no database.
        if symbol not in quotes_cached([symbol]):
            selectors.instrument_get(symbol)

    def snapshot(self, principal: SocketPrincipal | None, stream: str) -> list[Json]:
        """Return the newest frame, if there is any."""
        frame = self._newest(self._symbol(stream))
        return [] if frame is None else [frame]

    def since(
        self, principal: SocketPrincipal | None, stream: str, epoch: str, seq: int
    ) -> list[Json]:
        """Return the newest frame: what a client missed between is of no use to it."""
        return self.snapshot(principal, stream)

    def channel(self, principal: SocketPrincipal | None, stream: str) -> str:
        """Return the bus channel on which the feed tells what is new of the symbol."""
        return self._channel(self._symbol(stream))

    def _symbol(self, stream: str) -> str:
        prefix, colon, symbol = stream.partition(":")
        if prefix != self._prefix or not colon or not symbol:
            raise StreamUnknownError("No such stream here.", stream=stream[:64])
        return symbol


class MarketStreams(SymbolStreams):
    """The streams ``market:<symbol>``: quotes."""

    def __init__(self) -> None:
        super().__init__("market", newest=_newest_quote, channel=quote_channel)


class BookStreams(SymbolStreams):
    """The streams ``book:<symbol>``: order books, where the source of the feed tells them."""

    def __init__(self) -> None:
        super().__init__("book", newest=book_cached, channel=book_channel)


def _newest_quote(symbol: str) -> Json:
    return quote_frame(selectors.quotes_get([symbol])[symbol], now())
