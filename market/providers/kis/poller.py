"""Ask KIS by REST for the symbols that have been silent longest, inside the call budget.

It sees to three things at once: the first quote of a symbol that somebody begins to watch, the
symbols for which no registration is left, and trades that the stream lost.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from market.errors import ProviderAnswerError
from market.providers.base import Asset, ProviderQuote
from market.providers.kis.provider import KisProvider
from market.types import OrderBook
from tradingplatform import clock
from tradingplatform.errors import (
    LimitExceededError,
    TradingPlatformError,
    UnavailableError,
)
from tradingplatform.services.external.client import Patience
from tradingplatform.services.external.kis.codes import KisRefusedError

logger = logging.getLogger(__name__)

SILENT_S = 1.2
STREAMED_BONUS_S = 3.0
"""So much longer than others may those be silent whose trades are streamed."""
FAULT_PAUSE_S = 1.0
OUTAGE_PAUSE_S = 4.0
UNKNOWN_PAUSE_S = 60.0
IDLE_S = 0.05
PATIENCE = Patience(wait_s=1.0, attempts=1, read_timeout_s=2.0)


@dataclass
class Watch:
    """One symbol that is wanted; times are of the monotonic clock.

    What was told of it last was so at ``asked_at``: an answer can be as old as its question.
    """

    asset: Asset
    heard_at: float = float("-inf")
    asked_at: float = float("-inf")
    not_before: float = float("-inf")
    faults: int = 0


class KisPoller:
    """Keeps the silence of every wanted symbol short."""

    def __init__(
        self,
        provider: KisProvider,
        *,
        spare: int,
        told: Callable[[ProviderQuote], None],
        book_told: Callable[[OrderBook], None],
        is_streamed: Callable[[Asset], bool],
    ) -> None:
        self._provider = provider
        self._patience = replace(PATIENCE, spare=spare)
        self._told = told
        self._book_told = book_told
        self._is_streamed = is_streamed
        self._watches: dict[str, Watch] = {}
        self._lock = threading.Lock()

    def watch(self, assets: Iterable[Asset]) -> None:
        """Look after these from now on, and after no others."""
        with self._lock:
            known = self._watches
            self._watches = {
                asset.symbol: known.get(asset.symbol) or Watch(asset) for asset in assets
            }

    def heard(self, symbol: str) -> None:
        """Note that the stream told something of a symbol."""
        watch = self._watches.get(symbol)
        if watch is not None:
            watch.heard_at = clock.monotonic()

    def was_asked_since(self, symbol: str, at: float) -> bool:
        """Whether an answer about a symbol tells how things stood at an instant or later."""
        watch = self._watches.get(symbol)
        return watch is not None and watch.asked_at >= at

    def polled(self) -> int:
        """Return how many wanted symbols have no stream."""
        with self._lock:
            watches = list(self._watches.values())
        return sum(not self._is_streamed(watch.asset) for watch in watches)

    def step(self) -> float:
        """Ask for one symbol; return the seconds to wait before the next step."""
        watch = self._most_silent()
        if watch is None:
            return IDLE_S
        asked_at = clock.monotonic()
        try:
            quote = self._quote(watch.asset)
        except (LimitExceededError, UnavailableError) as exc:
            # Not this symbol's fault: all have to wait.
            logger.debug("Polling KIS waits", extra={"reason": exc.code})
            return FAULT_PAUSE_S
        except TradingPlatformError as exc:
            self._failed(watch, exc)
            return 0.0
        watch.faults = 0
        watch.heard_at = clock.monotonic()
        if quote is None:
            watch.not_before = clock.monotonic() + UNKNOWN_PAUSE_S
        else:
            self._told(quote)
            watch.asked_at = asked_at
        return 0.0

    def book_ask(self, asset: Asset) -> None:
        """Ask for one order book; without an answer there is none."""
        try:
            self._book_told(self._provider.order_book(asset, patience=self._patience))
        except TradingPlatformError as exc:
            logger.debug("An order book of KIS is not known", extra={"reason": exc.code})

    def _most_silent(self) -> Watch | None:
        at = clock.monotonic()
        with self._lock:
            due = [
                watch
                for watch in self._watches.values()
                if at - watch.heard_at > SILENT_S and watch.not_before <= at
            ]
        return min(due, key=self._rank, default=None)

    def _rank(self, watch: Watch) -> float:
        """Put those first that nothing but polling tells of."""
        return watch.heard_at + (STREAMED_BONUS_S if self._is_streamed(watch.asset) else 0.0)

    def _quote(self, asset: Asset) -> ProviderQuote | None:
        quote = self._provider.quote(asset, patience=self._patience)
        if quote is None or self._is_streamed(asset):
            return quote
        return self._with_best(asset, quote)

    def _with_best(self, asset: Asset, quote: ProviderQuote) -> ProviderQuote:
        """Add bid and ask, which only the order book tells; without them it is a quote still."""
        try:
            book = self._provider.order_book(asset, patience=self._patience)
        except TradingPlatformError:
            return quote
        self._book_told(book)
        return replace(
            quote,
            bid=book.bids[0].price if book.bids else None,
            ask=book.asks[0].price if book.asks else None,
        )

    def _failed(self, watch: Watch, fault: TradingPlatformError) -> None:
        watch.faults += 1
        most_s = UNKNOWN_PAUSE_S if _is_about_symbol(fault) else OUTAGE_PAUSE_S
        pause_s = min(most_s, FAULT_PAUSE_S * 2 ** (watch.faults - 1))
        watch.not_before = clock.monotonic() + pause_s
        logger.warning(
            "A symbol cannot be polled",
            extra={"symbol": watch.asset.symbol, "code": fault.code, "tries": watch.faults},
        )


def _is_about_symbol(fault: TradingPlatformError) -> bool:
    """Whether KIS answered, so that the next answer will hardly be better."""
    return isinstance(fault, KisRefusedError | ProviderAnswerError)
