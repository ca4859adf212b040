"""Lists and files of instruments around a change of symbol: late, early, or of another company."""

from datetime import timedelta

import pytest

from market.alert_models import PriceAlert
from market.enums import ActionKind, AlertStatus
from market.models import CorporateAction, Instrument
from market.services import (
    corporate_actions_apply,
    corporate_actions_import,
    instruments_import,
)
from market.tasks import apply_actions
from market.tests.factories import instrument_make
from market.tests.following_steps import DAY, JIMIN, alert_make, follow_all
from market.tests.test_masters import NASDAQ_HEADER, krx_line, text_file
from tradingplatform.clock import now

pytestmark = pytest.mark.django_db(databases="__all__")


def listed(*symbols, name="Facebook - Class A", **options):
    rows = [f"{symbol}|{name}|Q|N|N|100|N|N" for symbol in symbols]
    content = text_file(NASDAQ_HEADER, *rows)
    return instruments_import(content=content, file_format="nasdaq-listed", **options)


def test_a_list_that_is_a_day_early_makes_no_second_instrument(facebook):
    CorporateAction.objects.update(ex_date=now().date() + timedelta(days=1))
    listed("FB")

    report = listed("META", delist=True)

    assert (report.new, report.delisted) == ((), ())
    assert Instrument.objects.get().symbol == "FB"


def test_a_list_that_is_a_day_late_makes_no_second_instrument(facebook):
    listed("FB")
    corporate_actions_apply()

    report = listed("FB", delist=True)

    assert (report.new, report.delisted) == ((), ())
    assert Instrument.objects.get().symbol == "META"


def test_a_list_from_before_the_change_ends_nobodys_orders(facebook, time_machine):
    listed("FB", "KO")
    alert = alert_make(JIMIN)
    apply_actions()
    follow_all(time_machine)

    report = listed("FB", "KO", delist=True)
    apply_actions()

    assert (report.new, report.delisted, report.bad) == ((), (), ())
    assert set(Instrument.objects.active().values_list("symbol", flat=True)) == {"KO", "META"}
    row = PriceAlert.objects.for_user(JIMIN).get(pk=alert.pk)
    assert (row.symbol, row.status) == ("META", AlertStatus.ACTIVE)


def test_a_late_list_by_another_name_makes_nothing_and_ends_nothing(facebook, time_machine):
    listed("FB", "KO")
    apply_actions()
    follow_all(time_machine)
    listed("META", "KO", name="Meta Platforms, Inc.")

    report = listed("FB", "KO", delist=True)

    assert (report.new, report.delisted) == ((), ())
    (bad,) = report.bad
    assert bad.reason == "FB was the symbol of META until lately; is the list late?"
    assert Instrument.objects.get(symbol="META").name_en == "Meta Platforms, Inc."


def test_another_company_may_have_the_old_symbol(facebook, time_machine):
    listed("FB", "KO", name="Facebook, Inc.")
    apply_actions()
    resting = listed("FB", "META", "KO", name="First Bank")
    assert [row.reason for row in resting.bad] == [
        "FB was the symbol of META until lately; is the list late?"
    ]
    follow_all(time_machine)

    Instrument.objects.filter(symbol="META").update(name_en="Meta Platforms, Inc.")
    report = listed("FB", "META", delist=True, name="First Bank")

    assert (report.new, report.delisted, report.bad) == (("FB",), ("KO",), ())


def test_what_is_gone_long_after_its_change_is_delisted(facebook, time_machine):
    listed("FB", "KO", name="Facebook, Inc.")
    apply_actions()
    follow_all(time_machine)
    time_machine.move_to(now() + timedelta(days=31))

    report = listed("FB", "KO", delist=True, name="First Bank")

    assert (report.new, report.delisted) == (("FB",), ("META",))


def test_an_isin_tells_who_is_who_at_any_time(time_machine):
    listing = krx_line("005930", "KR7005930003", "삼성전자")
    kodex = krx_line("122630", "KR7122630007", "KODEX 레버리지", group="EF")
    instruments_import(content=listing + kodex, file_format="kis-kospi")
    CorporateAction.objects.create(
        instrument=Instrument.objects.get(symbol="005930"),
        kind=ActionKind.SYMBOL_CHANGE,
        ex_date=DAY,
        new_symbol="005931",
    )
    apply_actions()
    follow_all(time_machine)
    time_machine.move_to(now() + timedelta(days=400))

    late = instruments_import(content=listing + kodex, file_format="kis-kospi", delist=True)
    other = krx_line("005930", "KR7000660001", "삼성전자")
    now_listed = krx_line("005931", "KR7005930003", "삼성전자")
    content = other + now_listed + kodex
    report = instruments_import(content=content, file_format="kis-kospi", delist=True)

    assert (late.new, late.delisted, late.bad) == ((), (), ())
    assert (report.new, report.delisted, report.bad) == (("005930",), (), ())


def test_a_list_with_both_symbols_tells_of_two_instruments(facebook):
    """A fund that is called META until tomorrow."""
    CorporateAction.objects.update(ex_date=now().date() + timedelta(days=1))
    listed("FB")

    report = listed("FB", "META")

    assert report.new == ("META",)
    assert Instrument.objects.get(symbol="FB").pk == facebook.pk


def test_what_waits_for_its_new_symbol_is_not_delisted(facebook, caplog):
    """The list made an instrument of the new symbol before anybody told of the change."""
    action = CorporateAction.objects.get()
    action.delete()
    listed("FB")
    listed("META")
    action.pk = None
    action.save()
    apply_actions()
    assert "the new one is taken" in caplog.text

    report = listed("META", delist=True)

    assert report.delisted == ()
    assert Instrument.objects.get(symbol="FB").is_active


def test_a_change_to_a_symbol_that_is_taken_is_refused():
    facebook, fund = instrument_make("FB"), instrument_make("META")
    lines = ["symbol,kind,ex_date,new_symbol", "FB,SYMBOL_CHANGE,2026-06-09,META"]

    report = corporate_actions_import(lines=lines)

    assert [(row.line, row.reason) for row in report.bad] == [
        (2, "the new symbol META is that of another instrument")
    ]
    assert not CorporateAction.objects.exists()

    # A file may tell that the other one gives it up.
    both = corporate_actions_import(lines=[*lines, "META,SYMBOL_CHANGE,2026-06-08,METV"])
    assert (both.rows_new, both.bad) == (2, ())
    again = corporate_actions_import(lines=lines)
    assert (again.rows_same, again.bad) == (1, ())
    corporate_actions_apply()
    fund.refresh_from_db()
    facebook.refresh_from_db()
    assert (fund.symbol, facebook.symbol) == ("METV", "FB")  # META rests


def test_a_merger_into_a_listed_company_is_no_change_of_symbol():
    instrument_make("FB")
    instrument_make("META")
    lines = ["symbol,kind,ex_date,new_symbol", "FB,MERGER,2026-06-09,META"]

    assert corporate_actions_import(lines=lines).rows_new == 1


def test_what_vanished_from_a_list_is_followed_like_a_delisting(facebook):
    CorporateAction.objects.all().delete()
    instrument_make("KO")
    listed("FB", "MSFT")
    alert = alert_make(JIMIN)

    report = listed("MSFT", delist=True)
    apply_actions()

    assert report.delisted == ("FB",)
    assert CorporateAction.objects.get().kind == ActionKind.DELISTING
    row = PriceAlert.objects.for_user(JIMIN).get(pk=alert.pk)
    assert row.status == AlertStatus.EXPIRED
