"""Quotes on a socket: one stream for each symbol, only the newest matters."""

from collections.abc import Mapping
from typing import Any

from market import selectors
from market.quotes import quote_channel, quote_frame, quotes_cached
from tradingplatform.clock import now
from tradingplatform.realtime.errors import StreamUnknownError
from tradingplatform.realtime.sources import FrameHandler, Json, SocketPrincipal

PREFIX = "market"


class MarketStreams:
    """The streams ``market:<symbol>``; a StreamSource of the realtime kernel."""

    conflate = True

    @property
    def prefix(self) -> str:
        """Return the word before the colon of these stream names."""
        return PREFIX

    @property
    def frames(self) -> Mapping[str, FrameHandler]:
        """Return the client frames served here: none beyond subscribe and resume."""
        return {}

    def authorise(self, principal: SocketPrincipal | None, stream: str) -> None:
        """Refuse unknown symbols; who may look at the market stands in the policy table."""
        symbol = _symbol(stream)
        # Who has a live quote is known: a storm of reconnecting sockets asks no database.
        if symbol not in quotes_cached([symbol]):
            selectors.instrument_get(symbol)

    def snapshot(self, principal: SocketPrincipal | None, stream: str) -> list[Json]:
        """Return the newest quote as one frame."""
        symbol = _symbol(stream)
        frame: dict[str, Any] = quote_frame(selectors.quotes_get([symbol])[symbol], now())
        return [frame]

    def since(
        self, principal: SocketPrincipal | None, stream: str, epoch: str, seq: int
    ) -> list[Json]:
        """Return the newest quote: what a client missed between is of no use to it."""
        return self.snapshot(principal, stream)

    def channel(self, principal: SocketPrincipal | None, stream: str) -> str:
        """Return the bus channel on which the feed tells the symbol's quotes."""
        return quote_channel(_symbol(stream))


def _symbol(stream: str) -> str:
    prefix, colon, symbol = stream.partition(":")
    if prefix != PREFIX or not colon or not symbol:
        raise StreamUnknownError("No such stream here.", stream=stream[:64])
    return symbol
