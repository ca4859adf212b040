"""The master files of KIS: fixed width for KOSPI and KOSDAQ, tabs for overseas; cp949. Pure.

A domestic line is a head (short code 9, standard code 12, Korean name) and a tail of fixed
width, which is ASCII, so offsets in bytes are offsets in characters.
"""

from dataclasses import dataclass

from market.enums import AssetType, Exchange, MarketSegment, Source
from market.masters.types import (
    Listing,
    MasterFile,
    RowError,
    day_of,
    isin_of,
    listings_read,
    name_of,
    numbered_lines,
    symbol_of,
    text_of,
)

ENCODING = "cp949"
_HEAD_BYTES = 21
_GROUPS = {
    "ST": AssetType.STOCK,
    "FS": AssetType.STOCK,
    "DR": AssetType.STOCK,
    "RT": AssetType.REIT,
    "EF": AssetType.ETF,
    "FE": AssetType.ETF,
    "EN": AssetType.ETN,
    "EW": AssetType.WARRANT,
    "SW": AssetType.RIGHT,
    "SR": AssetType.RIGHT,
    "BC": AssetType.FUND,
    "IF": AssetType.FUND,
    "MF": AssetType.FUND,
    "SC": AssetType.FUND,
}
"""The security groups: shares, foreign shares, receipts, trusts, funds, notes, rights."""

# "leverage" as Korean funds write it in their names; the lists have no field for it.
_LEVERAGE_WORDS = ("\ub808\ubc84\ub9ac\uc9c0", "2X")

_OVERSEAS_COLUMNS = 24
_OVERSEAS_EXCHANGES = {"NAS": Exchange.NASDAQ, "NYS": Exchange.NYSE, "AMS": Exchange.AMEX}
_OVERSEAS_TYPES = {"1": AssetType.INDEX, "2": AssetType.STOCK, "4": AssetType.WARRANT}
_OVERSEAS_PRODUCTS = {"001": AssetType.ETF, "002": AssetType.ETN}


@dataclass(frozen=True)
class _Layout:
    """Where the fields of a tail stand; the tail without its line end is ``width`` bytes."""

    segment: MarketSegment
    width: int
    lot: slice
    listed: slice


_INDUSTRY_CODES = tuple(slice(at, at + 4) for at in (3, 7, 11))
"""Large, middle and small."""

_KOSPI = _Layout(MarketSegment.KOSPI, 227, slice(50, 55), slice(105, 113))
_KOSDAQ = _Layout(MarketSegment.KOSDAQ, 221, slice(45, 50), slice(100, 108))


def kospi_master_read(content: bytes) -> MasterFile:
    """Parse ``kospi_code.mst``."""
    return _domestic(content, _KOSPI)


def kosdaq_master_read(content: bytes) -> MasterFile:
    """Parse ``kosdaq_code.mst``."""
    return _domestic(content, _KOSDAQ)


def overseas_master_read(content: bytes) -> MasterFile:
    """Parse ``nasmst.cod``, ``nysmst.cod`` or ``amsmst.cod``; other exchanges are skipped."""
    listings, bad, n_skipped = listings_read(numbered_lines(content), _overseas)
    exchanges = sorted({listing.exchange for listing in listings})
    return MasterFile(
        source=Source.KIS,
        listings=listings,
        bad=bad,
        n_skipped=n_skipped,
        is_whole=content.endswith(b"\n"),
        scopes=tuple((exchange, "") for exchange in exchanges),
    )


def _domestic(content: bytes, layout: _Layout) -> MasterFile:
    def parse(line: int, raw: bytes) -> Listing:
        return _domestic_listing(line, raw, layout)

    listings, bad, n_skipped = listings_read(numbered_lines(content), parse)
    return MasterFile(
        source=Source.KIS,
        listings=listings,
        bad=bad,
        n_skipped=n_skipped,
        is_whole=content.endswith(b"\n"),
        scopes=((Exchange.KRX, layout.segment),),
    )


def _domestic_listing(line: int, raw: bytes, layout: _Layout) -> Listing:
    if len(raw) <= layout.width + _HEAD_BYTES:
        raise RowError(f"the line has {len(raw)} bytes, too few; is it cut?")
    head, tail = raw[: -layout.width], text_of(raw[-layout.width :], "ascii")
    asset_type = _GROUPS.get(tail[:2])
    if asset_type is None:
        raise RowError(f"unknown security group {tail[:2]!r}")
    name = name_of(text_of(head[_HEAD_BYTES:], ENCODING))
    return Listing(
        line=line,
        symbol=symbol_of(text_of(head[:9], "ascii")),
        exchange=Exchange.KRX,
        asset_type=asset_type,
        name_ko=name,
        market_segment=layout.segment,
        isin=isin_of(text_of(head[9:_HEAD_BYTES], "ascii")),
        lot_size=_lot_size(tail[layout.lot]),
        band_multiple=_band_multiple(asset_type, name),
        listed_date=day_of(tail[layout.listed]),
        industry_codes=_industry_codes(tail),
    )


def _industry_codes(tail: str) -> tuple[str, ...]:
    codes = (tail[place] for place in _INDUSTRY_CODES)
    return tuple(code if code.isdecimal() and code.strip("0") else "" for code in codes)


def _lot_size(text: str) -> int:
    digits = text.strip()
    if not (digits.isdecimal() and int(digits) > 0):
        raise RowError(f"bad lot size {digits[:10]!r}")
    return int(digits)


def _band_multiple(asset_type: AssetType, name: str) -> int:
    is_product = asset_type in {AssetType.ETF, AssetType.ETN}
    return 2 if is_product and any(word in name.upper() for word in _LEVERAGE_WORDS) else 1


def _overseas(line: int, raw: bytes) -> Listing | None:
    columns = text_of(raw, ENCODING).split("\t")
    if len(columns) < _OVERSEAS_COLUMNS:
        raise RowError(f"the line has {len(columns)} columns, not {_OVERSEAS_COLUMNS}")
    exchange = _OVERSEAS_EXCHANGES.get(columns[2].strip())
    if exchange is None:
        return None
    kind, product = columns[8].strip(), columns[22].strip()
    asset_type = _OVERSEAS_TYPES.get(kind)
    if kind == "3":
        asset_type = _OVERSEAS_PRODUCTS.get(product, AssetType.FUND)
    if asset_type is None:
        raise RowError(f"unknown security type {kind[:10]!r}")
    return Listing(
        line=line,
        symbol=symbol_of(columns[4]),
        exchange=exchange,
        asset_type=asset_type,
        name_en=name_of(columns[7] or columns[6]),
        name_ko=name_of(columns[6] or columns[7]),
    )
