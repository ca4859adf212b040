"""A client of ``/ws/market`` that keeps the newest quote of each symbol, whatever happens.

    async with MarketClient("ws://127.0.0.1:8000/ws/market", token=access) as market:
        await market.subscribe("AAPL", "005930")
        async for quote in market.updates():
            print(quote.symbol, quote.price, quote.source)

It connects again after every loss (jittered, so that a crowd does not come back at once), joins
what was joined before, and takes the snapshots that follow. Numbers may be skipped, since only
the newest quote counts; one that is older than what is known is dropped. A socket that says
nothing for SILENCE_MAX_S is given up, because the server has a heartbeat.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Self

from websockets.exceptions import ConnectionClosed, InvalidStatus

from market.errors import SymbolChangedError
from market.types import Quote
from tradingplatform.ids import random_fraction
from tradingplatform.realtime.client import Json, SocketClient

BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 15.0
SILENCE_MAX_S = 30.0
FINAL_CLOSE_CODES = frozenset({4400, 4401, 4403, 4404})
"""The server will not have this client, now or later."""

Token = str | Callable[[], Awaitable[str]] | None


class MarketRefusedError(Exception):
    """The server refuses this client for good; ``code`` is the close code or HTTP status."""

    def __init__(self, code: int) -> None:
        super().__init__(f"The server refuses the socket: {code}.")
        self.code = code


class MarketClient:
    """Follows quotes over one socket at a time; for one event loop.

    ``token`` may be a coroutine function that fetches a fresh access token for each connection.
    ``refused`` holds the error codes of symbols that the server would not let this client join.
    """

    def __init__(
        self, url: str, *, token: Token = None, silence_max_s: float = SILENCE_MAX_S
    ) -> None:
        self.quotes: dict[str, Quote] = {}
        self.refused: dict[str, str] = {}
        self.n_connections = 0
        self._url = url
        self._token = token
        self._silence_max_s = silence_max_s
        self._wanted: dict[str, None] = {}
        self._socket: SocketClient | None = None
        self._changed = asyncio.Condition()
        self._fresh: dict[str, None] = {}
        self._follower: asyncio.Task[None] | None = None
        self._is_over = False

    async def __aenter__(self) -> Self:
        self._follower = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._follower is not None:
            self._follower.cancel()
            with contextlib.suppress(asyncio.CancelledError, MarketRefusedError):
                await self._follower

    @property
    def is_connected(self) -> bool:
        """Tell whether quotes can arrive just now."""
        return self._socket is not None

    async def subscribe(self, *symbols: str) -> None:
        """Follow symbols, now and after every reconnection."""
        new = [symbol for symbol in symbols if symbol not in self._wanted]
        self._wanted |= dict.fromkeys(new)
        if new:
            await self._send({"type": "subscribe", "symbols": new})

    async def unsubscribe(self, *symbols: str) -> None:
        """Follow symbols no longer and forget their quotes."""
        for symbol in symbols:
            self._drop(symbol)
        await self._send({"type": "unsubscribe", "symbols": list(symbols)})

    async def updates(self) -> AsyncGenerator[Quote, None]:
        """Yield quotes as they change; a reader that is slow gets the newest of each symbol.

        Raises MarketRefusedError once the server has refused this client for good.
        """
        while True:
            await self.wait_for(lambda: bool(self._fresh))
            symbol = next(iter(self._fresh))
            del self._fresh[symbol]
            yield self.quotes[symbol]

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Return once ``condition`` holds; it is asked after every frame and every loss."""
        async with self._changed:
            await self._changed.wait_for(lambda: condition() or self._is_over)
        if not condition() and self._follower is not None:
            await self._follower  # raises what ended it

    async def _send(self, body: Json) -> None:
        if self._socket is not None:
            # A socket that was just lost is replaced, and joins what is wanted by then.
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(body)

    async def _follow(self) -> None:
        attempt = 0
        try:
            while True:
                connected_before = self.n_connections
                with contextlib.suppress(OSError, TimeoutError, ConnectionClosed, InvalidStatus):
                    await self._connection()
                attempt = 0 if self.n_connections > connected_before else attempt + 1
                await asyncio.sleep(backoff_s(attempt, random_fraction()))
        finally:
            self._is_over = True
            await self._note()

    async def _connection(self) -> None:
        """Live through one connection; ends with the error that ended it."""
        token = await self._token() if callable(self._token) else self._token
        try:
            async with await SocketClient.connect(
                self._url, token=token, timeout_s=self._silence_max_s
            ) as socket:
                self.n_connections += 1
                self._socket = socket
                if self._wanted:
                    await socket.send({"type": "subscribe", "symbols": list(self._wanted)})
                await self._note()
                while True:
                    await self._take(await socket.receive())
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd is not None else 1006
            if code in FINAL_CLOSE_CODES:
                raise MarketRefusedError(code) from error
            raise
        except InvalidStatus as error:
            if 400 <= error.response.status_code < 500:
                raise MarketRefusedError(error.response.status_code) from error
            raise
        finally:
            self._socket = None
            await self._note()

    async def _take(self, frame: Json) -> None:
        if frame["type"] == "market":
            self._take_quote(Quote.from_payload(frame["data"]))
        elif frame["type"] == "error":
            stream = frame.get("details", {}).get("stream", "")
            symbol = stream.partition(":")[2] or stream
            self.refused[symbol] = frame["errorCode"]
            if frame["errorCode"] == SymbolChangedError.code:
                # The stream has ended: its last price stands for nothing any more.
                self._drop(symbol)
        await self._note()

    def _drop(self, symbol: str) -> None:
        self._wanted.pop(symbol, None)
        self.quotes.pop(symbol, None)
        self._fresh.pop(symbol, None)

    def _take_quote(self, quote: Quote) -> None:
        known = self.quotes.get(quote.symbol)
        if quote.symbol not in self._wanted:
            return
        if known is not None and _place(quote) < _place(known):
            return
        self.quotes[quote.symbol] = quote
        self._fresh[quote.symbol] = None

    async def _note(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _place(quote: Quote) -> tuple[int, int]:
    """Return where a quote stands: each leader of the feed has a higher epoch than the one before.

    A quote that a process makes from the last stored bar (while the cache is empty) stands at 0.
    """
    return int(quote.epoch), quote.seq


def backoff_s(attempt: int, fraction: float) -> float:
    """Return how long to wait before an attempt; ``fraction`` is drawn from [0, 1)."""
    bound = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2.0 ** min(attempt, 10))
    return BACKOFF_FIRST_S / 2 + fraction * bound
