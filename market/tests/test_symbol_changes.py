"""A symbol that changes: the instrument and what is told of it in the market's own tables."""

from datetime import date, timedelta

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
    alert_cancel,
    bars_import,
    corporate_actions_apply,
    corporate_actions_follow,
    corporate_actions_import,
    sample_market_is_current,
    sample_market_load,
    watchlist_item_add,
    watchlist_make,
)
from market.services.alerts import alert_rename
from market.streams import BookStreams, MarketStreams
from market.tasks import apply_actions
from market.tests.factories import Ear, bars_make, instrument_make, quote_put
from market.tests.following_steps import DANIEL, DAY, JIMIN, alert_make, follow_all
from tradingplatform.clock import now
from tradingplatform.db.models import OutboxEvent
from tradingplatform.errors import InvalidInputError, invariant

pytestmark = pytest.mark.django_db(databases="__all__")


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


def test_alerts_in_what_is_delisted_end(facebook):
    CorporateAction.objects.update(kind=ActionKind.DELISTING, new_symbol="")
    mine, other = alert_make(JIMIN), alert_make(DANIEL)

    apply_actions()

    for alert in (mine, other):
        row = PriceAlert.objects.for_user(alert.account_db_key).get(pk=alert.pk)
        assert (row.status, row.symbol) == (AlertStatus.EXPIRED, "FB")
    last = OutboxEvent.objects.for_user(JIMIN).order_by("stream_seq").last()
    assert last.payload["alert"]["status"] == "EXPIRED"


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
