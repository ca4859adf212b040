"""The KIS emulator: two REST hosts and two WebSocket hosts on free ports of 127.0.0.1."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from websockets.asyncio.server import serve as serve_sockets

from tests.emulators.faults import Fault, Faults
from tests.emulators.kis import charts, frames, notices, overseas, quotations
from tests.emulators.kis.app import RestApp
from tests.emulators.kis.book import KRW, USD, Account, Book, Order
from tests.emulators.kis.codes import PAPER, REAL
from tests.emulators.kis.exchange import Exchange
from tests.emulators.kis.instruments import Instrument
from tests.emulators.kis.keys import AppKey
from tests.emulators.kis.market import BUY, Line, Market, Trade
from tests.emulators.kis.overseas_trading import OverseasTrading
from tests.emulators.kis.sockets import Connection, RealTime
from tests.emulators.kis.state import Layout, State, default_keys
from tests.emulators.kis.tape import Mark, play
from tests.emulators.kis.trading import Trading
from tests.emulators.kis.trs import TrTable
from tests.emulators.timekeeping import EmulatorClock
from tests.emulators.truth import Json, TruthLog
from tests.emulators.web import listeners, serving

Price = Decimal | int | str


class KisEmulator:
    """Scripted by tests through its methods, by hand through the control plane.

    `folder` keeps the truth as `truth.jsonl` and the book as `book.json`, which a later emulator
    takes up again.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        clock: EmulatorClock | None = None,
        folder: Path | None = None,
        instruments: Iterable[Instrument] = (),
        layout: Layout | None = None,
        ping_interval: float = 10,
    ) -> None:
        self.clock = clock or EmulatorClock()
        self.truth = TruthLog(self.clock, folder / "truth.jsonl" if folder else None)
        self.faults = Faults(self.truth, seed)
        self.market = Market(self.clock, seed=seed, instruments=instruments)
        self.state = State(
            self.clock,
            self.truth,
            self.faults,
            self.market,
            default_keys(),
            layout or Layout(),
        )
        self.real_time = RealTime(self.state, ping_interval=ping_interval)
        path = folder / "book.json" if folder else None
        self.book = Book([_opened(key) for key in self.state.keys], path)
        self.exchange = Exchange(self.state, self.book, self._tell, self._print_fill)
        self.table = TrTable(
            [
                *quotations.TRS,
                *charts.TRS,
                *overseas.TRS,
                *Trading(self.exchange).trs(),
                *OverseasTrading(self.exchange).trs(),
            ]
        )
        self.ports: dict[str, int] = {}

    # Where it is

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['real']}"

    @property
    def paper_rest_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['paper']}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.ports['real_ws']}"

    @property
    def paper_ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.ports['paper_ws']}"

    def keys(self, environment: str = REAL) -> list[AppKey]:
        return [key for key in self.state.keys if key.environment == environment]

    def settings(self, *environments: str, keys: int = 1) -> dict[str, str]:
        """Return the environment variables that point the platform at this emulator."""
        wanted = [key for side in environments or (REAL,) for key in self.keys(side)[:keys]]
        return {
            "KIS_REST_URL": self.rest_url,
            "KIS_WS_URL": self.ws_url,
            "KIS_PAPER_REST_URL": self.paper_rest_url,
            "KIS_PAPER_WS_URL": self.paper_ws_url,
            "KIS_APP_KEYS": json.dumps([key.as_setting() for key in wanted]),
        }

    # Scripting the market

    def line(self, symbol: str) -> Line:
        """Return what is true of a symbol now."""
        with self.state.lock:
            return self.market.line(symbol).snapshot()

    def trade(
        self, symbol: str, price: Price, quantity: int = 1, *, side: str = BUY, venue: str = "KRX"
    ) -> Trade:
        """Print one trade: it changes the line, fills orders and goes to the subscribers."""
        return self.trades(symbol, [(price, quantity)], side=side, venue=venue)[0]

    def trades(
        self,
        symbol: str,
        prints: list[tuple[Price, int]],
        *,
        side: str = BUY,
        venue: str = "KRX",
    ) -> list[Trade]:
        """Print several trades that travel in one frame."""
        with self.state.lock:
            done, records = [], []
            for price, quantity in prints:
                trade = self.market.print_trade(
                    symbol, Decimal(price), int(quantity), side=side, venue=venue
                )
                self._log(trade)
                done.append(trade)
                records.append(self._record(trade))
            self._publish(done[-1], records)
            for trade in done:
                self.exchange.on_trade(trade)
        return done

    def walk(self, count: int = 1, symbols: Iterable[str] = ()) -> list[Trade]:
        """Let the seeded walk print so many trades, symbol after symbol."""
        names = list(symbols) or self.market.symbols()
        done = []
        for n in range(count):
            with self.state.lock:
                symbol = names[n % len(names)]
                price, quantity, side = self.market.next_price(symbol)
                done.append(self.trade(symbol, price, quantity, side=side))
        return done

    def play(self, marks: Iterable[Mark], *, speed: float = 1) -> None:
        """Play a tape of trades at a multiple of its own speed."""
        play(marks, self.trades, speed=speed)

    def _log(self, trade: Trade) -> None:
        self.truth.write(
            "trade", symbol=trade.symbol, price=str(trade.price), quantity=trade.quantity,
            trade=trade.number, side=trade.side, venue=trade.venue,
        )  # fmt: skip

    def _record(self, trade: Trade) -> frames.Record:
        line, book = self.market.line(trade.symbol), self.market.book(trade.symbol)
        if not line.instrument.is_domestic:
            return frames.overseas_trade_record(line, trade, book)
        return frames.trade_record(line, trade, book, self.state.layout.trade_fields)

    def _publish(self, trade: Trade, records: list[frames.Record]) -> None:
        line = self.market.line(trade.symbol)
        publish, book = self.real_time.publish, self.market.book(trade.symbol)
        if not line.instrument.is_domestic:
            name = frames.realtime_symbol(line)
            publish("HDFSCNT0", name, records)
            publish("HDFSASP0", name, [frames.overseas_book_record(line, trade, book)])
            return
        now = f"{self.clock.kst():%H%M%S}"
        venue = {"KRX": "ST", "NXT": "NX"}[trade.venue]
        for prefix in (venue, "UN"):
            publish(f"H0{prefix}CNT0", trade.symbol, records)
            record = frames.book_record(line, book, now, middle=prefix != "ST")
            publish(f"H0{prefix}ASP0", trade.symbol, [record])

    def index(self, code: str, value: Price) -> None:
        """Let an index stand at a value."""
        with self.state.lock:
            line = self.market.indices[code]
            line.take(Trade(code, len(line.trades) + 1, Decimal(value), 1, BUY, self.clock.now()))
            self.truth.write("index", code=code, value=str(value))
            volume = sum(stock.volume for stock in self.market.lines())
            record = frames.index_record(line, f"{self.clock.kst():%H%M%S}", volume)
            self.real_time.publish("H0UPCNT0", code, [record])

    # Accounts

    def account(self, environment: str = REAL, number: int = 0) -> Account:
        """Return the live account of the side's n-th key."""
        return self.book.accounts[self.keys(environment)[number].account]

    def give(self, account: Account, symbol: str, quantity: int, price: Price) -> None:
        """Put shares into an account, bought on an earlier day at this price."""
        with self.state.lock:
            holding = account.holding(symbol)
            holding.quantity += quantity
            holding.cost += Decimal(price) * quantity
            self.book.save()
            self.truth.write(
                "given", account=account.number, symbol=symbol, quantity=quantity, price=str(price)
            )

    def _print_fill(self, symbol: str, price: Decimal, quantity: int, side: str) -> None:
        """Print the trade that an order made with the emulator's own levels."""
        trade = self.market.print_trade(symbol, price, quantity, side=side)
        self._log(trade)
        self._publish(trade, [self._record(trade)])

    def _tell(self, order: Order, stage: str, quantity: int, price: Decimal) -> None:
        """Send the owner's notice of what happened to an order."""
        account = self.book.accounts[order.account]
        instrument = self.market.line(order.symbol).instrument
        told, about = (quantity, price), (instrument, self.clock)
        last = "9" if account.environment == PAPER else "0"
        if instrument.is_domestic:
            width = self.state.layout.notice_fields
            record = notices.domestic_record(order, stage, told, account, about, width=width)
            self.real_time.notify(f"H0STCNI{last}", account.hts_id, record)
        else:
            record = notices.overseas_record(order, stage, told, account, about)
            self.real_time.notify(f"H0GSCNI{last}", account.hts_id, record)

    # Misbehaviour

    def misbehave(self, kind: str, **options: Any) -> Fault:
        return self.faults.misbehave(kind, **options)

    def behave(self, kind: str | None = None) -> None:
        self.faults.behave(kind)

    def expire_tokens(self) -> None:
        with self.state.lock:
            self.state.office.expire_all()

    def revoke_tokens(self) -> None:
        with self.state.lock:
            self.state.office.revoke_all()

    def drop_sockets(self) -> None:
        self.real_time.drop_all()

    def act(self, name: str, options: Json) -> Any:
        """Do what the control plane asks for."""
        match name:
            case "trade":
                return self.trade(**options).number
            case "walk":
                return len(self.walk(**options))
            case "index":
                return self.index(**options)
            case "advance":
                return self.clock.advance(**options)
            case "session" | "matching":
                return setattr(self.exchange, name, options["value"])
            case "expire_tokens" | "revoke_tokens" | "drop_sockets":
                return getattr(self, name)()
        message = f"no such control: {name}"
        raise ValueError(message)

    # Serving

    def _side_of(self, port: int) -> str:
        return PAPER if port == self.ports["paper"] else REAL

    @contextmanager
    def running(self, *, ports: dict[str, int] | None = None) -> Iterator["KisEmulator"]:
        """Serve in a thread until the block ends. `ports` fixes some of the four."""
        names = ("real", "paper", "real_ws", "paper_ws")
        sockets = listeners({name: (ports or {}).get(name, 0) for name in names})
        self.ports = {name: sock.getsockname()[1] for name, sock in sockets.items()}
        app = RestApp(self.state, self.table, self._side_of, self)
        with serving(
            app,
            [sockets["real"], sockets["paper"]],
            beside=lambda: self._sockets(sockets),
        ):
            yield self

    @asynccontextmanager
    async def _sockets(self, sockets: dict[str, socket.socket]) -> AsyncIterator[None]:
        self.real_time.loop = asyncio.get_running_loop()

        def handler(side: str) -> Any:
            return lambda connection: self.real_time.serve(connection, side)

        options: dict[str, Any] = {
            "ping_interval": None,
            "create_connection": Connection,
            "close_timeout": 1,
        }
        async with (
            serve_sockets(handler(REAL), sock=sockets["real_ws"], **options),
            serve_sockets(handler(PAPER), sock=sockets["paper_ws"], **options),
        ):
            yield


def _opened(key: AppKey) -> Account:
    cash = {KRW: Decimal(10_000_000), USD: Decimal(10_000)}
    return Account(key.account, key.hts_id, key.environment, cash)


@contextmanager
def running_kis_emulator(**options: Any) -> Iterator[KisEmulator]:
    """Start a KIS emulator and stop it with the block; options as for `KisEmulator`."""
    with KisEmulator(**options).running() as emulator:
        yield emulator
