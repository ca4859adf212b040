"""Read figures out of answers: strictly, within bounds, with one kind of error. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from market.cutting import MINUTE_S
from market.errors import ProviderAnswerError
from market.rollup import BarArrays
from market.types import PRICE_UNIT

PRICE_MAX = Decimal(10) ** 12
WHOLE_MAX = 2**62
SETTLING_S = 60
_FIGURE_CHARACTERS = 40

Row = Mapping[str, Any]
BarFigures = tuple[int, Decimal, Decimal, Decimal, Decimal, int]
"""Epoch seconds, open, high, low, close, volume."""


def unreadable(what: str) -> ProviderAnswerError:
    """Return the error for a part of an answer that makes no sense."""
    return ProviderAnswerError(f"The answer has no usable {what}.", field=what)


def mapping(value: object, what: str) -> Row:
    """Return an object of an answer."""
    if not isinstance(value, Mapping):
        raise unreadable(what)
    return value


def rows(value: object, what: str) -> list[Row]:
    """Return a list of objects; an empty object stands for no row."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise unreadable(what)
    return [row for row in (mapping(row, what) for row in value) if row]


def figure(row: Row, name: str) -> Decimal:
    """Return a number, whole or with decimals, of either sign."""
    value = row.get(name)
    text = repr(value) if isinstance(value, float) else str(value).strip()
    if isinstance(value, bool) or value is None or len(text) > _FIGURE_CHARACTERS:
        raise unreadable(name)
    try:
        number = Decimal(text)
    except InvalidOperation as exc:
        raise unreadable(name) from exc
    if not number.is_finite() or number.adjusted() > 18 or abs(number) >= 10**18:
        raise unreadable(name)
    return number


def price(row: Row, name: str) -> Decimal:
    """Return a price: above zero, and of a size that can be stored."""
    number = figure(row, name)
    if not 0 < number < PRICE_MAX:
        raise unreadable(name)
    return number


def price_or_none(row: Row, name: str) -> Decimal | None:
    """Return a price; None where the source has none (absent, empty or zero)."""
    value = row.get(name)
    if value is None or str(value).strip() == "" or figure(row, name) == 0:
        return None
    return price(row, name)


def whole(row: Row, name: str) -> int:
    """Return a count: a whole number, not negative."""
    number = figure(row, name)
    if not 0 <= number < WHOLE_MAX or number != number.to_integral_value():
        raise unreadable(name)
    return int(number)


def text(row: Row, name: str, most: int = 200) -> str:
    """Return a text, cut to a length; "" where there is none."""
    value = row.get(name)
    return value.strip()[:most] if isinstance(value, str) else ""


def day(row: Row, name: str) -> date:
    """Return a day, written 20260131 or 2026-01-31."""
    value = str(row.get(name) or "").strip()[:10]
    try:
        return date.fromisoformat(value)
    except ValueError as exc:
        raise unreadable(name) from exc


def clock_time(row: Row, name: str) -> time:
    """Return a time of day, written 093015."""
    value = str(row.get(name) or "").strip()
    if not (value.isascii() and value.isdigit() and len(value) == 6):
        raise unreadable(name)
    try:
        return time(int(value[:2]), int(value[2:4]), int(value[4:]))
    except ValueError as exc:
        raise unreadable(name) from exc


def instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a local date and time."""
    return datetime.combine(on, at, zone)


def finished(
    found: Iterable[BarFigures], interval: str, zone: ZoneInfo, asked_at: datetime
) -> list[BarFigures]:
    """Return the bars of 1d or 1m that nothing could change any more when they were asked for.

    A day is over at midnight of its exchange, since trades after the close count. A minute is
    over SETTLING_S after its end: lists of a source can lag behind its trades.
    """
    if interval == "1d":
        local = asked_at.astimezone(zone)
        end = int(datetime(local.year, local.month, local.day, tzinfo=UTC).timestamp())
        return [bar for bar in found if bar[0] < end]
    end = int(asked_at.timestamp()) - MINUTE_S - SETTLING_S
    return [bar for bar in found if bar[0] <= end]


def bar_arrays(found: Iterable[BarFigures]) -> BarArrays:
    """Return bars as columns, oldest first, each instant once.

    Raises ProviderAnswerError for a bar whose high and low do not hold its other prices, and
    for one that is told twice with other figures: nobody knows which are right.
    """
    kept: dict[int, BarFigures] = {}
    for bar in found:
        _, opened, high, low, close, _ = bar
        if not low <= min(opened, close) <= max(opened, close) <= high:
            raise unreadable("bar: its high and low do not hold its prices")
        if kept.setdefault(bar[0], bar) != bar:
            raise unreadable("bar: it is told twice, with other figures")
    ordered = [kept[at] for at in sorted(kept)]
    table = [
        (at, *(int(number * PRICE_UNIT) for number in prices), volume, 0)
        for at, *prices, volume in ordered
    ]
    return BarArrays(*np.array(table, dtype=np.int64).reshape(-1, 7).T)
