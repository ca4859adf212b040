"""A symbol that changes: the instrument and what is told of it in the market's own tables."""

from datetime import date, timedelta
from decimal import Decimal

import orjson
import pytest

from market import selectors
from market.alert_models import PriceAlert
from market.bar_selectors import bars_get
from market.enums import ActionKind, AlertStatus
from market.errors import SymbolChangedError, SymbolUnknownError
from market.models import CorporateAction, Instrument, NewsItem, NewsSymbol, WatchlistItem
from market.quotes import quotes_cached
from market.services import (
    AlertTerms,
    alert_cancel,
    alert_set,
    bars_import,
    corporate_actions_apply,
    corporate_actions_follow,
    corporate_actions_import,
    instruments_import,
    sample_market_is_current,
    sample_market_load,
    watchlist_item_add,
    watchlist_make,
)
from market.services.alerts import alert_rename
from market.streams import BookStreams, MarketStreams
from market.tasks import apply_actions
from market.tests.factories import Ear, bars_make, instrument_make, quote_put
from market.tests.test_masters import NASDAQ_HEADER, krx_line, text_file
from tradingplatform.clock import now
from tradingplatform.db.models import OutboxEvent
from tradingplatform.errors import InvalidInputError, invariant

pytestmark = pytest.mark.django_db(databases="__all__")

JIMIN, DANIEL = 7, 8  # Two users, on two shards.
DAY = date(2026, 6, 9)


@pytest.fixture
def facebook():
    """An instrument that is renamed to META today."""
    row = instrument_make("FB")
    CorporateAction.objects.create(
        instrument=row, kind=ActionKind.SYMBOL_CHANGE, ex_date=DAY, new_symbol="META", source="CSV"
    )
    return row


def follow_all(time_machine):
    """Let everything follow, and the time pass after which the old symbol is free."""
    corporate_actions_follow()
    time_machine.move_to(now() + timedelta(minutes=11))
    assert corporate_actions_follow() == 1


def alert_make(key, symbol="FB"):
    terms = AlertTerms(symbol=symbol, measure="PRICE", direction="ABOVE", level=Decimal(200))
    return alert_set(account_db_key=key, terms=terms)


def test_history_goes_on_under_the_new_symbol(facebook):
    bars_make(facebook, date(2026, 6, 1), ["100", "101"])

    assert corporate_actions_apply() == 1
    assert corporate_actions_apply() == 0

    assert len(bars_get(symbol="META")) == 2
    assert selectors.instrument_get("META").pk == facebook.pk
    assert Instrument.objects.count() == 1
    action = CorporateAction.objects.get()
    assert (action.old_symbol, action.new_symbol) == ("FB", "META")


def test_nothing_changes_before_the_day(facebook):
    CorporateAction.objects.update(ex_date=now().date() + timedelta(days=2))

    assert corporate_actions_apply() == 0
    assert selectors.instrument_get("FB").symbol == "FB"


def test_the_old_symbol_is_refused_by_the_name_of_the_new_one(client, facebook):
    corporate_actions_apply()

    answer = client.get("/api/market/instruments/FB")

    assert answer.status_code == 404
    body = answer.json()
    assert (body["errorCode"], body["details"]["new_symbols"]) == ("SYMBOL_CHANGED", {"FB": "META"})
    assert body["message"] == "FB is now META."
    with pytest.raises(SymbolChangedError):
        selectors.instruments_get(["META", "FB", "NOSUCH"])
    for streams in (MarketStreams(), BookStreams()):
        name = f"{streams.prefix}:FB"
        refused = streams.refusals(None, [name, f"{streams.prefix}:NOSUCH"])
        assert isinstance(refused[name], SymbolChangedError)
        assert type(refused[f"{streams.prefix}:NOSUCH"]) is SymbolUnknownError


def test_several_changes_of_one_instrument_all_lead_to_its_symbol_of_today(facebook):
    corporate_actions_apply()
    CorporateAction.objects.create(
        instrument=facebook, kind="SYMBOL_CHANGE", ex_date=DAY + timedelta(days=1), new_symbol="MT"
    )
    corporate_actions_apply()

    for old in ("FB", "META"):
        with pytest.raises(SymbolChangedError, match=f"{old} is now MT"):
            selectors.instrument_get(old)


def test_a_taken_symbol_waits_and_is_taken_once_it_is_free(facebook, caplog):
    fund = instrument_make("META")

    assert corporate_actions_apply() == 0
    assert "the new one is taken" in caplog.text
    assert selectors.instrument_get("FB").pk == facebook.pk

    CorporateAction.objects.create(
        instrument=fund, kind="SYMBOL_CHANGE", ex_date=DAY - timedelta(days=1), new_symbol="METV"
    )
    # META is free, but orders and alerts of the fund may still carry it.
    assert corporate_actions_apply() == 1
    assert selectors.instrument_get("METV").pk == fund.pk
    assert selectors.instrument_get("FB").pk == facebook.pk


def test_a_symbol_is_free_again_after_everything_has_followed(facebook, time_machine):
    fund = instrument_make("META")
    CorporateAction.objects.create(
        instrument=fund, kind="SYMBOL_CHANGE", ex_date=DAY - timedelta(days=1), new_symbol="METV"
    )
    corporate_actions_apply()
    follow_all(time_machine)

    assert corporate_actions_apply() == 1

    assert selectors.instrument_get("META").pk == facebook.pk
    assert CorporateAction.objects.filter(followed_at=None).get().instrument_id == facebook.pk


def test_an_instrument_that_has_the_symbol_already_is_left_alone(facebook):
    Instrument.objects.filter(pk=facebook.pk).update(symbol="META")

    assert corporate_actions_apply() == 0
    action = CorporateAction.objects.get()
    assert action.followed_at is not None
    assert action.old_symbol == ""


def test_alerts_follow_and_their_owners_are_told(facebook):
    active, ended, foreign = alert_make(JIMIN), alert_make(JIMIN), alert_make(DANIEL)
    alert_cancel(account_db_key=JIMIN, alert_id=ended.pk)
    apply_actions()
    told = OutboxEvent.objects.for_user(JIMIN).count()
    apply_actions()

    for alert, status in ((active, "ACTIVE"), (ended, "CANCELED"), (foreign, "ACTIVE")):
        row = PriceAlert.objects.for_user(alert.account_db_key).get(pk=alert.pk)
        assert (row.symbol, row.status) == ("META", status)
        assert row.version > alert.version
    last = OutboxEvent.objects.for_user(JIMIN).order_by("stream_seq").last()
    assert last.payload["alert"]["symbol"] == "META"
    assert OutboxEvent.objects.for_user(JIMIN).count() == told


def test_an_alert_that_cannot_follow_stops_no_other(facebook, monkeypatch, time_machine):
    first, *others = alert_make(JIMIN), alert_make(JIMIN), alert_make(DANIEL)

    def broken(*, account_db_key, alert_id, event):
        invariant(alert_id != first.pk, "Nothing adds up.")
        alert_rename(account_db_key=account_db_key, alert_id=alert_id, event=event)

    monkeypatch.setattr("market.services.followers.alert_rename", broken)
    apply_actions()
    time_machine.move_to(now() + timedelta(minutes=11))
    apply_actions()

    def named(alert):
        return PriceAlert.objects.for_user(alert.account_db_key).get(pk=alert.pk).symbol

    assert [named(alert) for alert in others] == ["META", "META"]
    assert named(first) == "FB"
    assert CorporateAction.objects.get().followed_at is None
    monkeypatch.undo()
    assert corporate_actions_follow() == 1
    assert named(first) == "META"


def test_a_straggler_follows_in_the_next_run(facebook, time_machine):
    apply_actions()
    late = alert_make(JIMIN, "META")
    PriceAlert.objects.for_user(JIMIN).update(symbol="FB")  # as if it had read the old instrument

    follow_all(time_machine)

    assert PriceAlert.objects.for_user(JIMIN).get(pk=late.pk).symbol == "META"


def test_watchlists_follow_and_keep_place_and_note(facebook):
    instrument_make("KO")
    watchlist, _ = watchlist_make(account_db_key=JIMIN, name="Mine")
    for symbol, note in (("KO", ""), ("FB", "social")):
        watchlist_item_add(
            account_db_key=JIMIN, watchlist_id=watchlist.pk, symbol=symbol, note=note
        )

    apply_actions()

    items = WatchlistItem.objects.for_user(JIMIN).order_by("place")
    assert [(item.symbol, item.note) for item in items] == [("KO", ""), ("META", "social")]
    last = OutboxEvent.objects.for_user(JIMIN).order_by("stream_seq").last()
    assert [item["symbol"] for item in last.payload["watchlist"]["items"]] == ["KO", "META"]


def test_a_list_that_has_the_new_symbol_already_keeps_one(facebook):
    watchlist, _ = watchlist_make(account_db_key=JIMIN, name="Mine")
    watchlist_item_add(account_db_key=JIMIN, watchlist_id=watchlist.pk, symbol="FB")
    corporate_actions_apply()
    watchlist_item_add(account_db_key=JIMIN, watchlist_id=watchlist.pk, symbol="META")

    corporate_actions_follow()

    assert [item.symbol for item in WatchlistItem.objects.for_user(JIMIN)] == ["META"]


def test_news_go_on_under_the_new_symbol(facebook):
    for number, symbols in enumerate((["FB"], ["FB", "META"])):
        item = NewsItem.objects.create(
            title="News",
            url=f"https://example.com/{number}",
            publisher="P",
            published_at=now(),
            source="FMP",
            external_id=str(number),
        )
        for symbol in symbols:
            NewsSymbol.objects.create(item=item, symbol=symbol)

    corporate_actions_apply()

    assert NewsSymbol.objects.filter(symbol="META").count() == 2


def test_quotes_and_streams_of_the_old_symbol_end(facebook):
    quote_put(facebook, "190")
    corporate_actions_apply()
    ear = Ear("market:FB")

    corporate_actions_follow()

    assert quotes_cached(["FB"]) == {}
    (channel, payload), *_ = ear.wait_for(1)
    ear.close()
    frame = orjson.loads(payload)
    assert (channel, frame["type"], frame["errorCode"]) == ("market:FB", "error", "SYMBOL_CHANGED")
    assert frame["details"] == {"stream": "market:FB", "symbol": "FB", "new_symbol": "META"}


def test_a_file_of_actions_goes_on_to_name_the_old_symbol(facebook):
    header = "symbol,kind,ex_date,new_symbol,ratio"
    corporate_actions_apply()

    report = corporate_actions_import(
        lines=[header, "FB,SYMBOL_CHANGE,2026-06-09,META,", "FB,SPLIT,2026-06-01,,2"]
    )

    assert (report.rows_new, report.rows_same, report.bad) == (1, 1, ())
    assert CorporateAction.objects.filter(instrument=facebook).count() == 2


def test_bars_of_the_old_symbol_are_not_imported(facebook):
    corporate_actions_apply()

    with pytest.raises(InvalidInputError, match="FB is now META"):
        bars_import(lines=["date,open,high,low,close,volume"], symbol="FB", exchange="NASDAQ")
    assert Instrument.objects.count() == 1


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


def test_alerts_in_what_is_delisted_end(facebook):
    CorporateAction.objects.update(kind=ActionKind.DELISTING, new_symbol="")
    mine, other = alert_make(JIMIN), alert_make(DANIEL)

    apply_actions()

    for alert in (mine, other):
        row = PriceAlert.objects.for_user(alert.account_db_key).get(pk=alert.pk)
        assert (row.status, row.symbol) == (AlertStatus.EXPIRED, "FB")
    last = OutboxEvent.objects.for_user(JIMIN).order_by("stream_seq").last()
    assert last.payload["alert"]["status"] == "EXPIRED"


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


def test_the_sample_market_goes_on_with_a_renamed_stock(time_machine):
    time_machine.move_to("2026-11-23T12:00:00+00:00", tick=False)
    since = date(2026, 11, 17)
    sample_market_load(since=since)
    count = Instrument.objects.count()
    for symbol, kind, new in (("AAPL", "SYMBOL_CHANGE", "APL"), ("KO", "DELISTING", "")):
        row = Instrument.objects.get(symbol=symbol)
        CorporateAction.objects.create(
            instrument=row, kind=kind, ex_date=date(2026, 11, 23), new_symbol=new
        )
    corporate_actions_apply()
    time_machine.move_to("2026-11-25T12:00:00+00:00", tick=False)

    assert not sample_market_is_current()
    sample_market_load(since=since)

    assert sample_market_is_current()
    assert Instrument.objects.count() == count
    last = {name: bars_get(symbol=name).times[-1] for name in ("APL", "MSFT", "KO", "US20")}
    assert last["APL"] == last["MSFT"] == last["US20"] > last["KO"]
