"""Alerts from setting to firing: terms, limits, once per generation, restarts, stale prices."""

import threading
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connections

from market.alert_book import Gauge
from market.alert_measures import measured
from market.alert_models import AlertTrigger, PriceAlert
from market.alert_selectors import watch_of
from market.alert_watch import AlertClerk, alerts_watched
from market.demand import demand_forget, demand_wanted
from market.enums import AlertStatus, StoredInterval
from market.exporters import market_rows
from market.services import AlertTerms, alert_cancel, alert_set, alerts_forget, alerts_tend
from market.services.alerts import Firing, alert_fire
from market.tests.factories import bar_make, bars_make, instrument_make, quote_make, quote_put
from market.trading_days import session_date
from tests.query_budget import query_budget
from tradingplatform.clock import now
from tradingplatform.db.models import OutboxEvent
from tradingplatform.db.shards import shard_aliases
from tradingplatform.ids import uuid7

pytestmark = pytest.mark.django_db(databases="__all__")

URL = "/api/market/alerts"
JIMIN, DANIEL = 7, 8
ABOVE = {"symbol": "aapl", "measure": "PRICE", "direction": "ABOVE", "level": "120.5"}


@pytest.fixture
def apple():
    return instrument_make("AAPL")


@pytest.fixture
def jimin(apple, signed_in):
    return signed_in("jimin")


def _post(client: Any, body: Any, **headers: str) -> Any:
    return client.post(URL, data=body, content_type="application/json", headers=headers)


def _set(key: int = JIMIN, **changes: Any) -> PriceAlert:
    values = {"symbol": "AAPL", "measure": "PRICE", "direction": "ABOVE", "level": Decimal(100)}
    return alert_set(account_db_key=key, terms=AlertTerms(**{**values, **changes}))


def _alerts() -> list[PriceAlert]:
    return [row for a in shard_aliases() for row in PriceAlert.objects.using(a).order_by("pk")]


def _triggers() -> list[AlertTrigger]:
    return [row for a in shard_aliases() for row in AlertTrigger.objects.using(a).order_by("pk")]


def _news() -> list[dict[str, Any]]:
    return [
        event.payload
        for alias in shard_aliases()
        for event in OutboxEvent.objects.using(alias).filter(message_type="alert").order_by("id")
    ]


class Market:
    """A feed's alert watch without its thread: one turn of the clerk, then quotes, then a turn."""

    def __init__(self) -> None:
        self.clerk = AlertClerk()
        self.clerk.turn(_at_second(0))

    def tell(
        self, instrument: Any, *prices: str, at: datetime | None = None, **changes: Any
    ) -> None:
        at = at or now()
        told = {"received_at": at, "exchange_time": at, **changes}
        for price in prices:
            self.clerk.watcher.see(
                [quote_make(instrument, price, **told)],
                at,
            )
            self.clerk.turn(_at_second(0))


def _at_second(second: int) -> datetime:
    return now().replace(second=second)


def test_setting_reading_and_canceling(jimin):
    with query_budget("market:alerts (POST)"):
        answer = _post(jimin, ABOVE | {"note": "sell"})
    alert = answer.json()
    listed = jimin.get(URL).json()
    one = jimin.get(f"{URL}/{alert['id']}").json()

    assert answer.status_code == 201
    assert (alert["symbol"], alert["level"], alert["status"]) == ("AAPL", "120.5", "ACTIVE")
    assert (alert["interval"], alert["window"], alert["note"]) == (None, None, "sell")
    assert listed == {"results": [alert], "next": None}
    assert one == alert
    assert [jimin.delete(f"{URL}/{alert['id']}").status_code for _ in range(2)] == [204, 204]
    assert jimin.get(URL, {"status": "ACTIVE"}).json()["results"] == []
    assert [row["status"] for row in jimin.get(URL).json()["results"]] == ["CANCELED"]
    assert [news["alert"]["status"] for news in _news()] == ["ACTIVE", "CANCELED"]


def test_indicators_get_their_usual_numbers(jimin):
    body = {"symbol": "AAPL", "direction": "BELOW"}
    rsi = _post(jimin, body | {"measure": "RSI", "level": 30, "interval": "1m"}).json()
    sma = _post(jimin, body | {"measure": "SMA_DISTANCE", "window": 60}).json()
    macd = _post(jimin, body | {"measure": "MACD"}).json()

    assert (rsi["window"], rsi["interval"], rsi["level"], rsi["is_armed"]) == (
        14,
        "1m",
        "30",
        False,
    )
    assert (sma["window"], sma["interval"], sma["level"]) == (60, "1d", "0")
    assert (macd["window"], macd["interval"], macd["level"]) == (None, "1d", "0")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"symbol": "NONE"}, 404, "SYMBOL_UNKNOWN"),
        ({"level": "0"}, 400, "INVALID_INPUT"),
        ({"level": "-3"}, 400, "INVALID_INPUT"),
        ({"level": "NaN"}, 400, "INVALID_INPUT"),
        ({"level": None}, 400, "INVALID_INPUT"),
        ({"level": "1.0000001"}, 400, "INVALID_INPUT"),
        ({"measure": "HOPE"}, 400, "INVALID_INPUT"),
        ({"direction": "UP"}, 400, "INVALID_INPUT"),
        ({"interval": "1d"}, 400, "INVALID_INPUT"),
        ({"window": 14}, 400, "INVALID_INPUT"),
        ({"measure": "RSI", "level": "100"}, 400, "INVALID_INPUT"),
        ({"measure": "RSI", "level": "30", "window": 101}, 400, "INVALID_INPUT"),
        ({"measure": "MACD", "level": "1"}, 400, "INVALID_INPUT"),
        ({"cooldown_s": 59}, 400, "INVALID_INPUT"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 400, "INVALID_INPUT"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, 400, "INVALID_INPUT"),
    ],
)
def test_wrong_terms_set_nothing(jimin, changes, status, code):
    answer = _post(jimin, ABOVE | changes)

    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
    assert (_alerts(), _news()) == ([], [])


def test_a_user_may_have_so_many_active_alerts(jimin, settings):
    settings.ALERTS_PER_USER = 1
    first = _post(jimin, ABOVE).json()

    second = _post(jimin, ABOVE)
    jimin.delete(f"{URL}/{first['id']}")
    third = _post(jimin, ABOVE)

    assert (second.status_code, second.json()["errorCode"]) == (422, "ALERT_LIMIT_REACHED")
    assert third.status_code == 201
    assert len(_alerts()) == 2


def test_twice_with_one_key_is_one_alert(jimin):
    answers = [_post(jimin, ABOVE, **{"Idempotency-Key": "k"}) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len(_alerts()) == 1


def test_nobody_reaches_the_alert_of_somebody_else(jimin, signed_in):
    alert = _post(jimin, ABOVE).json()
    daniel = signed_in("daniel")

    answers = [
        daniel.get(f"{URL}/{alert['id']}"),
        daniel.delete(f"{URL}/{alert['id']}"),
        jimin.get(f"{URL}/{uuid7()}"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["errorCode"] for answer in answers} == {"ALERT_NOT_FOUND"}
    assert (
        daniel.get(URL).json()["results"] == daniel.get(f"{URL}/triggers").json()["results"] == []
    )
    assert [row.status for row in _alerts()] == ["ACTIVE"]


def test_a_price_that_reaches_the_level_fires_once_and_tells_the_owner(jimin, apple):
    alert = _post(jimin, ABOVE).json()
    market = Market()

    market.tell(apple, "120.49", "120.5", "121", "120", "130", base_price="100")

    (trigger,) = jimin.get(f"{URL}/triggers").json()["results"]
    assert (trigger["alert_id"], trigger["value"], trigger["price"]) == (
        alert["id"],
        "120.5",
        "120.5",
    )
    assert (trigger["source"], trigger["level"]) == ("SAMPLE", "120.5")
    ended = jimin.get(f"{URL}/{alert['id']}").json()
    assert (ended["status"], ended["fired_at"]) == ("TRIGGERED", trigger["fired_at"])
    assert _news()[-1] == {"kind": "triggered", "trigger": trigger, "alert": ended}
    late = jimin.delete(f"{URL}/{alert['id']}")
    assert (late.status_code, late.json()["errorCode"]) == (409, "ALERT_ENDED")


def test_the_change_of_the_day_fires(apple):
    _set(measure="CHANGE_RATE", direction="BELOW", level=Decimal("-0.05"))
    market = Market()

    market.tell(apple, "95.01", "95", base_price="100")

    assert [(row.value, row.price) for row in _triggers()] == [(Decimal("-0.05"), Decimal(95))]


def test_a_repeating_alert_rests_comes_back_and_fires_again(apple):
    _set(repeats=True, cooldown_s=60)
    market, start = Market(), now()

    market.tell(apple, "100", "99", "101", at=start)
    market.tell(apple, "99.9", "100.1", at=start + timedelta(seconds=90))
    assert len(_triggers()) == 1
    market.tell(apple, "99.8", at=start + timedelta(seconds=90))
    (armed,) = _alerts()
    market.tell(apple, "100", at=start + timedelta(seconds=91))

    assert (armed.status, armed.is_armed, armed.generation) == (AlertStatus.ACTIVE, True, 2)
    assert [row.generation for row in _triggers()] == [1, 2]
    assert _alerts()[0].status == AlertStatus.ACTIVE


def test_a_stale_price_fires_nothing(apple, settings):
    _set()
    market, at = Market(), now()
    old = at - timedelta(seconds=settings.MARKET_QUOTE_STALE_S + 1)

    market.tell(apple, "150", at=at, received_at=old)
    assert _triggers() == []
    market.tell(apple, "150", at=at)

    assert len(_triggers()) == 1


def test_a_jump_while_the_feed_was_down_fires_at_the_first_fresh_quote(apple):
    _set()
    Market().tell(apple, "90")

    Market().tell(apple, "150")

    assert [row.price for row in _triggers()] == [Decimal(150)]


def test_two_feeds_that_see_the_same_price_fire_once(apple):
    _set(), _set(DANIEL, level=Decimal(101))
    first, second = Market(), Market()
    quote = quote_make(apple, "150")

    for market in (first, second):
        market.clerk.watcher.see([quote], now())
    for market in (first, second, first):
        market.clerk.turn(_at_second(0))

    assert sorted(row.account_db_key for row in _triggers()) == [JIMIN, DANIEL]
    assert [news["kind"] for news in _news()].count("triggered") == 2


def test_a_database_that_is_away_delays_a_firing_and_loses_none(apple, monkeypatch):
    _set()
    market = Market()

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("gone away")

    monkeypatch.setattr("market.alert_watch.alert_fire", away)
    monkeypatch.setattr("market.alert_watch.connections.close_all", lambda: None)
    market.tell(apple, "150", "90")
    assert _triggers() == []
    monkeypatch.setattr("market.alert_watch.alert_fire", alert_fire)
    market.clerk.turn(_at_second(0))

    assert [row.price for row in _triggers()] == [Decimal(150)]


def test_a_canceled_alert_does_not_fire_though_the_book_has_it(apple):
    alert = _set()
    market = Market()
    alert_cancel(account_db_key=JIMIN, alert_id=alert.pk)

    market.clerk.watcher.see([quote_make(apple, "150")], now())
    market.clerk.turn(_at_second(0))

    assert (_triggers(), [row.status for row in _alerts()]) == ([], ["CANCELED"])


def test_an_alert_of_an_indicator_fires_when_it_crosses(apple):
    falling = [str(200 - 2 * day) for day in range(60)]
    bars = bars_make(apple, date(2026, 1, 1), falling)
    _set(measure="SMA_DISTANCE", interval="1d", window=5, level=Decimal(0))
    market = Market()

    for close in ("60", "120"):
        bars[-1].delete()
        quote_put(apple, close)
        bars[-1] = bar_make(apple, session_date("NASDAQ", now()), close)
        market.clerk._measured_at = None
        market.clerk.turn(_at_second(30))
        market.tell(apple, close)

    (trigger,) = _triggers()
    assert trigger.price == Decimal(120)
    assert trigger.value > 0


def test_minute_bars_that_are_too_old_are_not_measured(apple):
    at = now().replace(second=20, microsecond=0)
    minute = at.replace(second=0)
    for ago in range(2, 30):
        bar_make(
            apple,
            minute - timedelta(minutes=ago),
            str(100 + ago % 3),
            interval=StoredInterval.MINUTE,
        )
    gauge = Gauge("AAPL", "RSI", "1m", 5)

    now_measured = list(measured([gauge], at))
    later = list(measured([gauge], at + timedelta(minutes=5)))

    assert [one for one, _ in now_measured] == [gauge]
    assert 0 < now_measured[0][1] < 100
    assert later == []


def test_what_has_run_out_expires_and_what_ended_long_ago_goes(apple):
    due = _set(expires_at=now() - timedelta(seconds=1))
    running = _set(expires_at=now() + timedelta(days=1))
    old = _set()
    PriceAlert.objects.for_user(JIMIN).filter(pk=old.pk).update(
        status=AlertStatus.TRIGGERED, updated_at=now() - timedelta(days=181)
    )

    alerts_tend()
    alerts_tend()

    assert {row.pk: row.status for row in _alerts()} == {due.pk: "EXPIRED", running.pk: "ACTIVE"}
    assert [news["alert"]["status"] for news in _news()] == ["ACTIVE"] * 3 + ["EXPIRED"]


def test_reading_alerts_costs_one_query(jimin):
    _post(jimin, ABOVE), _post(jimin, ABOVE)
    jimin.get(URL)

    with query_budget("market:alerts"):
        jimin.get(URL)
    with query_budget("market:alert-triggers"):
        jimin.get(f"{URL}/triggers")


def test_a_copy_of_the_data_holds_the_alerts_and_closing_deletes_them(apple):
    alert = _set(note="n")
    alert_fire(Firing(watch_of(alert), 150.0, quote_make(apple, "150")), at=now())

    rows = market_rows(JIMIN)
    alerts_forget(JIMIN)

    assert [row["note"] for row in rows["price_alerts"]] == ["n"]
    assert [row["price"] for row in rows["alert_triggers"]] == [Decimal(150)]
    assert (_alerts(), _triggers()) == ([], [])


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_many_feeds_at_once_fire_an_alert_once(apple):
    firing = Firing(watch_of(_set()), 150.0, quote_make(apple, "150"))
    failed: list[Exception] = []

    def fire() -> None:
        try:
            alert_fire(firing, at=now())
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=fire) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert [row.generation for row in _triggers()] == [1]
    assert [news["kind"] for news in _news()] == ["alert", "triggered"]


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_the_clerk_hears_of_a_new_alert_and_writes_what_fires(apple, wait_until):
    with alerts_watched() as watcher:
        _set()

        def seen() -> bool:
            watcher.see([quote_make(apple, "150")], now())
            return bool(_triggers())

        wait_until(seen)

    assert [row.price for row in _triggers()] == [Decimal(150)]


def test_the_live_source_follows_what_alerts_wait_for(apple, settings):
    settings.MARKET_FEED = "kis"
    demand_forget()
    _set()

    Market()

    assert demand_wanted().quotes == {"AAPL": 1}
    demand_forget()
