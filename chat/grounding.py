"""Is every figure of an answer one that was computed? Numbers and dates against their evidence.

A number holds if it is the correct rounding, to the digits shown, of a number in a tool's
result, its arguments or the question; a percentage also holds for the fraction it stands for.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from chat.locale import patterns
from tradingplatform.clock import KST

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T.+)?")
_NUMERIC = re.compile(r"[-+]?\d+(\.\d+)?")
_CODE = re.compile(r"0\d{5}|\d{6}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAME_CHARACTERS_MAX = 100

DatePart = tuple[int | None, int | None, int | None]


@dataclass(frozen=True)
class Claim:
    """A number as a text states it; `unit` is the value of its last digit shown."""

    value: float
    unit: float
    is_ratio: bool = False


@dataclass
class Evidence:
    """Every number, date and name that an answer may use."""

    numbers: set[float] = field(default_factory=set)
    dates: set[date] = field(default_factory=set)
    times: set[tuple[int, int]] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def add_text(self, text: str) -> None:
        """Take the figures that a person wrote in free text."""
        rest, parts, times = _without_dates(text)
        self.times |= times
        for year, month, day in parts:
            self.numbers |= {float(part) for part in (year, month, day) if part is not None}
            if year is not None and month is not None:
                self._add_day(year, month, day or 1)
        for claim in _claims(rest):
            self.numbers.add(claim.value)

    def add(self, value: Any) -> None:
        """Take everything in a JSON value; the length of a list counts as a number."""
        if isinstance(value, dict):
            for each in value.values():
                self.add(each)
        elif isinstance(value, list | tuple):
            self.numbers.add(float(len(value)))
            for each in value:
                self.add(each)
        elif isinstance(value, str):
            self._add_string(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self.numbers.add(abs(float(value)))

    def holds(self, claim: Claim) -> bool:
        """Tell whether a stated number is a correct rounding of a known one."""
        scales = (1.0, 0.01) if claim.is_ratio else (1.0,)
        return any(
            abs(claim.value * scale - known) <= claim.unit * scale / 2 + _slack(known)
            for scale in scales
            for known in self.numbers
        )

    def _add_string(self, text: str) -> None:
        if _NUMERIC.fullmatch(text):
            self.numbers.add(abs(float(text)))
            if _CODE.fullmatch(text):
                self.names.add(text)
        elif _ISO_DATE.fullmatch(text):
            self._add_instant(text)
        elif len(text) <= _NAME_CHARACTERS_MAX and not _UUID.fullmatch(text):
            self.names.add(text)

    def _add_instant(self, text: str) -> None:
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            return
        local = instant.astimezone(KST) if instant.tzinfo else instant
        for each in (instant, local):
            self._add_day(each.year, each.month, each.day)
            self.times.add((each.hour, each.minute))

    def _add_day(self, year: int, month: int, day: int) -> None:
        try:
            self.dates.add(date(year, month, day))
        except ValueError:
            return
        self.numbers.add(float(year))


def unconfirmed(text: str, evidence: Evidence) -> list[str]:
    """Return what a text states without evidence; empty when all of it holds.

    No tool can trade, move money or change an account, so a claim to have done so is never
    true, with or without a number.
    """
    if patterns.CLAIMED_DEED.search(text):
        return [text.strip()]
    shown = text
    for name in sorted(evidence.names, key=len, reverse=True):
        if any(letter.isdigit() for letter in name):
            # Not inside a longer number: 30 shares must not hide the 30 of 30,428.94.
            alone = rf"(?<![A-Za-z0-9.,]){re.escape(name)}(?![A-Za-z0-9]|[.,]\d)"
            shown = re.sub(alone, " ", shown)
    shown = patterns.LIST_MARKER.sub(" ", shown)
    rest, parts, times = _without_dates(shown)
    wrong = [f"{hour}:{minute:02}" for hour, minute in times - evidence.times]
    wrong += [str(part) for part in parts if not _is_known_date(part, evidence.dates)]
    return wrong + [f"{c.value:g}" for c in _claims(rest) if not evidence.holds(c)]


class Gate:
    """Lets confirmed sentences of a growing text through and keeps the others back."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.rejected: list[str] = []
        self.passed = False
        self._waiting = ""
        self._last = ""
        self._is_after_gap = False

    def feed(self, chunk: str) -> Iterator[str]:
        """Take the next piece of text and yield the sentences that it completes and that hold."""
        self._waiting += chunk
        *whole, self._waiting = _sentences(self._waiting)
        yield from self._checked(whole)

    def finish(self) -> Iterator[str]:
        """Yield the last sentence if it holds."""
        last, self._waiting = self._waiting, ""
        yield from self._checked([last] if last else [])

    def _checked(self, sentences: Iterable[str]) -> Iterator[str]:
        for sentence in sentences:
            if unconfirmed(sentence, self.evidence):
                self.rejected.append(sentence.strip())
                self._is_after_gap = True
            elif shown := self._fitted(sentence):
                self._is_after_gap = False
                self.passed, self._last = True, shown[-1]
                yield shown

    def _fitted(self, sentence: str) -> str:
        """Return a sentence without the blank lines that what was kept back leaves behind."""
        if not self.passed:
            return sentence.lstrip()
        if sentence.strip() or not self._is_after_gap:
            return sentence
        return "\n" if "\n" in sentence and self._last != "\n" else ""


# After a line break, or after a full stop unless that ends the number of a list item.
_BOUNDARY = re.compile(
    r"(?<=\n)|(?<=[.!?\u3002])(?=\s)(?<!^\d[.])(?<!\n\d[.])(?<!^\d\d[.])(?<!\n\d\d[.])"
)


def _sentences(text: str) -> list[str]:
    """Split after line breaks and full stops; the last part may be unfinished."""
    parts = [part for part in _BOUNDARY.split(text) if part]
    if not parts:
        return [""]
    return [*parts, ""] if parts[-1].endswith("\n") else parts


def _claims(text: str) -> Iterator[Claim]:
    rest = text
    for match in list(patterns.KOREAN_TERM.finditer(text)):
        if rest[match.start() : match.end()].strip():
            claim, end = _korean_amount(text, match)
            rest = f"{rest[: match.start()]}{' ' * (end - match.start())}{rest[end:]}"
            yield claim
    for match in patterns.NUMBER.finditer(rest):
        yield _claim(match)


def _korean_amount(text: str, first: re.Match[str]) -> tuple[Claim, int]:
    """Read terms such as those of 70,000 + 1,500 won that stand next to each other as one."""
    value, unit, match, end = 0.0, 1.0, first, first.end()
    while True:
        unit = float(patterns.KOREAN_UNITS[match["unit"]])
        unit *= patterns.KOREAN_THOUSANDS[match["thousand"]]
        value += _value(match["digits"]) * unit
        unit *= _last_digit(match["digits"])
        end = match.end()
        following = patterns.KOREAN_TERM.match(text, _skip_space(text, end))
        if following is None:
            break
        match = following
    tail = patterns.KOREAN_REST.match(text, end)
    if tail is not None:
        value, unit, end = value + _value(tail["digits"]), _last_digit(tail["digits"]), tail.end()
    return Claim(value=value, unit=unit), end


def _claim(match: re.Match[str]) -> Claim:
    value, unit = _value(match["digits"]), _last_digit(match["digits"])
    if match["percent"]:
        scale = 0.01 if match["percent"].lower() in {"bp", "bps"} else 1.0
        return Claim(value=value * scale, unit=unit * scale, is_ratio=True)
    if match["unit"]:
        scale = float(patterns.LATIN_UNITS[match["unit"].lower()])
        return Claim(value=value * scale, unit=unit * scale)
    return Claim(value=value, unit=unit)


def _value(digits: str) -> float:
    return float(digits.replace(",", ""))


def _last_digit(digits: str) -> float:
    _, _, decimals = digits.partition(".")
    return float(10.0 ** -len(decimals))


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start] == " ":
        start += 1
    return start


def _without_dates(text: str) -> tuple[str, list[DatePart], set[tuple[int, int]]]:
    parts: list[DatePart] = []
    for pattern in (patterns.ISO_DATE, patterns.KOREAN_DATE, patterns.ENGLISH_DATE):
        parts += [_date_part(match) for match in pattern.finditer(text)]
        text = pattern.sub(" ", text)
    times = {(int(match["hour"]), int(match["minute"])) for match in patterns.TIME.finditer(text)}
    return patterns.TIME.sub(" ", text), parts, times


def _date_part(match: re.Match[str]) -> DatePart:
    groups = match.groupdict()
    year = groups["year"] or groups.get("year2")
    month = groups["month"] or groups.get("month2") or ""
    day = groups["day"] or groups.get("day2")
    number = int(month) if month.isdigit() else _MONTHS.index(month[:3].lower()) + 1
    return (int(year) if year else None, number, int(day) if day else None)


def _slack(number: float) -> float:
    """Return how much binary fractions may blur a number of this size."""
    return 1e-9 + 1e-12 * number


def _is_known_date(part: DatePart, dates: set[date]) -> bool:
    return any(
        all(
            stated in (None, known)
            for stated, known in zip(part, (day.year, day.month, day.day), strict=True)
        )
        for day in dates
    )
