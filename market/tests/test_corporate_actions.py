import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from market.action_files import Action, action_file_read
from market.bar_selectors import bars_get
from market.enums import ActionKind
from market.errors import ImportFileError
from market.models import Bar, CorporateAction, ImportRun
from market.panel_selectors import price_panel
from market.services import bars_import, corporate_actions_import, corporate_actions_store
from market.tests.factories import bar_make, instrument_make
from tests.query_budget import query_budget

pytestmark = pytest.mark.django_db(databases="__all__")

HEADER = "symbol,kind,ex_date,record_date,pay_date,ratio,amount,new_symbol\n"
DAYS = [date(2026, 1, day) for day in (5, 6, 7, 8, 9)]


def load(*rows, **options):
    return corporate_actions_import(lines=[HEADER, *(f"{row}\n" for row in rows)], **options)


def raw_bars(closes, symbol="AAPL", source="CSV", **changes):
    instrument = instrument_make(symbol)
    for day, close in zip(DAYS, closes, strict=False):
        bar_make(instrument, day, close, source=source, generated_mask=0, **changes)
    return instrument


def closes(adjustment, symbol="AAPL", **options):
    return bars_get(symbol=symbol, adjustment=adjustment, **options).closes().tolist()


# Files


def test_rows_are_read_and_bad_ones_named():
    file = action_file_read(
        [
            HEADER,
            "aapl,split,2020-08-31,,,4,,\n",
            "AAPL,CASH_DIVIDEND,2026-02-09,2026-02-09,2026-02-12,,0.26,\n",
            "AAPL,SPLIT,2020-08-31,,,7,,\n",
            "AAPL,SPLIT,2020-13-31,,,7,,\n",
            "AAPL,SPLIT,2021-08-31,,,0.5,,\n",
            "AAPL,SPLIT,2021-08-31,,,,,\n",
            "AAPL,CASH_DIVIDEND,2021-08-31,,,,-1,\n",
            "AAPL,CASH_DIVIDEND,2021-08-31,,,,1e-400,\n",
            "AAPL,BONUS,2021-08-31,,,,1,\n",
            ",SPLIT,2021-08-31,,,2,,\n",
            "AAPL,SYMBOL_CHANGE,2021-08-31,,,,,\n",
            "FB,SYMBOL_CHANGE,2022-06-09,,,,,META\n",
        ]
    )

    split, dividend, renamed = file.actions
    assert (split.symbol, split.kind, split.ratio) == ("AAPL", ActionKind.SPLIT, 4)
    assert (dividend.amount, dividend.pay_date) == (Decimal("0.26"), date(2026, 2, 12))
    assert renamed.new_symbol == "META"
    assert [(row.line, row.reason) for row in file.bad] == [
        (4, "duplicate of line 2"),
        (5, "bad ex_date '2020-13-31'"),
        (6, "SPLIT has a ratio above 1"),
        (7, "SPLIT needs ratio"),
        (8, "amount '-1' is not a positive number"),
        (9, "amount 1e-400 is out of range or has more than 6 digits"),
        (10, "unknown kind 'BONUS'"),
        (11, "bad symbol ''"),
        (12, "SYMBOL_CHANGE needs new_symbol"),
    ]
    assert file.rows_read == 12


@pytest.mark.parametrize("lines", [[], ["symbol,kind\n"], [HEADER, '"AAPL\n']])
def test_what_is_no_such_file_is_refused(lines):
    with pytest.raises(ImportFileError):
        action_file_read(lines)


@given(st.lists(st.text(max_size=60).map(lambda text: text.replace("\r", "") + "\n"), max_size=8))
def test_garbage_never_crashes(rows):
    try:
        file = action_file_read([HEADER, *rows])
    except ImportFileError:
        return
    assert all(row.line > 1 for row in file.actions)
    assert all(row.line > 1 for row in file.bad)


# Storing


def test_actions_are_stored_once_and_followed_by_a_run():
    instrument_make("AAPL")

    first = load("AAPL,SPLIT,2020-08-31,,,4,,", "NOPE,SPLIT,2020-08-31,,,4,,", file_name="a.csv")
    second = load("AAPL,SPLIT,2020-08-31,,,4,,")
    third = load("AAPL,SPLIT,2020-08-31,2020-08-24,,5,,", source="Company")

    assert (first.rows_new, [(row.line, row.reason) for row in first.bad]) == (
        1,
        [(3, "unknown symbol NOPE")],
    )
    assert (second.rows_new, second.rows_same) == (0, 1)
    assert third.rows_changed == 1
    row = CorporateAction.objects.get()
    assert (row.ratio, row.record_date, row.source) == (5, date(2020, 8, 24), "Company")
    run = ImportRun.objects.order_by("pk")[0]
    assert (run.kind, run.file_name, run.rows_new, run.rows_bad) == ("ACTIONS", "a.csv", 1, 1)


def test_a_dry_run_changes_nothing():
    instrument_make("AAPL")

    report = load("AAPL,SPLIT,2020-08-31,,,4,,", dry_run=True)

    assert (report.rows_new, report.dry_run) == (1, True)
    assert (CorporateAction.objects.count(), ImportRun.objects.count()) == (0, 0)


def test_providers_store_what_makes_sense():
    instrument_make("AAPL")
    good = Action("AAPL", ActionKind.SPLIT, date(2020, 8, 31), ratio=Decimal(4))
    bad = Action("AAPL", ActionKind.SPLIT, date(2021, 8, 31))

    report = corporate_actions_store(actions=[good, bad], source="FMP")

    assert (report.rows_new, [row.reason for row in report.bad]) == (1, ["SPLIT needs ratio"])


def test_one_action_of_a_kind_a_day():
    apple = instrument_make("AAPL")
    values = {"instrument": apple, "kind": "SPLIT", "ex_date": DAYS[0], "ratio": Decimal(2)}
    CorporateAction.objects.create(**values)

    with pytest.raises(IntegrityError), transaction.atomic():
        CorporateAction.objects.create(**values)


def test_the_command(tmp_path):
    instrument_make("AAPL")
    path = tmp_path / "actions.csv"
    path.write_text(HEADER + "AAPL,SPLIT,2020-08-31,,,4,,\nAAPL,SPLIT,x,,,4,,\n")
    out, err = io.StringIO(), io.StringIO()

    call_command("import_actions", str(path), stdout=out, stderr=err)

    assert out.getvalue() == "Imported: 2 rows read, 1 new, 0 changed, 0 the same, 1 bad.\n"
    assert err.getvalue() == f"{path}:3: bad ex_date 'x'\n"
    with pytest.raises(CommandError):
        call_command("import_actions", str(tmp_path / "absent.csv"))


# Adjusted bars


def test_a_split_by_hand():
    raw_bars(["400", "404", "100", "102"], volume=1000)
    load("AAPL,SPLIT,2026-01-07,,,4,,")

    assert closes("RAW") == [400, 404, 100, 102]
    assert closes("SPLIT") == [100, 101, 100, 102]
    bars = bars_get(symbol="AAPL", adjustment="SPLIT")
    assert bars.volumes.tolist() == [4000, 4000, 1000, 1000]
    assert (bars.adjustment, bars.left_out) == ("SPLIT", ())


def test_all_actions_by_hand():
    # 100 before a dividend of 2: 0.98; 98 before two for one: 0.5; 60 before one new share at
    # 30 for two: (60 + 15) / 1.5 / 60 = 5/6.
    raw_bars(["100", "98", "60", "50"])
    load(
        "AAPL,CASH_DIVIDEND,2026-01-06,,,,2,",
        "AAPL,SPLIT,2026-01-07,,,2,,",
        "AAPL,RIGHTS,2026-01-08,,,1.5,30,",
    )

    assert closes("SPLIT") == [50, 49, 60, 50]
    assert closes("ALL") == pytest.approx(
        [100 * 0.98 * 0.5 * 5 / 6, 98 * 0.5 * 5 / 6, 50, 50], abs=1e-6
    )


def test_a_reverse_split_and_a_stock_dividend():
    raw_bars(["1", "10", "10.5", "10"])
    load("AAPL,REVERSE_SPLIT,2026-01-06,,,0.1,,", "AAPL,STOCK_DIVIDEND,2026-01-08,,,1.05,,")

    assert closes("SPLIT") == pytest.approx([10 / 1.05, 10 / 1.05, 10, 10], abs=1e-6)


def test_a_spin_off_is_a_payout():
    raw_bars(["100", "75"])
    load("AAPL,SPIN_OFF,2026-01-06,,,,25,NEWCO")

    assert closes("SPLIT") == [100, 75]
    assert closes("ALL") == [75, 75]


def test_actions_that_cannot_be_worked_in_are_named():
    raw_bars(["100", "99"])
    load("AAPL,CASH_DIVIDEND,2026-01-05,,,,2,", "AAPL,CASH_DIVIDEND,2026-01-06,,,,500,")

    bars = bars_get(symbol="AAPL", adjustment="ALL")

    assert bars.closes().tolist() == [100, 99]
    assert bars.left_out == (date(2026, 1, 5), date(2026, 1, 6))


@pytest.mark.parametrize("source", ["SAMPLE", "CSV_ADJ"])
def test_what_is_adjusted_at_its_source_is_never_adjusted_twice(source):
    raw_bars(["400", "404", "100"], source=source)
    load("AAPL,SPLIT,2026-01-07,,,4,,")

    assert closes("SPLIT") == closes("ALL") == [400, 404, 100]
    bars = bars_get(symbol="AAPL", adjustment="SPLIT")
    assert bars.adjusted_sources == (source,)


def test_each_bar_counts_for_itself_where_sources_meet():
    apple = raw_bars(["100"], source="SAMPLE")
    bar_make(apple, DAYS[1], "404", source="CSV", generated_mask=0)
    bar_make(apple, DAYS[2], "101", source="CSV", generated_mask=0)
    load("AAPL,SPLIT,2026-01-07,,,4,,")

    assert closes("SPLIT") == [100, 101, 101]


def test_weeks_are_rolled_up_from_adjusted_days():
    raw_bars(["400", "404", "100", "102"], volume=1000)
    load("AAPL,SPLIT,2026-01-07,,,4,,")

    week = bars_get(symbol="AAPL", interval="1w", adjustment="SPLIT")

    assert (week.high_units.tolist(), week.low_units.tolist()) == ([102_000_000], [100_000_000])
    assert week.volumes.tolist() == [10_000]


def test_minutes_change_at_midnight_of_the_exchange():
    samsung = instrument_make("005930")
    for at, close in (
        (datetime(2026, 1, 6, 14, 59, tzinfo=UTC), "50000"),
        (datetime(2026, 1, 6, 15, 0, tzinfo=UTC), "1000"),
    ):
        bar_make(samsung, at, close, interval="1m", source="CSV", generated_mask=0)
    load("005930,SPLIT,2026-01-07,,,50,,")

    assert closes("SPLIT", "005930", interval="1m") == [1000, 1000]


def test_prices_stay_positive_and_untouched_ones_exact():
    raw_bars(["0.000001", "9000000000", "9000000000.000001"])
    load("AAPL,SPLIT,2026-01-06,,,100000000,,")

    units = bars_get(symbol="AAPL", adjustment="SPLIT").close_units.tolist()

    assert units == [1, 9_000_000_000_000_000, 9_000_000_000_000_001]


def test_stored_bars_stay_raw():
    raw_bars(["400", "100"])
    load("AAPL,SPLIT,2026-01-06,,,4,,")

    closes("SPLIT")

    assert [bar.close for bar in Bar.objects.order_by("opened_at")] == [400, 100]


def test_panels_have_all_actions_worked_in():
    raw_bars(["100", "49", "50"])
    raw_bars(["10", "10", "10"], symbol="MSFT", source="SAMPLE")
    load("AAPL,SPLIT,2026-01-06,,,2,,")

    panel = price_panel(symbols=["AAPL", "MSFT"])
    part = price_panel(symbols=["AAPL"], end=DAYS[0])

    assert panel.closes.tolist() == [[50, 10], [49, 10], [50, 10]]
    assert part.closes.tolist() == [[50]]


def test_imported_files_say_whether_they_are_adjusted():
    rows = ["date,open,high,low,close,volume\n", "20260105,1,1,1,1,1\n"]

    bars_import(lines=rows, symbol="AAPL", exchange="NASDAQ")
    assert bars_get(symbol="AAPL").source == "CSV"

    report = bars_import(lines=rows, symbol="AAPL", exchange="NASDAQ", is_adjusted=True)
    assert report.rows_replaced == 1
    assert bars_get(symbol="AAPL").source == "CSV_ADJ"
    assert (
        bars_import(lines=rows, symbol="AAPL", exchange="NASDAQ", is_adjusted=True).rows_same == 1
    )


# REST


def test_bars_over_rest_are_split_adjusted_unless_asked_otherwise(client):
    raw_bars(["404", "100"])
    load("AAPL,SPLIT,2026-01-06,,,4,,", "AAPL,CASH_DIVIDEND,2026-01-05,,,,2,")

    def asked(query=""):
        answer = client.get(f"/api/market/bars/AAPL{query}").json()
        told = answer["adjustment"], answer["adjusted_sources"], answer["actions_left_out"]
        return [bar["close"] for bar in answer["results"]], told

    assert asked() == (["101", "100"], ("SPLIT", [], []))
    assert asked("?adjusted=RAW") == (["404", "100"], ("RAW", [], []))
    assert asked("?adjusted=ALL") == (["101", "100"], ("ALL", [], ["2026-01-05"]))


def test_pages_of_bars_keep_the_adjustment(client):
    raw_bars(["404", "100"])

    answer = client.get("/api/market/bars/AAPL?adjusted=ALL&start=2026-01-01&limit=1").json()

    assert "adjusted=ALL" in answer["next"]


def test_an_unknown_adjustment_is_refused(client):
    instrument_make("AAPL")

    answer = client.get("/api/market/bars/AAPL?adjusted=yes")

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "INVALID_INPUT")


def test_sample_bars_cost_no_query_more(client):
    raw_bars(["404", "100"], source="SAMPLE")
    with query_budget("market:bars"):
        answer = client.get("/api/market/bars/AAPL").json()
    assert answer["adjusted_sources"] == ["SAMPLE"]

    raw_bars(["404", "100"], symbol="MSFT")
    load("MSFT,CASH_DIVIDEND,2026-01-06,,,,2,")
    with query_budget("market:bars (raw)"):
        client.get("/api/market/bars/MSFT")
    with query_budget("market:bars (raw, all actions)"):
        client.get("/api/market/bars/MSFT?adjusted=ALL")
