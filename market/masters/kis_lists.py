"""Lists of KIS beside the master files: names of industries, and what NXT trades. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from market.bar_files import BadRow
from market.enums import MarketSegment
from market.errors import ImportFileError
from market.masters.kis import ENCODING
from market.masters.types import (
    Listing,
    RowError,
    name_of,
    numbered_lines,
    symbol_of,
    text_of,
)

_NAME = slice(5, 45)
_DIVISIONS = {"0": MarketSegment.KOSPI, "1": MarketSegment.KOSDAQ}
_CODE_BYTES = 9

Industries = Mapping[tuple[str, str], str]
"""Names of industries by market segment and code."""


@dataclass(frozen=True)
class SymbolFile:
    """Symbols of a list that tells nothing else; ``is_whole`` is False when it ends early."""

    symbols: list[str]
    bad: list[BadRow]
    is_whole: bool


def industries_read(content: bytes) -> dict[tuple[str, str], str]:
    """Parse ``idxcode.mst``: a digit for the market, a code of four and a name, in cp949.

    Indices of other markets are left out. Raises ImportFileError for a file that is no such
    list, also where a single name cannot be read: it would stand on many stocks.
    """
    found: dict[tuple[str, str], str] = {}
    for number, raw in numbered_lines(content):
        division, code = raw[:1].decode("latin-1"), raw[1 : _NAME.start].decode("latin-1")
        if division not in _DIVISIONS or not (code.isascii() and code.isdecimal()):
            continue
        try:
            found[_DIVISIONS[division], code] = name_of(text_of(raw[_NAME], ENCODING))
        except RowError as fault:
            raise ImportFileError(f"Line {number} names no industry: {fault}.") from fault
    if not found:
        raise ImportFileError("The file names no industry of KOSPI or KOSDAQ.")
    return found


def sector_of(listing: Listing, industries: Industries) -> tuple[str, str]:
    """Return sector and industry of a listing, "" where the lists do not tell it.

    The sector is the middle industry, and the large one only where there is no middle one:
    half of KOSPI is in the large one for manufacturing. The industry is the small one.
    """
    if not listing.industry_codes:
        return "", ""
    large, middle, small = (
        industries.get((listing.market_segment, code), "") for code in listing.industry_codes
    )
    return middle or large, small


def nxt_symbols_read(content: bytes) -> SymbolFile:
    """Parse ``nxt_kospi_code.mst`` or ``nxt_kosdaq_code.mst``, of which only codes are read."""
    symbols: dict[str, int] = {}
    bad = []
    for number, raw in numbered_lines(content):
        try:
            symbol = symbol_of(text_of(raw[:_CODE_BYTES], "ascii"))
        except RowError as fault:
            bad.append(BadRow(number, str(fault)))
            continue
        first = symbols.setdefault(symbol, number)
        if first != number:
            bad.append(BadRow(number, f"duplicate of line {first}: {symbol}"))
    return SymbolFile(list(symbols), bad, content.endswith(b"\n"))
