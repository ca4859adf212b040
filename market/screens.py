"""The language of screens: which fields there are, what may be asked, and who passes. Pure.

A definition is JSON: filters such as ``{"field": "rsi", "op": "lte", "value": 30}`` that must all
hold, and a field to sort by, with - in front the highest first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from market.errors import ScreenInvalidError
from market.panel import FUNDAMENTALS, Panel
from market.types import FloatArray

FILTERS_MAX = 20
WORDS_MAX = 50
WORD_LENGTH_MAX = 80
"""An industry may be so long."""
SORT_DEFAULT = "-value"
_COMPARE: dict[str, Callable[[FloatArray, float], Any]] = {
    "gt": np.greater,
    "gte": np.greater_equal,
    "lt": np.less,
    "lte": np.less_equal,
}
NUMBER_OPS = (*_COMPARE, "between")
WORD_OPS = ("eq", "in")


@dataclass(frozen=True)
class Field:
    """Something to filter on and sort by; ``unit`` says how a page shows it."""

    name: str
    label: str | Promise
    unit: str
    group: str

    @property
    def is_word(self) -> bool:
        """Whether its values are words, not numbers."""
        return self.unit == "word"


FIELDS = {
    one.name: one
    for one in (
        Field("exchange", _("Exchange"), "word", "instrument"),
        Field("sector", _("Sector"), "word", "instrument"),
        Field("industry", _("Industry"), "word", "instrument"),
        Field("asset_type", _("Type"), "word", "instrument"),
        Field("currency", _("Currency"), "word", "instrument"),
        Field("price", _("Price"), "price", "price"),
        Field("change_rate", _("Change of the day"), "rate", "price"),
        Field("volume", _("Volume"), "count", "price"),
        Field("value", _("Value traded"), "money", "price"),
        Field("volume_ratio", _("Volume against 20 days"), "number", "price"),
        Field("return_5d", _("5 days"), "rate", "return"),
        Field("return_1m", _("1 month"), "rate", "return"),
        Field("return_3m", _("3 months"), "rate", "return"),
        Field("return_6m", _("6 months"), "rate", "return"),
        Field("return_1y", _("1 year"), "rate", "return"),
        Field("return_ytd", _("Since January"), "rate", "return"),
        Field("high_distance", _("From the 52-week high"), "rate", "range"),
        Field("low_distance", _("From the 52-week low"), "rate", "range"),
        Field("volatility", _("Volatility (60 days, a year)"), "rate", "range"),
        Field("atr_rate", _("ATR (14) of the price"), "rate", "range"),
        Field("rsi", _("RSI (14)"), "number", "indicator"),
        Field("sma_20_distance", _("From the 20-day average"), "rate", "indicator"),
        Field("sma_60_distance", _("From the 60-day average"), "rate", "indicator"),
        Field("sma_120_distance", _("From the 120-day average"), "rate", "indicator"),
        Field("macd_cross", _("MACD cross"), "word", "indicator"),
        Field("market_cap", _("Market value"), "money", "fundamental"),
        Field("price_to_earnings", _("Price to earnings"), "number", "fundamental"),
        Field("price_to_book", _("Price to book"), "number", "fundamental"),
        Field("dividend_yield", _("Dividend yield"), "rate", "fundamental"),
    )
}


@dataclass(frozen=True)
class Filter:
    """One condition; ``values`` are two numbers of a range, else one, or words."""

    field: Field
    op: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Screen:
    """Conditions that must all hold, and an order."""

    filters: tuple[Filter, ...]
    sort: Field
    is_descending: bool


@dataclass(frozen=True)
class Screened:
    """Which instruments passed, in order; by field how many were left out without a value."""

    places: NDArray[np.int64]
    left_out: dict[str, int]


def screen_parse(definition: Mapping[str, Any]) -> Screen:
    """Check a definition; ScreenInvalidError says which part is wrong and why."""
    filters = definition.get("filters", [])
    if not isinstance(filters, list) or len(filters) > FILTERS_MAX:
        raise ScreenInvalidError(f"Filters are a list of at most {FILTERS_MAX}.", part="filters")
    unknown = set(definition) - {"filters", "sort"}
    if unknown:
        raise ScreenInvalidError("A definition has filters and sort only.", part="definition")
    sort = definition.get("sort", SORT_DEFAULT)
    name = sort.removeprefix("-") if isinstance(sort, str) else ""
    if name not in FIELDS:
        raise ScreenInvalidError("There is no such field to sort by.", part="sort")
    parsed = tuple(_filter(place, one) for place, one in enumerate(filters))
    return Screen(parsed, FIELDS[name], sort.startswith("-"))


def screen_run(screen: Screen, panel: Panel) -> Screened:
    """Return who passes every filter; an undefined value passes none and is counted."""
    passes = np.ones(len(panel.instruments), dtype=bool)
    left_out: dict[str, int] = {}
    for one in screen.filters:
        holds, unknown = _holds(one, panel)
        passes &= holds
        if unknown:
            left_out[one.field.name] = unknown
    return Screened(_sorted(np.flatnonzero(passes), screen, panel), left_out)


def _filter(place: int, given: Any) -> Filter:
    part = f"filters[{place}]"
    if not isinstance(given, dict) or set(given) != {"field", "op", "value"}:
        raise ScreenInvalidError("A filter has field, op and value.", part=part)
    name, op, value = given["field"], given["op"], given["value"]
    field = FIELDS.get(name) if isinstance(name, str) else None
    if field is None:
        raise ScreenInvalidError("There is no such field.", part=part, known=sorted(FIELDS))
    allowed = WORD_OPS if field.is_word else NUMBER_OPS
    if op not in allowed:
        raise ScreenInvalidError(
            f"{field.name} is compared by {', '.join(allowed)}.", part=part, known=list(allowed)
        )
    values = value if isinstance(value, list) else [value]
    is_good = _are_words(op, values) if field.is_word else _are_numbers(op, values)
    if not is_good:
        raise ScreenInvalidError(f"The value does not fit {field.name} {op}.", part=part)
    return Filter(field, op, tuple(values))


def _are_words(op: str, values: Sequence[Any]) -> bool:
    most = WORDS_MAX if op == "in" else 1
    return 1 <= len(values) <= most and all(
        isinstance(value, str) and len(value) <= WORD_LENGTH_MAX for value in values
    )


def _are_numbers(op: str, values: Sequence[Any]) -> bool:
    if len(values) != (2 if op == "between" else 1):
        return False
    return all(
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18
        for value in values
    )


def _holds(one: Filter, panel: Panel) -> tuple[NDArray[np.bool_], int]:
    """Return whom a filter lets through, and for how many its field is undefined."""
    if one.field.is_word:
        words = panel.words(one.field.name)
        wanted = set(one.values)
        return np.array([word in wanted for word in words], dtype=bool), words.count("")
    numbers = panel.numbers[one.field.name]
    unknown = int(np.isnan(numbers).sum())
    with np.errstate(invalid="ignore"):
        if one.op == "between":
            low, high = one.values
            return (numbers >= low) & (numbers <= high), unknown
        holds: NDArray[np.bool_] = _COMPARE[one.op](numbers, one.values[0])
    return holds, unknown


def _sorted(places: NDArray[np.int64], screen: Screen, panel: Panel) -> NDArray[np.int64]:
    """Order by the field, what is undefined last, then by symbol."""
    if screen.sort.is_word:
        words = panel.words(screen.sort.name)
        ordered = sorted(places.tolist(), key=lambda at: words[at], reverse=screen.is_descending)
        return np.array(ordered, dtype=np.int64)
    keys = panel.numbers[screen.sort.name][places]
    keys = np.where(np.isnan(keys), np.inf, -keys if screen.is_descending else keys)
    return places[np.argsort(keys, kind="stable")]


def is_unavailable(field: Field, panel: Panel) -> bool:
    """Whether no source tells a field for any instrument."""
    return field.name in FUNDAMENTALS and bool(np.isnan(panel.numbers[field.name]).all())
