"""On which days do the exchanges trade? Weekdays without the dated holidays of a data file."""

import csv
import warnings
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from market import rules

HOLIDAYS_FILE = Path(__file__).parent / "reference" / "holidays.csv"
FILE_YEARS = range(2015, 2028)
"""The file knows these years; for others the library is asked, which is slower to load."""

_CALENDARS = {"KRX": "KRX", "NASDAQ": "US", "NYSE": "US"}
_LIBRARY_NAMES = {"KRX": "XKRX", "US": "XNYS"}


def is_trading_day(exchange: str, day: date) -> bool:
    """Tell whether the exchange holds a regular session on ``day``."""
    return day.weekday() < 5 and day not in _holidays(_CALENDARS[exchange], day.year)


def trading_days(exchange: str, start: date, end: date) -> list[date]:
    """Return the trading days from ``start`` to ``end``, both included."""
    return [day for day in _days(start, end) if is_trading_day(exchange, day)]


def last_trading_day(exchange: str, day: date) -> date:
    """Return ``day``, or the nearest trading day before it."""
    while not is_trading_day(exchange, day):
        day -= timedelta(days=1)
    return day


def session_date(exchange: str, at: datetime) -> date:
    """Return the session that an instant belongs to.

    The sample market trades around the clock, so that a demo never meets a closed market;
    what trades on a weekend or holiday still belongs to the session before it.
    """
    return last_trading_day(exchange, at.astimezone(rules.exchange_timezone(exchange)).date())


def _days(start: date, end: date) -> Iterator[date]:
    for offset in range((end - start).days + 1):
        yield start + timedelta(days=offset)


@cache
def _holidays(calendar: str, year: int) -> frozenset[date]:
    if year in FILE_YEARS:
        return frozenset(day for day in _file_holidays()[calendar] if day.year == year)
    return _library_holidays(_LIBRARY_NAMES[calendar], year)


@cache
def _file_holidays() -> dict[str, frozenset[date]]:
    found: dict[str, set[date]] = {calendar: set() for calendar in _LIBRARY_NAMES}
    with HOLIDAYS_FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            found[row["calendar"]].add(date.fromisoformat(row["date"]))
    return {calendar: frozenset(days) for calendar, days in found.items()}


def _library_holidays(name: str, year: int) -> frozenset[date]:
    first, last = date(year, 1, 1), date(year, 12, 31)
    with warnings.catch_warnings():
        # exchange_calendars 4.13 uses what pandas 3.1 deprecates; its sessions are right.
        warnings.simplefilter("ignore", DeprecationWarning)
        import exchange_calendars

        calendar = exchange_calendars.get_calendar(
            name, start=first.isoformat(), end=last.isoformat()
        )
        sessions = set(calendar.sessions.date)
    return frozenset(day for day in _days(first, last) if day not in sessions)
