"""Takes orders, matches them with the emulator's market, and tells what happened to each."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from tests.emulators.kis.book import (
    BUY,
    CANCELLED,
    KRW,
    REPLACED,
    SELL,
    USD,
    Account,
    Book,
    Order,
)
from tests.emulators.kis.codes import Refusal, refusal
from tests.emulators.kis.grid import US_TICK, kr_tick
from tests.emulators.kis.history import KR_HOURS, US_HOURS, is_session
from tests.emulators.kis.market import Level, Line, Trade
from tests.emulators.kis.state import State

FOK, IOC = {"12", "14", "16"}, {"11", "13", "15"}
MARKET_KINDS = {"01", "13", "14", "31", "33"}
BEST_OTHER, BEST_OWN = {"03", "15", "16"}, {"04"}
HOURS = {KRW: KR_HOURS, USD: US_HOURS}

# An order, what happened to it, how many shares, at what price.
Listener = Callable[[Order, str, int, Decimal], None]
Printer = Callable[[str, Decimal, int, str], object]


@dataclass(frozen=True)
class Ticket:
    """An order as it was asked for."""

    account: Account
    line: Line
    side: str
    kind: str
    quantity: int
    price: Decimal
    exchange: str

    @property
    def currency(self) -> str:
        return KRW if self.line.instrument.is_domestic else USD


@dataclass
class Exchange:
    """`session` is open, before, after, holiday, or hours (by the clock).

    `matching` is "book" (an order that crosses is filled at once from the ten levels) or
    "prints" (only the trades that a test prints fill orders).
    """

    state: State
    book: Book
    tell: Listener
    print_trade: Printer
    session: str = "open"
    matching: str = "book"

    # Taking orders

    def place(self, ticket: Ticket, *, deed: str = "new", original: int = 0) -> Order:
        """Accept the order or raise a `Refusal`; then match it."""
        side = ticket.account.environment
        self._require_session(side, ticket.currency)
        price = self._limit(ticket)
        self._require_price(ticket, price)
        reserve = self._reserve(ticket, price)
        self._require_means(ticket, reserve)
        order = Order(
            number=self.book.next_number(), account=ticket.account.number,
            symbol=ticket.line.instrument.symbol, side=ticket.side, kind=ticket.kind,
            quantity=ticket.quantity, price=price, exchange=ticket.exchange,
            currency=ticket.currency, at=self.state.clock.now(), deed=deed, original=original,
            reserve=reserve,
        )  # fmt: skip
        self.book.add(order)
        self._log("order", order)
        self.tell(order, "accepted", order.quantity, order.price)
        self.tell(order, "confirmed", order.quantity, order.price)
        self._match(order)
        return order

    def amend(self, order: Order, *, quantity: int | None, price: Decimal, kind: str) -> Order:
        """Replace an open order, or a part of it, by one with a number of its own."""
        moved = self._movable(order, quantity)
        account = self.book.accounts[order.account]
        line = self.state.market.line(order.symbol)
        self.book.cancel(order, moved, self.state.clock.now(), REPLACED)
        ticket = Ticket(account, line, order.side, kind, moved, price, order.exchange)
        try:
            return self.place(ticket, deed="amend", original=order.number)
        except Refusal:
            self.book.undo_cancel(order)
            raise

    def cancel(self, order: Order, *, quantity: int | None) -> Order:
        """Cancel an open order, or a part of it; the cancellation has a number of its own."""
        moved = self._movable(order, quantity)
        self.book.cancel(order, moved, self.state.clock.now())
        note = Order(
            number=self.book.next_number(), account=order.account, symbol=order.symbol,
            side=order.side, kind=order.kind, quantity=moved, price=order.price,
            exchange=order.exchange, currency=order.currency, at=self.state.clock.now(),
            deed="cancel", original=order.number, cancelled=moved, status=CANCELLED,
        )  # fmt: skip
        self.book.add(note)
        self._log("order", note)
        self.tell(note, "accepted", moved, order.price)
        self.tell(note, "confirmed", moved, order.price)
        return note

    def _movable(self, order: Order, quantity: int | None) -> int:
        side = self.book.accounts[order.account].environment
        moved = order.remaining if quantity is None else quantity
        if not 0 < moved <= order.remaining:
            raise refusal("nothing_left", side)
        return moved

    # Rules

    def _require_session(self, side: str, currency: str) -> None:
        session = self._by_clock(currency) if self.session == "hours" else self.session
        if session != "open":
            what = session if currency == KRW else "overseas_closed"
            raise refusal(what, side)

    def _by_clock(self, currency: str) -> str:
        clock = self.state.clock
        now = clock.kst() if currency == KRW else clock.new_york()
        first, last = HOURS[currency]
        if not is_session(now.date()):
            return "holiday"
        if now.time() < first:
            return "before"
        return "open" if now.time() < last else "after"

    def _limit(self, ticket: Ticket) -> Decimal:
        asks, bids = self.state.market.book(ticket.line.instrument.symbol)
        if ticket.kind in MARKET_KINDS:
            return Decimal(0)
        if ticket.kind in BEST_OTHER:
            return (asks if ticket.side == BUY else bids)[0].price
        if ticket.kind in BEST_OWN:
            return (bids if ticket.side == BUY else asks)[0].price
        return ticket.price

    def _require_price(self, ticket: Ticket, price: Decimal) -> None:
        if ticket.kind in MARKET_KINDS:
            return
        upper, lower = ticket.line.limits
        on_tick = price > 0 and price % _tick(ticket.line, price) == 0
        if not on_tick or (upper and not lower <= price <= upper):
            raise refusal("price", ticket.account.environment)

    def _reserve(self, ticket: Ticket, price: Decimal) -> Decimal:
        """Return what one share binds: a market buy binds the upper limit."""
        if ticket.side == SELL:
            return Decimal(0)
        if ticket.kind not in MARKET_KINDS:
            return price
        return ticket.line.limits[0] or ticket.line.last

    def _require_means(self, ticket: Ticket, reserve: Decimal) -> None:
        account, side = ticket.account, ticket.account.environment
        if ticket.side == BUY:
            if ticket.quantity * reserve > self.book.free_cash(account, ticket.currency):
                raise refusal("cash", side)
        elif ticket.quantity > self.book.free_quantity(account, ticket.line.instrument.symbol):
            raise refusal("holdings", side)

    # Matching

    def _match(self, order: Order) -> None:
        if self.matching == "prints":
            return
        asks, bids = self.state.market.book(order.symbol)
        levels = [lv for lv in (asks if order.side == BUY else bids) if _crosses(order, lv.price)]
        if order.kind in FOK and sum(level.quantity for level in levels) < order.quantity:
            self._drop_rest(order)
            return
        for level in levels:
            self._fill_from(order, level)
        if order.remaining and (order.is_market or order.kind in IOC):
            self._drop_rest(order)

    def _fill_from(self, order: Order, level: Level) -> None:
        quantity = min(order.remaining, level.quantity)
        if quantity:
            self._fill(order, quantity, level.price)
            self.print_trade(order.symbol, level.price, quantity, order.side)

    def _drop_rest(self, order: Order) -> None:
        rest = order.remaining
        self.book.cancel(order, rest, self.state.clock.now())
        self._log("order_cancelled", order)
        self.tell(order, "dropped", rest, order.price)

    def on_trade(self, trade: Trade) -> None:
        """Let a print fill the resting orders it crosses, up to its size."""
        left = trade.quantity
        for order in self.book.open_orders(trade.symbol):
            if left and _crosses(order, trade.price):
                quantity = min(left, order.remaining)
                self._fill(order, quantity, trade.price)
                left -= quantity

    def _fill(self, order: Order, quantity: int, price: Decimal) -> None:
        fill = self.book.fill(order, quantity, price, self.state.clock.now())
        self.state.truth.write(
            "fill", order=order.number, account=order.account, symbol=order.symbol,
            side=order.side, quantity=quantity, price=str(price), costs=str(fill.costs),
        )  # fmt: skip
        self.tell(order, "filled", quantity, price)

    def _log(self, kind: str, order: Order) -> None:
        self.state.truth.write(
            kind, order=order.number, account=order.account, symbol=order.symbol,
            side=order.side, deed=order.deed, original=order.original, kind_code=order.kind,
            quantity=order.quantity, price=str(order.price), status=order.status,
        )  # fmt: skip


def _crosses(order: Order, price: Decimal) -> bool:
    if order.is_market:
        return True
    return price <= order.price if order.side == BUY else price >= order.price


def _tick(line: Line, price: Decimal) -> Decimal:
    return kr_tick(price) if line.instrument.is_domestic else US_TICK
