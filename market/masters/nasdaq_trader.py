"""The symbol directory of Nasdaq Trader: ``nasdaqlisted.txt`` and ``otherlisted.txt``. Pure.

Columns between bars, a header, and a footer that says when the file was made; without the
footer the file is cut.
"""

import re
from collections.abc import Callable, Iterator

from market.enums import AssetType, Exchange, MarketSegment, Source
from market.errors import ImportFileError
from market.masters.types import (
    Listing,
    MasterFile,
    RowError,
    listings_read,
    name_of,
    numbered_lines,
    symbol_of,
    text_of,
)

_NASDAQ_COLUMNS = (
    "Symbol",
    "Security Name",
    "Market Category",
    "Test Issue",
    "Financial Status",
    "Round Lot Size",
    "ETF",
    "NextShares",
)
_OTHER_COLUMNS = (
    "ACT Symbol",
    "Security Name",
    "Exchange",
    "CQS Symbol",
    "ETF",
    "Round Lot Size",
    "Test Issue",
    "NASDAQ Symbol",
)
_FOOTER = b"File Creation Time:"
_SEGMENTS = {
    "Q": MarketSegment.GLOBAL_SELECT,
    "G": MarketSegment.GLOBAL_MARKET,
    "S": MarketSegment.CAPITAL_MARKET,
}
# NYSE American and NYSE Arca together are what KIS calls AMEX.
_EXCHANGES = {"N": Exchange.NYSE, "A": Exchange.AMEX, "P": Exchange.AMEX}
_ELSEWHERE = frozenset({"Z", "V"})
_KINDS = (
    (re.compile(r"\bETNs?\b|\bExchange Traded Notes?\b", re.IGNORECASE), AssetType.ETN),
    (re.compile(r"\bWarrants?\b", re.IGNORECASE), AssetType.WARRANT),
    (re.compile(r"\bRights?$", re.IGNORECASE), AssetType.RIGHT),
)

Row = dict[str, str]


def nasdaq_listed_read(content: bytes) -> MasterFile:
    """Parse ``nasdaqlisted.txt``; test issues are skipped."""
    scopes = tuple((Exchange.NASDAQ.value, segment.value) for segment in _SEGMENTS.values())
    return _read(content, _NASDAQ_COLUMNS, _nasdaq_listing, scopes)


def other_listed_read(content: bytes) -> MasterFile:
    """Parse ``otherlisted.txt``; test issues and listings of Cboe and IEX are skipped."""
    scopes = ((Exchange.NYSE.value, ""), (Exchange.AMEX.value, ""))
    return _read(content, _OTHER_COLUMNS, _other_listing, scopes)


def _read(
    content: bytes,
    columns: tuple[str, ...],
    parse: Callable[[int, Row], Listing | None],
    scopes: tuple[tuple[str, str], ...],
) -> MasterFile:
    lines = numbered_lines(content)
    header = next(lines, (1, b""))[1].removeprefix(b"\xef\xbb\xbf")
    names = tuple(name.strip() for name in header.decode("utf-8", "replace").split("|"))
    if names[: len(columns)] != columns:
        raise ImportFileError(f"The first line must be {'|'.join(columns)}.")
    rows = list(lines)
    is_whole = bool(rows) and rows[-1][1].startswith(_FOOTER)

    def parse_raw(line: int, raw: bytes) -> Listing | None:
        values = text_of(raw, "utf-8").split("|")
        if len(values) < len(columns):
            raise RowError(f"the line has {len(values)} columns, not {len(columns)}")
        return parse(line, dict(zip(columns, values, strict=False)))

    listings, bad, n_skipped = listings_read(_without_footer(rows), parse_raw)
    return MasterFile(Source.NASDAQ, listings, bad, n_skipped, is_whole, scopes)


def _without_footer(rows: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    return (row for row in rows if not row[1].startswith(_FOOTER))


def _nasdaq_listing(line: int, row: Row) -> Listing | None:
    if row["Test Issue"] == "Y":
        return None
    segment = _SEGMENTS.get(row["Market Category"])
    if segment is None:
        raise RowError(f"unknown market category {row['Market Category'][:10]!r}")
    return Listing(
        line=line,
        symbol=symbol_of(row["Symbol"]),
        exchange=Exchange.NASDAQ,
        asset_type=_asset_type(row),
        name_en=name_of(row["Security Name"].split(" - ")[0]),
        market_segment=segment,
    )


def _other_listing(line: int, row: Row) -> Listing | None:
    if row["Test Issue"] == "Y" or row["Exchange"] in _ELSEWHERE:
        return None
    exchange = _EXCHANGES.get(row["Exchange"])
    if exchange is None:
        raise RowError(f"unknown exchange {row['Exchange'][:10]!r}")
    return Listing(
        line=line,
        symbol=symbol_of(row["ACT Symbol"]),
        exchange=exchange,
        asset_type=_asset_type(row),
        name_en=name_of(row["Security Name"]),
    )


def _asset_type(row: Row) -> AssetType:
    name = row["Security Name"].strip()
    found = next((kind for pattern, kind in _KINDS if pattern.search(name)), AssetType.STOCK)
    return AssetType.ETF if row["ETF"] == "Y" else found
