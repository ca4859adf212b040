"""The trader's work on one shard: send new orders, match resting ones, take back canceled ones.

Crash-only: starting is recovering. Everything it knows is in the database; what is in
memory (resting orders) and what the bus tells (wake-ups, quotes) only saves time.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from uuid import UUID

import structlog
from django.db import close_old_connections, connections

from market.types import Quote
from portfolio.brokers.base import Broker, Report
from portfolio.core.orders import UNANSWERED
from portfolio.enums import OrderSide, OrderStatus, TradingMode
from portfolio.errors import SenderFencedError
from portfolio.models import Order
from portfolio.resting import RestingOrders
from portfolio.selectors import (
    has_new_orders,
    held_symbols,
    orders_at_broker,
    orders_by_id,
    orders_to_take_back,
    quotes_known,
)
from portfolio.services.dispatch import (
    Reported,
    Sender,
    fence_raise,
    orders_claim,
    reports_apply,
)
from portfolio.services.trading_state import trading_mode
from portfolio.services.wake import TRADER_CHANNEL
from tradingplatform.clock import monotonic, now
from tradingplatform.services import services

log = structlog.get_logger(__name__)

Ask = Callable[[Order, Quote | None, datetime], Report]

MARKET_CHANNEL = "market:"
POLL_S = 0.5
SWEEP_EVERY_S = 2.0
RELOAD_EVERY_S = 30.0
RETRY_AFTER_S = 1.0
BATCH = 100


class ShardTrader:
    """Works one shard until ``stop`` is set or another trader takes over."""

    def __init__(self, alias: str, broker: Broker, epoch: int, stop: threading.Event) -> None:
        self._alias = alias
        self._broker = broker
        self._sender = Sender(broker.name, epoch)
        self._stop = stop
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._dirty: set[str] = set()
        self._changed: set[UUID] = set()
        self._resting = RestingOrders()
        self._swept_at = self._reloaded_at = float("-inf")

    def run(self) -> None:
        """Recover, then take turns; ends without an error when fenced off."""
        subscriptions = [
            services.websocket.subscribe(MARKET_CHANNEL, self._on_quote, on_gap=self.wake),
            services.websocket.subscribe(f"{TRADER_CHANNEL}{self._alias}", self._on_wake),
        ]
        try:
            self.take_over()
            while not self._stop.is_set():
                self._woken.clear()
                self._guarded_turn()
                self._woken.wait(POLL_S)
        except SenderFencedError:
            log.warning("trader_fenced", shard=self._alias, epoch=self._sender.epoch)
        finally:
            for subscription in subscriptions:
                subscription.close()
            connections.close_all()

    def take_over(self) -> None:
        """Fence off every older trader of this shard; SenderFencedError if we are older."""
        fence_raise(alias=self._alias, sender=self._sender)

    def wake(self) -> None:
        """Begin the next turn now."""
        self._woken.set()

    def turn(self) -> None:
        """Do everything there is to do once."""
        at = monotonic()
        if at - self._reloaded_at >= RELOAD_EVERY_S:
            self._resting.replace_all(orders_at_broker(self._alias, self._broker.name))
            self._reloaded_at = at
        self._refresh()
        self._take_back()
        while has_new_orders(self._alias, self._broker.name) and self._send():
            pass
        is_sweep = at - self._swept_at >= SWEEP_EVERY_S
        self._match(self._resting.symbols if is_sweep else self._take_dirty())
        if is_sweep:
            self._swept_at = at

    def _guarded_turn(self) -> None:
        close_old_connections()
        try:
            self.turn()
        except SenderFencedError:
            raise
        except Exception:
            # A trader that ended would leave every order waiting: note it and go on.
            log.exception("trader_turn_failed", shard=self._alias)
            self._reloaded_at = float("-inf")
            self._stop.wait(RETRY_AFTER_S)

    def _send(self) -> bool:
        orders = orders_claim(alias=self._alias, sender=self._sender, limit=BATCH)
        quotes = quotes_known(order.symbol for order in orders)
        at = now()
        self._apply(
            [
                (order, self._asked(self._broker.submit, order, quotes.get(order.symbol), at))
                for order in orders
            ],
            quotes,
        )
        return bool(orders)

    def _take_back(self) -> None:
        orders = orders_to_take_back(self._alias, self._broker.name)
        at = now()
        reports = [(order, self._canceled(order, at)) for order in orders]
        self._apply([(order, report) for order, report in reports if report is not None], {})

    def _match(self, symbols: set[str]) -> None:
        orders = self._resting.of_symbols(symbols)
        if not orders:
            return
        quotes = quotes_known(order.symbol for order in orders)
        at = now()
        reports = [
            (order, report)
            for order in orders
            if (report := self._looked_at(order, quotes.get(order.symbol), at)) is not None
        ]
        if any(report.executions for _order, report in reports):
            mode = trading_mode()
            reports = [pair for pair in reports if _may_report(*pair, mode)]
        self._apply(reports, quotes)

    def _looked_at(self, order: Order, quote: Quote | None, at: datetime) -> Report | None:
        if order.status not in UNANSWERED:
            return self._broker.quoted(order, quote, at)
        report = self._asked(self._broker.resume, order, quote, at)
        return None if report.is_lost and order.status == OrderStatus.UNKNOWN else report

    def _asked(self, ask: Ask, order: Order, quote: Quote | None, at: datetime) -> Report:
        try:
            return ask(order, quote, at)
        except Exception as error:
            # Whatever went wrong, the order may have arrived: only the broker's book can tell.
            log.exception("order_answer_lost", order_id=str(order.pk))
            return Report(is_lost=True, reason=type(error).__name__[:64])

    def _canceled(self, order: Order, at: datetime) -> Report | None:
        try:
            return self._broker.cancel(order, at)
        except Exception:
            # The order still works, as far as we know: it is asked for again next turn.
            log.exception("order_not_canceled", order_id=str(order.pk))
            return None

    def _apply(self, reports: list[tuple[Order, Report]], quotes: dict[str, Quote]) -> None:
        if not reports:
            return
        filled = {order.portfolio_id for order, report in reports if report.executions}
        if filled:
            missing = held_symbols(self._alias, filled) - set(quotes)
            quotes = {**quotes, **quotes_known(missing)}
        for (key, portfolio_id), group in groupby(sorted(reports, key=_owner), key=_owner):
            self._apply_to_portfolio(key, portfolio_id, list(group), quotes)

    def _apply_to_portfolio(
        self,
        account_db_key: int,
        portfolio_id: UUID,
        reports: list[tuple[Order, Report]],
        quotes: dict[str, Quote],
    ) -> None:
        try:
            orders = reports_apply(
                account_db_key=account_db_key,
                portfolio_id=portfolio_id,
                sender=self._sender,
                reported=[Reported(order.pk, order.version, report) for order, report in reports],
                quotes=quotes,
            )
        except SenderFencedError:
            raise
        except Exception:
            # One portfolio in trouble must not hold up the others; the sweep tries again.
            log.exception("reports_not_applied", portfolio_id=str(portfolio_id))
            orders = [order for order, _report in reports]
        for order in orders:
            self._resting.put(order)

    def _refresh(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
        watched = self._resting.watched(changed)
        if watched:
            for order in orders_by_id(self._alias, watched):
                self._resting.put(order)

    def _take_dirty(self) -> set[str]:
        with self._lock:
            dirty, self._dirty = self._dirty, set()
        return dirty

    def _on_quote(self, channel: str, _payload: bytes) -> None:
        symbol = channel.removeprefix(MARKET_CHANNEL)
        if self._resting.waits_for(symbol):
            with self._lock:
                self._dirty.add(symbol)
            self.wake()

    def _on_wake(self, _channel: str, payload: bytes) -> None:
        with self._lock:
            self._changed.add(UUID(payload.decode()))
        self.wake()


def _owner(pair: tuple[Order, Report]) -> tuple[int, UUID]:
    order = pair[0]
    return order.account_db_key, order.portfolio_id


def _may_report(order: Order, report: Report, mode: TradingMode) -> bool:
    """Whether trading is open for this; ends without a fill always pass."""
    if not report.executions or mode == TradingMode.ACTIVE:
        return True
    return mode == TradingMode.REDUCING and order.side == OrderSide.SELL
