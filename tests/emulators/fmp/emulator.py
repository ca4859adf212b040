"""The FMP emulator: the stable REST interface on a free port of 127.0.0.1."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.emulators.control import control
from tests.emulators.faults import Fault, Faults
from tests.emulators.fmp import companies, economy, prices
from tests.emulators.fmp.asked import KEY_TEXT, LEGACY_TEXT, LIMIT_TEXT, Asked, Refused
from tests.emulators.kis.instruments import Instrument
from tests.emulators.kis.market import Line, Market, Trade
from tests.emulators.timekeeping import EmulatorClock
from tests.emulators.truth import Json, TruthLog, fingerprint
from tests.emulators.web import (
    Answer,
    Request,
    listener,
    read,
    send_answer,
    serving,
    until_gone,
)

API_KEY = "EMUFMP0123456789abcdef0123456789"
# (calls, in so many seconds) of each plan.
PLANS = {
    "FREE": (250, 86_400),
    "STARTER": (300, 60),
    "PREMIUM": (750, 60),
    "ULTIMATE": (3000, 60),
}

Handler = Callable[[Asked], list[Json]]
ROUTES: dict[str, Handler] = {
    "quote": prices.quote,
    "batch-quote": prices.batch_quote,
    "quote-short": prices.quote_short,
    "batch-quote-short": prices.batch_quote_short,
    "stock-price-change": prices.price_change,
    "historical-price-eod/full": prices.eod_full,
    "historical-price-eod/light": prices.eod_light,
    "historical-price-eod/non-split-adjusted": prices.eod_adjusted,
    "historical-price-eod/dividend-adjusted": prices.eod_adjusted,
    **{f"historical-chart/{name}": prices.intraday(name) for name in prices.LENGTHS},
    "biggest-gainers": prices.movers(lambda line: -line.change / line.base),
    "biggest-losers": prices.movers(lambda line: line.change / line.base),
    "most-actives": prices.movers(lambda line: Decimal(-line.volume)),
    "search-symbol": prices.search_symbol,
    "search-name": prices.search_name,
    "company-screener": prices.screener,
    "profile": companies.profile,
    "income-statement": companies.statements(companies.income),
    "balance-sheet-statement": companies.statements(companies.balance),
    "cash-flow-statement": companies.statements(companies.cash_flow),
    "ratios": companies.statements(companies.ratios),
    "ratios-ttm": companies.ttm(companies.ratios),
    "key-metrics": companies.statements(companies.key_metrics),
    "key-metrics-ttm": companies.ttm(companies.key_metrics),
    "news/stock": economy.stock_news,
    "news/stock-latest": economy.stock_news,
    "news/general-latest": economy.general_news,
    "economic-indicators": economy.indicators,
    "treasury-rates": economy.treasury,
    "economic-calendar": economy.calendar,
    "market-risk-premium": economy.risk_premium,
    "sector-performance-snapshot": economy.sectors,
    "earnings-calendar": economy.earnings_calendar,
    "exchange-market-hours": economy.market_hours,
}


class FmpEmulator:
    """Answers from the same seeded market as the KIS emulator, or from one that is given."""

    def __init__(
        self,
        *,
        seed: int = 7,
        clock: EmulatorClock | None = None,
        folder: Path | None = None,
        market: Market | None = None,
        plan: str = "PREMIUM",
        instruments: Iterable[Instrument] = (),
    ) -> None:
        self.clock = clock or (market.clock if market else EmulatorClock())
        self.truth = TruthLog(self.clock, folder / "truth.jsonl" if folder else None)
        self.faults = Faults(self.truth, seed)
        self.market = market or Market(self.clock, seed=seed, instruments=instruments)
        self.plan = plan
        self.api_key = API_KEY
        self.lock = self.market.lock
        self.port = 0
        self._calls: deque[Any] = deque()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict[str, str]:
        """Return the environment variables that point the platform at this emulator."""
        return {"FMP_URL": self.url, "FMP_API_KEY": self.api_key, "FMP_PLAN": self.plan}

    def trade(self, symbol: str, price: Decimal | int | str, quantity: int = 1) -> Trade:
        with self.lock:
            trade = self.market.print_trade(symbol, Decimal(price), quantity)
            self.truth.write("trade", symbol=symbol, price=str(price), quantity=quantity)
        return trade

    def walk(self, count: int = 1, symbols: Iterable[str] = ()) -> list[Trade]:
        """Let the seeded walk print so many trades, symbol after symbol."""
        names = list(symbols) or self.market.symbols()
        done = []
        for n in range(count):
            with self.lock:
                price, quantity, _ = self.market.next_price(names[n % len(names)])
                done.append(self.trade(names[n % len(names)], price, quantity))
        return done

    def line(self, symbol: str) -> Line:
        with self.lock:
            return self.market.line(symbol).snapshot()

    def misbehave(self, kind: str, **options: Any) -> Fault:
        return self.faults.misbehave(kind, **options)

    def behave(self, kind: str | None = None) -> None:
        self.faults.behave(kind)

    def act(self, name: str, options: Json) -> Any:
        match name:
            case "trade":
                return self.trade(**options).number
            case "advance":
                return self.clock.advance(**options)
        message = f"no such control: {name}"
        raise ValueError(message)

    # Answering

    async def __call__(self, scope: Json, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        request = await read(scope, receive)
        if request.path.startswith("/__"):
            await send_answer(send, control(self, request))
            return
        hit = self.faults.hit
        if (slow := hit("slow", request.path)) is not None:
            await asyncio.sleep(slow.seconds)
        if hit("hang", request.path):
            self._note(request, None)
            await until_gone(receive)
            return
        answer = self._unfit(request) or self._fit(request)
        self._note(request, answer)
        await send_answer(send, answer, cut=bool(hit("cut", request.path)))

    def _unfit(self, request: Request) -> Answer | None:
        if (fault := self.faults.hit("error", request.path)) is not None:
            return Refused(fault.status, LIMIT_TEXT if fault.status == 429 else "emulated").answer()
        if self.faults.hit("garbage", request.path):
            return Answer(b"<html>gateway</html>", 502, kind="text/html")
        return None

    def _fit(self, request: Request) -> Answer:
        with self.lock:
            try:
                return Answer(self._rows(request))
            except Refused as refused:
                return refused.answer()

    def _rows(self, request: Request) -> list[Json]:
        if request.path.startswith("/api/"):
            raise Refused(403, LEGACY_TEXT)
        if (request.query.get("apikey") or request.headers.get("apikey")) != self.api_key:
            raise Refused(401, KEY_TEXT)
        if not self._take():
            raise Refused(429, LIMIT_TEXT)
        handler = ROUTES.get(request.path.removeprefix("/stable/"))
        if handler is None:
            raise Refused(404, "no such endpoint", plain=True)
        return handler(Asked(self.market, self.clock, request.query, self.plan))

    def _take(self) -> bool:
        limit, length = PLANS[self.plan]
        now = self.clock.now()
        while self._calls and now - self._calls[0] >= timedelta(seconds=length):
            self._calls.popleft()
        if len(self._calls) >= limit:
            return False
        self._calls.append(now)
        return True

    def _note(self, request: Request, answer: Answer | None) -> None:
        query = {name: value for name, value in request.query.items() if name != "apikey"}
        key = request.query.get("apikey") or request.headers.get("apikey", "")
        self.truth.write(
            "call",
            path=request.path,
            query=query,
            api_key=fingerprint(key),
            status=answer.status if answer else None,
        )

    @contextmanager
    def running(self, *, port: int = 0) -> Iterator["FmpEmulator"]:
        sock = listener(port)
        self.port = sock.getsockname()[1]
        with serving(self, [sock]):
            yield self


@contextmanager
def running_fmp_emulator(**options: Any) -> Iterator[FmpEmulator]:
    """Start an FMP emulator and stop it with the block; options as for `FmpEmulator`."""
    with FmpEmulator(**options).running() as emulator:
        yield emulator
