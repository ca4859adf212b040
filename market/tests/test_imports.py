import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from market.bar_selectors import bars_get
from market.models import Bar, ImportRun, Instrument
from market.services import bars_import
from market.tests.factories import bars_make, instrument_make
from tradingplatform.errors import InvalidInputError

pytestmark = pytest.mark.django_db(databases="__all__")

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "krx"
HEADER = "date,open,high,low,close,volume\n"
ROWS = [
    HEADER,
    "20160104,25200.0,25300.0,24100.0,24200.0,15346950.0\n",
    "20160106,24000,24100,23500,23600,100\n",
]


def load(lines=ROWS, symbol="005930", exchange="KRX", **options):
    return bars_import(lines=lines, symbol=symbol, exchange=exchange, **options)


def closes(symbol="005930"):
    bars = bars_get(symbol=symbol)
    days = bars.dates().astype(str).tolist()
    return dict(zip(days, bars.closes().tolist(), strict=True))


def test_new_bars_are_real_ones():
    instrument_make("005930")

    report = load()

    assert (report.rows_read, report.rows_new, report.rows_replaced) == (2, 2, 0)
    assert closes() == {"2016-01-04": 24200, "2016-01-06": 23600}
    bars = bars_get(symbol="005930")
    assert (bars.source, bars.generated_mask.tolist()) == ("CSV", [0, 0])


def test_a_second_run_changes_nothing():
    instrument_make("005930")
    load()

    report = load()

    assert (report.rows_new, report.rows_replaced, report.rows_same) == (0, 0, 2)
    assert Bar.objects.count() == 2


def test_sample_bars_within_the_range_give_way_and_those_outside_stay():
    samsung = instrument_make("005930")
    bars_make(samsung, date(2016, 1, 3), ["20000", "20000", "20000", "20000", "20000"])

    report = load()

    assert (report.rows_new, report.rows_replaced, report.samples_removed) == (0, 2, 1)
    assert closes() == {
        "2016-01-03": 20000,
        "2016-01-04": 24200,
        "2016-01-06": 23600,
        "2016-01-07": 20000,
    }
    assert bars_get(symbol="005930").source == "CSV+SAMPLE"


def test_corrected_figures_replace_earlier_real_ones():
    instrument_make("005930")
    load()

    report = load([HEADER, "20160106,24000,24100,23500,24050,100\n"])

    assert (report.rows_new, report.rows_replaced, report.rows_same) == (0, 1, 0)
    assert closes()["2016-01-06"] == 24050


def test_a_dry_run_reports_and_changes_nothing():
    samsung = instrument_make("005930")
    bars_make(samsung, date(2016, 1, 5), ["20000"])

    report = load(dry_run=True)

    assert (report.rows_new, report.samples_removed) == (2, 1)
    assert closes() == {"2016-01-05": 20000}
    assert ImportRun.objects.count() == 0


def test_bad_rows_are_reported_and_nothing_else_is_lost():
    instrument_make("005930")

    report = load([*ROWS, "20160107,24000,23000,23500,24050,100\n"])

    assert [bad.line for bad in report.bad] == [4]
    assert len(closes()) == 2
    run = ImportRun.objects.get()
    assert (run.rows_read, run.rows_new, run.rows_bad) == (3, 2, 1)


def test_a_level_break_to_sample_bars_is_warned_of():
    samsung = instrument_make("005930")
    bars_make(samsung, date(2016, 1, 7), ["90000"])

    assert "2016-01-07" in load().warnings[0]


def test_an_unknown_symbol_becomes_an_instrument_that_the_feed_leaves_alone():
    load(symbol="032640")

    made = Instrument.objects.get(symbol="032640")
    assert (made.exchange, made.currency, made.source) == ("KRX", "KRW", "CSV")
    assert (made.base_price, made.base_date) == (Decimal(23600), date(2016, 1, 6))


@pytest.mark.parametrize(
    ("symbol", "exchange"), [("AAPL", "KRX"), ("no such", "KRX"), ("", "KRX"), ("005930", "LSE")]
)
def test_wrong_symbol_or_exchange(symbol, exchange):
    instrument_make("AAPL")

    with pytest.raises(InvalidInputError):
        load(symbol=symbol, exchange=exchange)

    assert Bar.objects.count() == 0


def test_command_names_file_and_line_of_bad_rows(tmp_path):
    instrument_make("005930")
    path = tmp_path / "bars.csv"
    path.write_bytes("".join(ROWS).encode() + b"20160107,\xff\xfe,1,1,1,1\n")
    out, err = io.StringIO(), io.StringIO()

    call_command(
        "import_bars", path, "--symbol", "005930", "--exchange", "KRX", stdout=out, stderr=err
    )

    assert "3 rows read, 2 new, 0 replaced, 0 the same" in out.getvalue()
    assert f"{path}:4: open" in err.getvalue()
    assert ImportRun.objects.get().file_name == "bars.csv"


def test_command_says_what_is_wrong_with_a_file(tmp_path):
    options = ("--symbol", "005930", "--exchange", "KRX")

    with pytest.raises(CommandError, match="No such file"):
        call_command("import_bars", tmp_path / "none.csv", *options)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(CommandError, match="columns"):
        call_command("import_bars", tmp_path / "empty.csv", *options)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real KRX files in {SHARED}")
def test_real_files_load_once_and_with_few_statements(django_assert_max_num_queries):
    files = sorted(SHARED.glob("*.csv"))
    for path in files:
        bars_make(instrument_make(path.stem, exchange="KRX"), date(2016, 1, 2), ["1000"])

    with django_assert_max_num_queries(20 * len(files)):
        reports = [load(path.read_text().splitlines(keepends=True), path.stem) for path in files]

    assert sum(report.rows_new for report in reports) == 5868
    assert [bad for report in reports for bad in report.bad] == []
    assert (
        sum(load(path.read_text().splitlines(keepends=True), path.stem).rows_same for path in files)
        == 5868
    )
    bar = Bar.objects.get(
        instrument__symbol="005930", interval="1d", opened_at=datetime(2016, 1, 4, tzinfo=UTC)
    )
    assert (bar.open, bar.close, bar.volume) == (Decimal(25200), Decimal(24100), 15346950)
