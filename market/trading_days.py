"""Says on which days the exchanges trade, and which days have hours of their own.

Three layers, the later beats the earlier: the days of exchange_calendars (shipped as files
for FILE_YEARS, so that the library need not be loaded), dated overrides that ship with the
platform because the library lacks them, and the rows of operators (CalendarOverride).
"""

import csv
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path

from market import rules
from market.enums import MarketCalendar
from market.overrides import DayException, operator_exceptions

REFERENCE = Path(__file__).parent / "reference"
HOLIDAYS_FILE = REFERENCE / "holidays.csv"
SPECIAL_HOURS_FILE = REFERENCE / "special_hours.csv"
OVERRIDES_FILE = REFERENCE / "calendar_overrides.csv"
FILE_YEARS = range(1990, 2031)
"""The files know these years; for others the library is asked, which is slow to load."""

CALENDARS = {
    "KRX": MarketCalendar.KRX,
    "NXT": MarketCalendar.KRX,
    "NASDAQ": MarketCalendar.US,
    "NYSE": MarketCalendar.US,
    "AMEX": MarketCalendar.US,
}
_LIBRARY_NAMES = {MarketCalendar.KRX: "XKRX", MarketCalendar.US: "XNYS"}
_EXCHANGES = {MarketCalendar.KRX: "KRX", MarketCalendar.US: "NYSE"}

Days = dict[date, DayException]


def is_trading_day(exchange: str, day: date) -> bool:
    """Tell whether the exchange holds a regular session on ``day``."""
    if day.weekday() >= 5:
        return False
    exception = day_exception(exchange, day)
    return exception is None or not exception.is_closed


def day_exception(exchange: str, day: date) -> DayException | None:
    """Return what is different on a day: closed, or other hours; None on a usual one."""
    calendar = CALENDARS[exchange]
    said = operator_exceptions().get((calendar, day)) or _shipped()[calendar].get(day)
    return said or _library(calendar, day.year).get(day)


def trading_days(exchange: str, start: date, end: date) -> list[date]:
    """Return the trading days from ``start`` to ``end``, both included."""
    return [day for day in days_between(start, end) if is_trading_day(exchange, day)]


def last_trading_day(exchange: str, day: date) -> date:
    """Return ``day``, or the nearest trading day before it."""
    while not is_trading_day(exchange, day):
        day -= timedelta(days=1)
    return day


def settlement_date(exchange: str, traded_on: date) -> date:
    """Return the day on which a trade of ``traded_on`` is settled."""
    day, left = traded_on, rules.settlement_days(exchange, traded_on)
    while left:
        day += timedelta(days=1)
        left -= is_trading_day(exchange, day)
    return day


def session_date(exchange: str, at: datetime) -> date:
    """Return the session that an instant belongs to on the sample market.

    The sample market trades around the clock, so that a demo never meets a closed market;
    what trades on a weekend or holiday still belongs to the session before it. When a real
    market is open, ``market.hours`` says.
    """
    return last_trading_day(exchange, at.astimezone(rules.exchange_timezone(exchange)).date())


def days_between(start: date, end: date) -> Iterator[date]:
    """Yield the days from ``start`` to ``end``, both included."""
    for offset in range((end - start).days + 1):
        yield start + timedelta(days=offset)


@cache
def _shipped() -> dict[str, Days]:
    found: dict[str, Days] = {calendar: {} for calendar in MarketCalendar}
    for row in _rows(OVERRIDES_FILE):
        found[row["calendar"]][date.fromisoformat(row["date"])] = DayException(
            row["is_closed"] == "yes",
            _time(row["opens_at"]),
            _time(row["closes_at"]),
            row["reason"],
        )
    return found


@cache
def _library(calendar: MarketCalendar, year: int) -> Days:
    if year not in FILE_YEARS:
        return _library_asked(calendar, year)
    return {day: row for day, row in _library_files()[calendar].items() if day.year == year}


@cache
def _library_files() -> dict[str, Days]:
    found: dict[str, Days] = {calendar: {} for calendar in MarketCalendar}
    for row in _rows(HOLIDAYS_FILE):
        found[row["calendar"]][date.fromisoformat(row["date"])] = _closed()
    for row in _rows(SPECIAL_HOURS_FILE):
        found[row["calendar"]][date.fromisoformat(row["date"])] = DayException(
            False, _time(row["opens_at"]), _time(row["closes_at"]), ""
        )
    return found


def _library_asked(calendar: MarketCalendar, year: int) -> Days:
    first, last = date(year, 1, 1), date(year, 12, 31)
    usual = rules.regular_session(_EXCHANGES[calendar], first)
    with warnings.catch_warnings():
        # exchange_calendars 4.13 uses what pandas 3.1 deprecates; its sessions are right.
        warnings.simplefilter("ignore", DeprecationWarning)
        import exchange_calendars

        # A year more: the library takes the last session of its range for a first one.
        library = exchange_calendars.get_calendar(
            _LIBRARY_NAMES[calendar], start=first.isoformat(), end=f"{year + 1}-12-31"
        )
        hours = {
            session.date(): (row.open, row.close)
            for session, row in library.schedule.loc[str(first) : str(last)].iterrows()
        }
    found = {
        day: _closed()
        for day in days_between(first, last)
        if day.weekday() < 5 and day not in hours
    }
    for day, edges in hours.items():
        opens_at, closes_at = (edge.tz_convert(usual.timezone).time() for edge in edges)
        if (opens_at, closes_at) != (usual.opens_at, usual.closes_at):
            found[day] = DayException(False, opens_at, closes_at, "")
    return found


def _closed() -> DayException:
    return DayException(is_closed=True, opens_at=None, closes_at=None, reason="")


def _time(text: str) -> time | None:
    return time.fromisoformat(text) if text else None


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
