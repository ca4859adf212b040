"""Read a CSV file of daily bars; every bad row is named by its line, none stops the rest. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from market.errors import ImportFileError
from market.types import PRICE_UNIT

COLUMNS = ("date", "open", "high", "low", "close", "volume")
FIRST_DATE = date(1900, 1, 1)
_LARGEST = 2**63 - 1
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")


@dataclass(frozen=True)
class FileBar:
    """One good row; prices in stored units."""

    line: int
    day: date
    open: int
    high: int
    low: int
    close: int
    volume: int


@dataclass(frozen=True)
class BadRow:
    """A row that was left out, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class BarFile:
    """What a file holds."""

    bars: list[FileBar]
    bad: list[BadRow]

    @property
    def rows_read(self) -> int:
        """The number of rows below the header."""
        return len(self.bars) + len(self.bad)


class _RowError(Exception):
    """Why one row is refused."""


def bar_file_read(lines: Iterable[str], *, today: date) -> BarFile:
    """Parse a header and rows; further columns are ignored.

    Refused rows: bad or future date, figures that are no finite numbers, prices that are not
    positive, high below low, open or close outside of them, a volume that is negative or no
    whole number, a date that an earlier row has. Raises ImportFileError when there is no
    header with the needed columns or the text is no CSV.
    """
    rows = _numbered(lines)
    places = _places(next(rows, (1, []))[1])
    bars: dict[date, FileBar] = {}
    bad: list[BadRow] = []
    for line, row in rows:
        try:
            bar = _bar(line, [row[i] if i < len(row) else "" for i in places], today)
        except _RowError as fault:
            bad.append(BadRow(line, str(fault)))
            continue
        first = bars.setdefault(bar.day, bar)
        if first is not bar:
            bad.append(BadRow(line, f"duplicate of line {first.line}: {bar.day}"))
    return BarFile(sorted(bars.values(), key=lambda bar: bar.day), bad)


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise ImportFileError(f"Line {reader.line_num} is no CSV: {error}.") from error


def _places(header: list[str]) -> list[int]:
    names = [name.strip().lower() for name in header]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise ImportFileError(
            f"The first line must name the columns {', '.join(COLUMNS)}.", missing=missing
        )
    return [names.index(name) for name in COLUMNS]


def _bar(line: int, row: list[str], today: date) -> FileBar:
    day = _day(row[0], today)
    prices = {name: _price(name, text) for name, text in zip(COLUMNS[1:5], row[1:5], strict=True)}
    high, low = prices["high"], prices["low"]
    if high < low:
        raise _RowError(f"high {row[2].strip()} is below low {row[3].strip()}")
    for place, name in ((1, "open"), (4, "close")):
        if not low <= prices[name] <= high:
            raise _RowError(f"{name} {row[place].strip()} lies outside low and high")
    return FileBar(line=line, day=day, volume=_volume(row[5]), **prices)


def _day(text: str, today: date) -> date:
    found = _DATE.fullmatch(text.strip())
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise _RowError(f"bad date {text.strip()[:20]!r}")
    if day > today:
        raise _RowError(f"date {day} lies in the future")
    if day < FIRST_DATE:
        raise _RowError(f"date {day} lies before {FIRST_DATE}")
    return day


def _number(name: str, text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise _RowError(f"{name} {text.strip()[:20]!r} is not a number") from None
    if not number.is_finite():
        raise _RowError(f"{name} {text.strip()[:20]!r} is not a finite number")
    return number


def _price(name: str, text: str) -> int:
    number = _number(name, text)
    if number <= 0:
        raise _RowError(f"{name} {text.strip()[:20]} is not positive")
    # adjusted() first: scaling an absurd exponent would build a huge integer.
    if number.adjusted() > 12 or number.adjusted() < -6:
        raise _RowError(f"{name} {text.strip()[:20]} is out of range")
    units = number * PRICE_UNIT
    if units != int(units) or units > _LARGEST:
        raise _RowError(f"{name} {text.strip()[:20]} has more than 6 digits after the point")
    return int(units)


def _volume(text: str) -> int:
    number = _number("volume", text)
    if number < 0:
        raise _RowError(f"volume {text.strip()[:20]} is negative")
    if number.adjusted() > 18 or number != int(number) or number > _LARGEST:
        raise _RowError(f"volume {text.strip()[:20]} is no whole number within range")
    return int(number)
