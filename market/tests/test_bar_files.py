from datetime import date

import pytest

from market.bar_files import bar_file_read
from market.errors import ImportFileError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

HEADER = "date,open,high,low,close,volume,per\n"
GOOD = "20160104,25200.0,25300.0,24100.0,24200.0,15346950.0,9.35\n"
TODAY = date(2026, 11, 23)


def read(*rows: str, header: str = HEADER):
    return bar_file_read([header, *rows], today=TODAY)


def test_good_row():
    file = read(GOOD)

    bar = file.bars[0]
    assert (bar.line, bar.day, bar.volume) == (2, date(2016, 1, 4), 15346950)
    assert (bar.open, bar.high) == (25_200_000_000, 25_300_000_000)
    assert (bar.low, bar.close) == (24_100_000_000, 24_200_000_000)
    assert file.bad == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2016-13-04,1,1,1,1,1", "bad date '2016-13-04'"),
        ("yesterday,1,1,1,1,1", "bad date 'yesterday'"),
        (",1,1,1,1,1", "bad date ''"),
        ("20261124,1,1,1,1,1", "date 2026-11-24 lies in the future"),
        ("18991231,1,1,1,1,1", "date 1899-12-31 lies before 1900-01-01"),
        ("20160104,1,1,1,NaN,1", "close 'NaN' is not a finite number"),
        ("20160104,1,inf,1,1,1", "high 'inf' is not a finite number"),
        ("20160104,one,1,1,1,1", "open 'one' is not a number"),
        ("20160104,1,1,1", "close '' is not a number"),
        ("20160104,0,1,1,1,1", "open 0 is not positive"),
        ("20160104,1,1,-1,1,1", "low -1 is not positive"),
        ("20160104,1e30,1e30,1,1,1", "open 1e30 is out of range"),
        ("20160104,1e99999,1,1,1,1", "open 1e99999 is out of range"),
        ("20160104,1.1234567,2,1,1,1", "open 1.1234567 has more than 6 digits after the point"),
        ("20160104,5,4,6,5,1", "high 4 is below low 6"),
        ("20160104,9,8,4,5,1", "open 9 lies outside low and high"),
        ("20160104,5,8,4,3,1", "close 3 lies outside low and high"),
        ("20160104,5,8,4,5,-1", "volume -1 is negative"),
        ("20160104,5,8,4,5,1.5", "volume 1.5 is no whole number within range"),
        ("20160104,5,8,4,5,1e40", "volume 1e40 is no whole number within range"),
        ("20160104,5,8,4,5,", "volume '' is not a number"),
    ],
)
def test_bad_rows_are_named_by_line_and_the_rest_is_kept(row, reason):
    good = "2016-01-05,5,8,4,5,1\n"

    file = read(row + "\n", good)

    assert [(bad.line, bad.reason) for bad in file.bad] == [(2, reason)]
    assert [bar.day for bar in file.bars] == [date(2016, 1, 5)]
    assert file.rows_read == 2


def test_the_first_of_two_equal_dates_counts():
    file = read("20160104,5,8,4,5,1\n", "2016-01-04,6,8,4,5,1\n")

    assert [bar.open for bar in file.bars] == [5_000_000]
    assert [(bad.line, bad.reason) for bad in file.bad] == [(3, "duplicate of line 2: 2016-01-04")]


def test_rows_may_come_in_any_order_and_empty_lines_are_skipped():
    file = read("20160105,5,8,4,5,1\n", "\n", "20160104,5,8,4,5,1\n")

    assert [bar.day.day for bar in file.bars] == [4, 5]
    assert [bar.line for bar in file.bars] == [4, 2]


def test_columns_are_found_by_name():
    file = read("1,5,8,4,5,20160104\n", header="Volume,Open,High,Low,Close,Date\n")

    assert file.bars[0].volume == 1


@pytest.mark.parametrize("header", ["", "a,b,c\n", "date,open,high,low,close\n", "\x00\x01\n"])
def test_a_file_without_the_columns_is_refused(header):
    with pytest.raises(ImportFileError):
        read(GOOD, header=header)


def test_a_field_beyond_all_measure_is_refused_with_its_line():
    with pytest.raises(ImportFileError, match="Line 2"):
        read('"' + "x" * 200_000 + '"\n')
