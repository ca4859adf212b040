"""What an FMP handler gets, what it may refuse with, and the values it writes."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.emulators.kis.market import Line, Market, UnknownSymbolError
from tests.emulators.timekeeping import NEW_YORK, EmulatorClock
from tests.emulators.web import Answer, Json

KOREAN = ".KS"
EXCHANGES = {
    "NAS": ("NASDAQ", "NASDAQ Global Select", "USD", "US"),
    "NYS": ("NYSE", "New York Stock Exchange", "USD", "US"),
    "AMS": ("AMEX", "New York Stock Exchange Arca", "USD", "US"),
    "KRX": ("KSC", "KSE", "KRW", "KR"),
}
LIMIT_TEXT = "Limit Reach . Please upgrade your plan or visit our documentation (emulated)"
KEY_TEXT = "Invalid API KEY. Feel free to create a Free API Key or visit (emulated)"
LEGACY_TEXT = (
    "Legacy Endpoint : Due to Legacy endpoints being no longer supported - This endpoint is only "
    "available for legacy users (emulated)"
)
PREMIUM_TEXT = "Premium Query Parameter: 'Special Endpoint : this value is not available (emulated)"


class Refused(Exception):  # noqa: N818 - an answer of the service, not a fault of the program
    def __init__(self, status: int, text: str, *, plain: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.plain = plain

    def answer(self) -> Answer:
        if self.plain:
            return Answer(self.text.encode(), self.status, kind="text/plain")
        return Answer({"Error Message": self.text}, self.status)


@dataclass(frozen=True)
class Asked:
    """One request: its parameters, and the market it is about."""

    market: Market
    clock: EmulatorClock
    query: dict[str, str]
    plan: str

    def __getitem__(self, name: str) -> str:
        return self.query.get(name, "").strip()

    def need(self, name: str) -> str:
        if not self[name]:
            raise Refused(400, f"Query Error: Invalid or missing query parameter - {name}")
        return self[name]

    def line(self, symbol: str) -> Line | None:
        name = symbol.upper()
        plain = name.removesuffix(KOREAN)
        if "." in plain:
            # A class of shares stands after a dash.
            return None
        try:
            line = self.market.line(plain.replace("-", "."))
        except UnknownSymbolError:
            return None
        return line if line.instrument.is_domestic == name.endswith(KOREAN) else None

    def lines(self, symbols: str) -> list[Line]:
        """Return the known ones; the service says nothing of the others."""
        found = (self.line(symbol) for symbol in symbols.split(","))
        return [line for line in found if line is not None]

    def us_lines(self) -> list[Line]:
        return self.market.lines(domestic=False)

    def dates(self, days: int) -> tuple[date, date]:
        """Return from and to; without them the newest `days`."""
        today = self.clock.now().astimezone(NEW_YORK).date()
        last = self._date("to") or today
        return self._date("from") or date.fromordinal(last.toordinal() - days), last

    def _date(self, name: str) -> date | None:
        if not self[name]:
            return None
        try:
            return date.fromisoformat(self[name])
        except ValueError:
            raise Refused(400, f"Query Error: Invalid query parameter - {name}") from None

    def count(self, name: str, usual: int, most: int) -> int:
        text = self[name]
        if not text:
            return usual
        if not text.isdigit():
            raise Refused(400, f"Query Error: Invalid query parameter - {name}")
        return min(int(text), most)

    def page(self, rows: list[Json], usual: int = 20, most: int = 250) -> list[Json]:
        size = self.count("limit", usual, most)
        start = self.count("page", 0, 100) * size
        return rows[start : start + size]


def symbol_of(line: Line) -> str:
    instrument = line.instrument
    return instrument.symbol.replace(".", "-") + (KOREAN if instrument.is_domestic else "")


def number(value: Decimal | float, digits: int = 4) -> float | int:
    """Write a JSON number."""
    rounded = round(float(value), digits)
    return int(rounded) if rounded.is_integer() else rounded


def percent(part: Decimal, base: Decimal) -> float | int:
    return number(part / base * 100 if base else 0, 5)


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def blank(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), None)
