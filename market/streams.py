"""Quotes and order books on a socket: one stream for each symbol, only the newest matters."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from market.books import book_channel, books_cached
from market.errors import SymbolUnknownError
from market.quote_selectors import quotes_known
from market.quotes import quote_channel, quote_frame, quotes_cached
from market.symbol_changes import symbol_changed, symbols_resolved
from tradingplatform.clock import now
from tradingplatform.errors import TradingPlatformError
from tradingplatform.realtime.errors import StreamUnknownError
from tradingplatform.realtime.sources import FrameHandler, Json, SocketPrincipal


class SymbolStreams:
    """Streams of which each follows one symbol; a StreamSource of the realtime kernel."""

    conflate = True

    def __init__(
        self,
        prefix: str,
        *,
        newest: Callable[[Sequence[str]], Mapping[str, Json]],
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
        for refusal in self.refusals(principal, [stream]).values():
            raise refusal

    def refusals(
        self, principal: SocketPrincipal | None, streams: Sequence[str]
    ) -> dict[str, TradingPlatformError]:
        """Return why streams are refused, with one query at the most for all of them."""
        refused: dict[str, TradingPlatformError] = {}
        symbols: dict[str, str] = {}
        for stream in streams:
            try:
                symbols[stream] = self._symbol(stream)
            except StreamUnknownError as error:
                refused[stream] = error
        names = _names(symbols.values())
        for stream, symbol in symbols.items():
            name = names.get(symbol)
            if name is None:
                refused[stream] = SymbolUnknownError(
                    f"Unknown symbol: {symbol[:200]}.", symbols=[symbol]
                )
            elif name != symbol:
                refused[stream] = symbol_changed(symbol, name)
        return refused

    def snapshot(self, principal: SocketPrincipal | None, stream: str) -> list[Json]:
        """Return the newest frame, if there is any."""
        return self.snapshots(principal, [stream]).get(stream, [])

    def snapshots(
        self, principal: SocketPrincipal | None, streams: Sequence[str]
    ) -> dict[str, list[Json]]:
        """Return the newest frame of each stream that has any, with the same reads for all."""
        symbols = {stream: self._symbol(stream) for stream in streams}
        newest = self._newest(list(symbols.values()))
        return {s: [newest[symbol]] for s, symbol in symbols.items() if symbol in newest}

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
        super().__init__("market", newest=_newest_quotes, channel=quote_channel)


class BookStreams(SymbolStreams):
    """The streams ``book:<symbol>``: order books, where the source of the feed tells them."""

    def __init__(self) -> None:
        super().__init__("book", newest=books_cached, channel=book_channel)


def _newest_quotes(symbols: Sequence[str]) -> dict[str, Json]:
    at = now()
    return {symbol: quote_frame(quote, at) for symbol, quote in quotes_known(symbols).items()}


def _names(symbols: Iterable[str]) -> dict[str, str]:
    """Return what the instruments of symbols are called now; unknown ones are left out."""
    # Who has a live quote is known: a storm of reconnecting sockets asks no database.
    wanted = set(symbols)
    live = quotes_cached(wanted).keys()
    return symbols_resolved(wanted - live) | {symbol: symbol for symbol in live}
