"""Names of industries and the lists of NXT; the files are made here, to the known layouts."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from market.errors import ImportFileError
from market.masters.kis_lists import industries_read, nxt_symbols_read, sector_of
from market.masters.types import Listing
from market.models import ImportRun, Instrument
from market.services import instruments_import, nxt_import
from market.tests.factories import instrument_make
from market.tests.test_masters import SAMSUNG, krx_line

pytestmark = pytest.mark.django_db(databases="__all__")


def industry_line(division, code, name):
    raw = name.encode("cp949")
    return f"{division}{code}".encode() + raw + b" " * (40 - len(raw)) + b"\n"


INDUSTRIES = (
    industry_line("0", "0027", "제조")
    + industry_line("0", "0013", "전기·전자")
    + industry_line("0", "0021", "금융")
    + industry_line("1", "1009", "제조")
    + industry_line("1", "1013", "소프트웨어")
    + industry_line("2", "2001", "KOSPI200")
    + b"UXXXXsomething of another market\n"
)


def placed(line, *codes):
    """Return a line of the master file with codes of its industries."""
    head, tail = line[:-228], line[-228:]
    return head + tail[:3] + "".join(codes).encode() + tail[15:]


def test_names_are_kept_by_market_and_code():
    assert industries_read(INDUSTRIES) == {
        ("KOSPI", "0027"): "제조",
        ("KOSPI", "0013"): "전기·전자",
        ("KOSPI", "0021"): "금융",
        ("KOSDAQ", "1009"): "제조",
        ("KOSDAQ", "1013"): "소프트웨어",
    }


@pytest.mark.parametrize(
    "content",
    [b"", b"UXXXXsomething else\n", b"00013" + b"\xff" * 40 + b"\n", b"00013\n"],
)
def test_another_file_names_no_industries(content):
    with pytest.raises(ImportFileError):
        industries_read(content)


@pytest.mark.parametrize(
    ("_case", "codes", "expected"),
    [
        ("middle before large", ("0027", "0013", ""), ("전기·전자", "")),
        ("only a large one", ("0021", "", ""), ("금융", "")),
        ("a name that nobody told", ("0027", "0099", ""), ("제조", "")),
        ("small as industry", ("0027", "0013", "0021"), ("전기·전자", "금융")),
        ("none", ("", "", ""), ("", "")),
        ("a list without codes", (), ("", "")),
    ],
)
def test_sector_is_the_middle_industry(_case, codes, expected):
    listing = Listing(1, "005930", "KRX", "STOCK", market_segment="KOSPI", industry_codes=codes)

    assert sector_of(listing, industries_read(INDUSTRIES)) == expected


def test_sectors_come_with_the_names_and_only_with_them(client):
    samsung = placed(SAMSUNG, "0027", "0013", "0000")
    fund = krx_line("069500", "KR7069500007", "KODEX 200", group="EF")

    instruments_import(content=samsung + fund, file_format="kis-kospi")
    assert Instrument.objects.get(symbol="005930").sector == ""
    report = instruments_import(
        content=samsung + fund, file_format="kis-kospi", industries=INDUSTRIES
    )

    assert report.changed == ("005930",)
    answer = client.get("/api/market/instruments/005930").json()
    assert (answer["sector"], answer["industry"], answer["sector_source"]) == (
        "전기·전자",
        None,
        "KIS",
    )
    other = client.get("/api/market/instruments/069500").json()
    assert (other["sector"], other["sector_source"], other["is_nxt_tradable"]) == (None, None, None)
    again = instruments_import(content=samsung, file_format="kis-kospi")
    assert (again.changed, Instrument.objects.get(symbol="005930").sector) == ((), "전기·전자")


def test_a_sector_of_another_source_gives_way_with_its_industry():
    instrument_make("005930", sector="TECHNOLOGY", industry="Chips", sector_source="SAMPLE")

    instruments_import(
        content=placed(SAMSUNG, "0027", "0013", "0000"),
        file_format="kis-kospi",
        industries=INDUSTRIES,
    )

    samsung = Instrument.objects.get(symbol="005930")
    assert (samsung.sector, samsung.industry, samsung.sector_source) == ("전기·전자", "", "KIS")


def kospi(symbol, **changes):
    listed = {"exchange": "KRX", "market_segment": "KOSPI", "is_nxt_tradable": None}
    return instrument_make(symbol, **{**listed, **changes})


def flags():
    return dict(Instrument.objects.values_list("symbol", "is_nxt_tradable"))


def nxt(*symbols, end=b"\n", **options):
    content = b"\n".join(krx_line(symbol, "", "종목").rstrip() for symbol in symbols) + end
    return nxt_import(content=content, file_format="kis-nxt-kospi", **options)


def test_what_nxt_trades_is_known_once_its_list_was_read(client):
    kospi("005930")
    kospi("000660")
    kospi("900001", is_nxt_tradable=True)
    kospi("247540", market_segment="KOSDAQ")
    instrument_make("AAPL")

    report = nxt("005930", "111111")

    assert report.changed == ("000660", "005930", "900001")
    assert [row.reason for row in report.bad] == ["unknown symbol 111111"]
    assert flags() == {
        "005930": True,
        "000660": False,
        "900001": False,
        "247540": None,  # of KOSDAQ, which has a list of its own
        "AAPL": False,
    }
    found = client.get("/api/market/instruments", {"exchange": "NXT"}).json()["results"]
    assert [row["symbol"] for row in found] == ["005930"]
    assert nxt("005930").changed == ()
    assert [run.file_format for run in ImportRun.objects.all()] == ["kis-nxt-kospi"] * 2


def test_a_cut_list_only_adds_and_a_dry_run_changes_nothing():
    kospi("005930")
    kospi("000660", is_nxt_tradable=True)

    assert nxt("005930", dry_run=True).changed == ("000660", "005930")
    assert flags() == {"005930": None, "000660": True}
    assert not nxt("005930", end=b"").is_whole
    assert flags() == {"005930": True, "000660": True}


def test_a_list_that_lacks_too_many_is_refused():
    for number in range(20):
        kospi(f"1000{number:02d}", is_nxt_tradable=True)

    with pytest.raises(ImportFileError, match="15 of 20 instruments would leave NXT"):
        nxt(*(f"1000{number:02d}" for number in range(5)))
    assert set(flags().values()) == {True}


def test_a_list_without_symbols_is_refused():
    with pytest.raises(ImportFileError):
        nxt_import(content=b"\n", file_format="kis-nxt-kosdaq")
    assert nxt_symbols_read(b"#nothing\n").bad[0].reason == "'#nothing' is no symbol"


def test_the_command_reads_both(tmp_path, capsys):
    stocks, names, traded = (tmp_path / name for name in ("kospi.mst", "idxcode.mst", "nxt.mst"))
    stocks.write_bytes(placed(SAMSUNG, "0027", "0013", "0000"))
    names.write_bytes(INDUSTRIES)
    traded.write_bytes(SAMSUNG)

    call_command("import_instruments", stocks, file_format="kis-kospi", industries=names)
    call_command("import_instruments", traded, file_format="kis-nxt-kospi")

    samsung = Instrument.objects.get(symbol="005930")
    assert (samsung.sector, samsung.is_nxt_tradable) == ("전기·전자", True)
    assert "1 changed" in capsys.readouterr().out
    with pytest.raises(CommandError, match="neither"):
        call_command("import_instruments", traded, file_format="kis-nxt-kospi", delist=True)
    gone = tmp_path / "gone.mst"
    with pytest.raises(CommandError, match=r"gone\.mst: No such file"):
        call_command("import_instruments", stocks, file_format="kis-kospi", industries=gone)
