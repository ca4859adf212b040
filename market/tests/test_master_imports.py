import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from market.errors import ImportFileError
from market.models import ImportRun, Instrument
from market.selectors import instruments_found
from market.services import instruments_import
from market.tests.factories import instrument_make
from market.tests.test_masters import (
    KODEX,
    NASDAQ_HEADER,
    SAMSUNG,
    krx_line,
    overseas_line,
    text_file,
)

pytestmark = pytest.mark.django_db(databases="__all__")


def load(content=SAMSUNG + KODEX, file_format="kis-kospi", **options):
    return instruments_import(content=content, file_format=file_format, **options)


def many(n):
    return [krx_line(f"{number:06d}", "", f"종목{number}") for number in range(n)]


def test_new_instruments_are_there_and_found():
    report = load(file_name="kospi_code.mst")

    assert (report.new, report.changed, report.same) == (("005930", "122630"), (), 0)
    samsung = Instrument.objects.get(symbol="005930")
    assert (samsung.exchange, samsung.currency, samsung.name_en) == ("KRX", "KRW", "삼성전자")
    assert (samsung.source, samsung.reference_source) == ("KIS", "KIS")
    assert (samsung.listed_date, samsung.isin) == (date(1975, 6, 11), "KR7005930003")
    assert samsung.base_price is None
    assert [row.symbol for row in instruments_found(search="ㅅㅅㅈ")] == ["005930"]
    run = ImportRun.objects.get()
    assert (run.kind, run.file_format, run.file_name) == ("MASTER", "kis-kospi", "kospi_code.mst")
    assert (run.rows_read, run.rows_new, run.rows_bad) == (2, 2, 0)


def test_a_second_run_changes_nothing():
    load()

    report = load()

    assert (report.new, report.changed, report.same) == ((), (), 2)
    assert Instrument.objects.count() == 2


def test_what_the_list_does_not_tell_stays_and_so_do_prices_and_their_source():
    instrument_make("005930", base_price="70000", sector="TECHNOLOGY")

    report = load()

    assert report.changed == ("005930",)
    samsung = Instrument.objects.get(symbol="005930")
    assert (samsung.name_en, samsung.sector, samsung.source) == (
        "Samsung Electronics",
        "TECHNOLOGY",
        "SAMPLE",
    )
    assert (samsung.base_price, samsung.market_segment) == (70000, "KOSPI")


def test_a_dry_run_tells_the_same_and_changes_nothing():
    report = load(dry_run=True)

    assert (report.new, report.dry_run) == (("005930", "122630"), True)
    assert (Instrument.objects.count(), ImportRun.objects.count()) == (0, 0)


def test_what_vanished_is_delisted_only_when_asked_and_comes_back(time_machine):
    time_machine.move_to(datetime(2026, 11, 25, 16, tzinfo=UTC), tick=False)
    load()

    assert load(SAMSUNG).delisted == ()
    assert Instrument.objects.get(symbol="122630").is_active

    assert load(SAMSUNG, delist=True).delisted == ("122630",)
    kodex = Instrument.objects.get(symbol="122630")
    assert (kodex.is_active, kodex.is_tradable) == (False, False)
    assert kodex.delisted_date == date(2026, 11, 26)
    assert ImportRun.objects.latest("pk").rows_delisted == 1

    assert load().changed == ("122630",)
    kodex.refresh_from_db()
    assert (kodex.is_active, kodex.delisted_date) == (True, None)


def test_only_what_this_list_told_before_is_delisted():
    instrument_make("000660", market_segment="KOSPI")
    load(krx_line("247540", "", "에코프로비엠", kosdaq=True), file_format="kis-kosdaq")
    load(overseas_line("AAPL", "APPLE INC"), file_format="kis-overseas")

    assert load(delist=True).delisted == ()
    assert Instrument.objects.active().count() == 5


def test_too_many_at_once_are_not_delisted_and_nothing_changes():
    lines = many(300)
    load(b"".join(lines))
    new = krx_line("900000", "", "새종목")

    assert len(load(b"".join(lines[15:]), delist=True, dry_run=True).delisted) == 15
    with pytest.raises(ImportFileError) as refused:
        load(b"".join([*lines[16:], new]), delist=True)

    assert "16 of 300" in refused.value.message
    assert Instrument.objects.active().count() == 300
    assert ImportRun.objects.count() == 1


@pytest.mark.parametrize("content", [SAMSUNG.rstrip(b"\n"), SAMSUNG + b"x\n"])
def test_a_cut_or_faulty_file_delists_nothing(content):
    load()

    with pytest.raises(ImportFileError):
        load(content, delist=True)

    assert Instrument.objects.active().count() == 2


def test_bad_lines_are_reported_and_the_rest_is_loaded():
    report = load(SAMSUNG + b"x\n" + KODEX)

    assert [(row.line, len(report.new)) for row in report.bad] == [(2, 2)]
    assert ImportRun.objects.get().rows_bad == 1


def test_a_symbol_of_another_country_is_left_alone():
    instrument_make("AAPL", exchange="KRX", currency="KRW")

    report = load(overseas_line("AAPL", "APPLE INC"), file_format="kis-overseas")

    assert [row.reason for row in report.bad] == ["AAPL is another instrument, of KRX"]
    assert Instrument.objects.get().name_en == "Apple"


def test_a_move_between_us_exchanges_is_followed():
    instrument_make("AAPL", exchange="NYSE")

    row = "AAPL|Apple Inc. - Common Stock|Q|N|N|100|N|N"
    load(text_file(NASDAQ_HEADER, row), file_format="nasdaq-listed")

    apple = Instrument.objects.get()
    assert (apple.exchange, apple.name_ko, apple.name_en) == ("NASDAQ", "애플", "Apple Inc.")


def test_a_file_without_instruments_is_refused():
    with pytest.raises(ImportFileError):
        load(b"nothing here\n")

    assert ImportRun.objects.count() == 0


def test_the_command_reads_a_zip_and_names_bad_lines(tmp_path):
    path = tmp_path / "kospi_code.mst.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("kospi_code.mst", SAMSUNG + b"x\n")
    out, err = io.StringIO(), io.StringIO()

    call_command("import_instruments", str(path), "--format=kis-kospi", stdout=out, stderr=err)

    assert out.getvalue() == (
        "Imported: 2 rows read, 1 new, 0 changed, 0 the same, 0 delisted, 0 skipped, 1 bad.\n"
    )
    assert err.getvalue() == f"{path}:2: the line has 1 bytes, too few; is it cut?\n"


def test_the_command_refuses_what_it_cannot_read(tmp_path):
    two = tmp_path / "two.zip"
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a", b"")
        archive.writestr("b", b"")
    empty = tmp_path / "empty.mst"
    empty.write_bytes(b"")

    for path in (two, empty, tmp_path / "absent.mst"):
        with pytest.raises(CommandError):
            call_command("import_instruments", str(path), "--format=kis-kospi")
    assert Instrument.objects.count() == 0
