"""What a list of instruments holds, whatever its format, and how its lines are gathered."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from market.bar_files import BadRow
from market.enums import Source

NAME_LENGTH_MAX = 100
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,15}")
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")


@dataclass(frozen=True)
class Listing:
    """One instrument of a list; what the list does not tell is empty.

    ``industry_codes`` name its place among the indices of KRX: large, middle, small.
    """

    line: int
    symbol: str
    exchange: str
    asset_type: str
    name_en: str = ""
    name_ko: str = ""
    market_segment: str = ""
    isin: str = ""
    lot_size: int = 1
    band_multiple: int = 1
    listed_date: date | None = None
    industry_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MasterFile:
    """What a list of instruments holds.

    ``n_skipped`` lines are fine and not for us (test issues, venues we do not have).
    ``is_whole`` is False when the file ends early. ``scopes`` are the exchanges and segments
    that the list covers completely, as pairs.
    """

    source: Source
    listings: list[Listing]
    bad: list[BadRow]
    n_skipped: int
    is_whole: bool
    scopes: tuple[tuple[str, str], ...]

    @property
    def rows_read(self) -> int:
        """The number of lines that tell of an instrument."""
        return len(self.listings) + len(self.bad) + self.n_skipped


class RowError(Exception):
    """Why one line is refused."""


Parser = Callable[[int, bytes], Listing | None]


def listings_read(
    lines: Iterator[tuple[int, bytes]], parse: Parser
) -> tuple[list[Listing], list[BadRow], int]:
    """Parse each line; return the listings, the refused lines and how many were skipped.

    A symbol that an earlier line has is refused.
    """
    listings: dict[str, Listing] = {}
    bad: list[BadRow] = []
    n_skipped = 0
    for line, raw in lines:
        try:
            listing = parse(line, raw)
        except RowError as fault:
            bad.append(BadRow(line, str(fault)))
            continue
        if listing is None:
            n_skipped += 1
            continue
        first = listings.setdefault(listing.symbol, listing)
        if first is not listing:
            bad.append(BadRow(line, f"duplicate of line {first.line}: {listing.symbol}"))
    return list(listings.values()), bad, n_skipped


def numbered_lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, without their ends, numbered from 1."""
    for number, raw in enumerate(content.split(b"\n"), start=1):
        line = raw.rstrip(b"\r")
        if line.strip():
            yield number, line


def text_of(raw: bytes, encoding: str) -> str:
    """Decode a line or field; RowError when a byte does not belong there."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise RowError(f"byte {error.start + 1} is no {encoding}") from None


def symbol_of(text: str) -> str:
    """Return a symbol as this platform writes it (BRK.B); RowError for what is none."""
    symbol = text.strip().upper().replace("/", ".").replace("$", "-")
    if not _SYMBOL.fullmatch(symbol):
        raise RowError(f"{text.strip()[:20]!r} is no symbol")
    return symbol


def name_of(text: str) -> str:
    """Return a name without needless spaces, cut to what is stored; RowError for none."""
    name = " ".join(text.split())[:NAME_LENGTH_MAX].rstrip()
    if not name or not name.isprintable():
        raise RowError("the name is missing or has signs that nobody can read")
    return name


def isin_of(text: str) -> str:
    """Return an ISIN whose check digit is right, else nothing."""
    code = text.strip()
    if not _ISIN.fullmatch(code):
        return ""
    digits = "".join(str(int(letter, 36)) for letter in code)
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(digits[::-1])]
    return code if sum(number // 10 + number % 10 for number in doubled) % 10 == 0 else ""


def day_of(text: str) -> date | None:
    """Return a date written as 19750611, None for zeros or blanks; RowError for what is none."""
    digits = text.strip()
    if not digits.strip("0"):
        return None
    try:
        if len(digits) != 8 or not digits.isascii():
            raise ValueError  # noqa: TRY301 - the same answer as for a day that does not exist
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise RowError(f"bad listing date {digits[:20]!r}") from None
