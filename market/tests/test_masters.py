"""The lists are made here, to the documented layouts."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.enums import AssetType
from market.errors import ImportFileError
from market.masters import MASTER_FORMATS
from market.masters.types import isin_of

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

KOSPI, KOSDAQ = MASTER_FORMATS["kis-kospi"], MASTER_FORMATS["kis-kosdaq"]
OVERSEAS = MASTER_FORMATS["kis-overseas"]
NASDAQ, OTHER = MASTER_FORMATS["nasdaq-listed"], MASTER_FORMATS["nasdaq-other"]

NASDAQ_HEADER = (
    "Symbol|Security Name|Market Category|Test Issue|Financial Status|Round Lot Size|ETF|NextShares"
)
OTHER_HEADER = (
    "ACT Symbol|Security Name|Exchange|CQS Symbol|ETF|Round Lot Size|Test Issue|NASDAQ Symbol"
)
FOOTER = "File Creation Time: 1125202609:03|||||||"


def krx_line(code, isin, name, *, kosdaq=False, **fields):
    """Return one line of kospi_code.mst or kosdaq_code.mst."""
    width, lot_at, listed_at = (221, 45, 100) if kosdaq else (227, 50, 105)
    tail = bytearray(b"0" * width)
    tail[0:2] = fields.get("group", "ST").encode()
    tail[lot_at : lot_at + 5] = fields.get("lot", "00001").encode()
    tail[listed_at : listed_at + 8] = fields.get("listed", "19750611").encode()
    return f"{code:<9}{isin:<12}".encode() + name.encode("cp949") + bytes(tail) + b"\n"


SAMSUNG = krx_line("005930", "KR7005930003", "삼성전자")
KODEX = krx_line("122630", "KR7122630007", "KODEX 레버리지", group="EF", listed="20100222")


def overseas_line(symbol, name_en, exchange="NAS", *, kind="2", product="", name_ko="애플"):
    columns = ["US", "512", exchange, "NASDAQ", symbol, f"D{exchange}{symbol}", name_ko, name_en]
    columns += [kind, "USD", "4", "0", "190.0000", "1", "1", "0930", "1600", "N", "", "430", "1"]
    columns += ["0", product, "1"]
    return ("\t".join(columns) + "\n").encode("cp949")


def text_file(header, *rows, footer=FOOTER):
    return ("\r\n".join([header, *rows, footer]) + "\r\n").encode()


def test_kospi_line():
    file = KOSPI(SAMSUNG + KODEX)

    samsung, kodex = file.listings
    assert (samsung.symbol, samsung.name_ko, samsung.isin) == (
        "005930",
        "삼성전자",
        "KR7005930003",
    )
    assert (samsung.asset_type, samsung.market_segment) == (AssetType.STOCK, "KOSPI")
    assert (samsung.listed_date, samsung.lot_size) == (date(1975, 6, 11), 1)
    assert (kodex.asset_type, kodex.band_multiple, samsung.band_multiple) == (AssetType.ETF, 2, 1)
    assert (file.bad, file.is_whole, file.rows_read) == ([], True, 2)


def test_kosdaq_line_has_a_narrower_tail():
    line = krx_line("247540", "KR7247540008", "에코프로비엠", listed="20190305", kosdaq=True)

    (listing,) = KOSDAQ(line).listings

    assert (listing.name_ko, listing.market_segment) == ("에코프로비엠", "KOSDAQ")
    assert listing.listed_date == date(2019, 3, 5)


def test_windows_line_ends_and_a_missing_last_one():
    file = KOSPI(SAMSUNG.replace(b"\n", b"\r\n") + KODEX.rstrip(b"\n"))

    assert [row.symbol for row in file.listings] == ["005930", "122630"]
    assert not file.is_whole


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (SAMSUNG[:200], "the line has 200 bytes, too few; is it cut?"),
        (krx_line("005930", "KR7005930003", "삼성전자", group="ZZ"), "unknown security group 'ZZ'"),
        (krx_line("005930", "KR7005930003", "삼성전자", lot="00000"), "bad lot size '00000'"),
        (
            krx_line("005930", "KR7005930003", "삼성전자", listed="20231345"),
            "bad listing date '20231345'",
        ),
        (krx_line("", "KR7005930003", "삼성전자"), "'' is no symbol"),
        (
            krx_line("005930", "KR7005930003", " "),
            "the name is missing or has signs that nobody can read",
        ),
        (
            SAMSUNG.replace("삼성전자".encode("cp949"), b"\xb0\xff\xb0\xb0"),
            "byte 1 is no cp949",
        ),
    ],
)
def test_a_bad_line_is_named_and_nothing_else_is_lost(line, reason):
    file = KOSPI(
        KODEX + line.rstrip(b"\n") + b"\n" + krx_line("000660", "KR7000660001", "SK하이닉스")
    )

    assert [row.symbol for row in file.listings] == ["122630", "000660"]
    assert [(row.line, row.reason) for row in file.bad] == [(2, reason)]


def test_a_symbol_twice_is_refused_the_second_time():
    file = KOSPI(SAMSUNG + SAMSUNG)

    assert len(file.listings) == 1
    assert [(row.line, row.reason) for row in file.bad] == [(2, "duplicate of line 1: 005930")]


@pytest.mark.parametrize(
    ("code", "isin"),
    [
        ("KR7005930003", "KR7005930003"),
        ("US0378331005", "US0378331005"),
        ("KR7005930004", ""),
        ("KR70059300", ""),
        ("            ", ""),
    ],
)
def test_isin_only_with_its_check_digit(code, isin):
    assert isin_of(code) == isin


def test_overseas_lines():
    content = b"".join(
        [
            overseas_line("AAPL", "APPLE INC"),
            overseas_line("BRK/B", "BERKSHIRE HATHAWAY", exchange="NYS", name_ko="버크셔"),
            overseas_line("SPY", "SPDR S&P 500", exchange="AMS", kind="3", product="001"),
            overseas_line("FNGU", "MICROSECTORS", exchange="AMS", kind="3", product="002"),
            overseas_line("7203", "TOYOTA", exchange="TSE"),
        ]
    )

    file = OVERSEAS(content)

    assert [(row.symbol, row.exchange, row.asset_type) for row in file.listings] == [
        ("AAPL", "NASDAQ", AssetType.STOCK),
        ("BRK.B", "NYSE", AssetType.STOCK),
        ("SPY", "AMEX", AssetType.ETF),
        ("FNGU", "AMEX", AssetType.ETN),
    ]
    assert (file.listings[0].name_en, file.listings[0].name_ko) == ("APPLE INC", "애플")
    assert (file.n_skipped, file.bad) == (1, [])


def test_bad_overseas_lines():
    cut = overseas_line("MSFT", "MICROSOFT").split(b"\t", 20)[0] + b"\tx\n"

    file = OVERSEAS(cut + overseas_line("X Y", "NOBODY") + overseas_line("AAPL", "A", kind="9"))

    assert [row.reason for row in file.bad] == [
        "the line has 2 columns, not 24",
        "'X Y' is no symbol",
        "unknown security type '9'",
    ]


def test_nasdaq_listed():
    content = text_file(
        NASDAQ_HEADER,
        "AAPL|Apple Inc. - Common Stock|Q|N|N|100|N|N",
        "QQQ|Invesco QQQ Trust, Series 1|G|N|N|100|Y|N",
        "ABCDW|Some Acquisition Corp - Warrant|S|N|N|100|N|N",
        "ZVZZT|NASDAQ TEST STOCK|G|Y|N|100|N|N",
        "ODD|Odd Inc|X|N|N|100|N|N",
    )

    file = NASDAQ(content)

    assert [(row.symbol, row.name_en, row.asset_type) for row in file.listings] == [
        ("AAPL", "Apple Inc.", AssetType.STOCK),
        ("QQQ", "Invesco QQQ Trust, Series 1", AssetType.ETF),
        ("ABCDW", "Some Acquisition Corp", AssetType.WARRANT),
    ]
    assert file.listings[0].market_segment == "GLOBAL_SELECT"
    assert [(row.line, row.reason) for row in file.bad] == [(6, "unknown market category 'X'")]
    assert (file.n_skipped, file.is_whole, file.rows_read) == (1, True, 5)


def test_other_listed():
    content = text_file(
        OTHER_HEADER,
        "KO|Coca-Cola Company (The) Common Stock|N|KO|N|100|N|KO",
        "SPY|SPDR S&P 500|P|SPY|Y|100|N|SPY",
        "BAC$B|Bank of America Preferred|N|BACpB|N|100|N|BAC-B",
        "IBIT|iShares|Z|IBIT|Y|100|N|IBIT",
        "XYZ|Some ETNs due 2040|A|XYZ|N|100|N|XYZ",
    )

    file = OTHER(content)

    assert [(row.symbol, row.exchange, row.asset_type) for row in file.listings] == [
        ("KO", "NYSE", AssetType.STOCK),
        ("SPY", "AMEX", AssetType.ETF),
        ("BAC-B", "NYSE", AssetType.STOCK),
        ("XYZ", "AMEX", AssetType.ETN),
    ]
    assert file.n_skipped == 1


def test_without_its_footer_a_directory_is_cut():
    whole = text_file(NASDAQ_HEADER, "AAPL|Apple Inc. - Common Stock|Q|N|N|100|N|N")

    file = NASDAQ(whole[: whole.index(b"|Q|")])

    assert not file.is_whole
    assert [(row.line, row.reason) for row in file.bad] == [(2, "the line has 2 columns, not 8")]


@pytest.mark.parametrize("content", [b"", b"a|b\r\n", OTHER_HEADER.encode()])
def test_another_header_is_refused(content):
    with pytest.raises(ImportFileError):
        NASDAQ(content)


PIECES = st.sampled_from(
    [SAMSUNG, KODEX, SAMSUNG[:100], b"\n", b"\r", b"\t" * 23, b"|" * 7, b"\xb0", b"\xff", b"AAPL"]
)


@given(
    st.sampled_from(sorted(MASTER_FORMATS)),
    st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=12).map(b"".join),
    st.booleans(),
)
def test_garbage_is_reported_line_by_line_and_never_crashes(name, content, with_header):
    header = {"nasdaq-listed": NASDAQ_HEADER, "nasdaq-other": OTHER_HEADER}.get(name, "")
    if header and with_header:
        content = header.encode() + b"\n" + content
    try:
        file = MASTER_FORMATS[name](content)
    except ImportFileError:
        assert header
        return

    lines = [row.line for row in file.listings] + [row.line for row in file.bad]
    assert len(lines) == len(set(lines))
    filled = [raw for raw in content.split(b"\n") if raw.rstrip(b"\r").strip()]
    assert file.rows_read <= len(filled)
    if not header:
        assert file.rows_read == len(filled)


@given(st.lists(st.integers(0, 99_999), min_size=1, max_size=20, unique=True), st.data())
def test_good_lines_survive_whatever_stands_between_them(numbers, data):
    codes = [f"{number:06d}" for number in numbers]
    lines = [krx_line(code, "", f"종목{code}") for code in codes]
    place = data.draw(st.integers(0, len(lines)))
    garbage = data.draw(st.binary(min_size=1, max_size=200)).replace(b"\n", b"") + b"\n"

    file = KOSPI(b"".join([*lines[:place], garbage, *lines[place:]]))

    assert [row.symbol for row in file.listings] == codes
    assert [row.line for row in file.bad] in ([place + 1], [])
