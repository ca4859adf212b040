"""Watchlists: order, limits, versions, isolation, and tabs that follow by events."""

import threading
from typing import Any

import pytest
from django.db import connections

from market.exporters import market_rows
from market.models import Watchlist, WatchlistItem
from market.services import (
    watchlist_item_add,
    watchlist_make,
    watchlists_forget,
)
from market.tests.factories import instrument_make
from market.watch_selectors import watchlists_get
from market.watchlists import watchlist_payload
from tests.query_budget import query_budget
from tradingplatform.db.models import OutboxEvent
from tradingplatform.db.shards import shard_aliases
from tradingplatform.ids import uuid7

pytestmark = pytest.mark.django_db(databases="__all__")

URL = "/api/market/watchlists"
JIMIN = 7


@pytest.fixture
def jimin(signed_in):
    for symbol in ("AAPL", "MSFT", "KO", "005930"):
        instrument_make(symbol)
    return signed_in("jimin")


def _send(client: Any, verb: str, url: str, body: Any) -> Any:
    return getattr(client, verb)(url, data=body, content_type="application/json")


def _made(client: Any, *symbols: str, name: str = "Tech") -> dict[str, Any]:
    made = _send(client, "post", URL, {"name": name}).json()
    for symbol in symbols:
        made = _send(client, "post", f"{URL}/{made['id']}/items", {"symbol": symbol}).json()
    return made


def _symbols(watchlist: dict[str, Any]) -> list[str]:
    return [item["symbol"] for item in watchlist["items"]]


def _lists(client: Any) -> list[dict[str, Any]]:
    return client.get(URL).json()["results"]


def _stored() -> list[tuple[Any, ...]]:
    """Return what a refused request must not have changed."""
    columns = ("pk", "name", "place", "version")
    return [
        *(row for a in shard_aliases() for row in Watchlist.objects.using(a).values_list(*columns)),
        *(
            row
            for a in shard_aliases()
            for row in WatchlistItem.objects.using(a).values_list("pk", "symbol", "place", "note")
        ),
    ]


def test_the_first_look_makes_one_list_of_well_known_symbols(jimin, settings):
    settings.PAGE_SYMBOLS = ["005930", "NONE", "AAPL"]

    first = _lists(jimin)
    second = _lists(jimin)

    assert [_symbols(one) for one in first] == [["005930", "AAPL"]]
    assert first == second


def test_symbols_come_go_and_carry_notes(jimin):
    made = _made(jimin, "AAPL", "ko")
    path = f"{URL}/{made['id']}"

    noted = _send(jimin, "patch", f"{path}/items/ko", {"note": "dividend"}).json()
    removed = jimin.delete(f"{path}/items/AAPL").json()

    assert [(item["symbol"], item["note"]) for item in noted["items"]] == [
        ("AAPL", ""),
        ("KO", "dividend"),
    ]
    assert _symbols(removed) == ["KO"]
    assert [made["version"], noted["version"], removed["version"]] == [3, 4, 5]
    assert jimin.get(path).json() == removed


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"symbol": "AAPL"}, 409, "WATCHLIST_ITEM_EXISTS"),
        ({"symbol": "NONE"}, 404, "SYMBOL_UNKNOWN"),
        ({"symbol": ""}, 400, "INVALID_INPUT"),
        ({"symbol": "KO", "note": "x" * 201}, 400, "INVALID_INPUT"),
    ],
)
def test_a_refused_symbol_changes_nothing(jimin, body, status, code):
    made = _made(jimin, "AAPL")
    before = _stored()

    answer = _send(jimin, "post", f"{URL}/{made['id']}/items", body)

    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
    assert _stored() == before


def test_items_are_reordered_if_nobody_changed_the_list(jimin):
    made = _made(jimin, "AAPL", "MSFT", "KO")
    body = {"version": made["version"], "symbols": ["KO", "AAPL", "MSFT"]}

    with query_budget("market:watchlist-items (PUT)"):
        answer = _send(jimin, "put", f"{URL}/{made['id']}/items", body)
    again = _send(jimin, "put", f"{URL}/{made['id']}/items", body)

    assert (answer.status_code, _symbols(answer.json())) == (200, ["KO", "AAPL", "MSFT"])
    assert (again.status_code, again.json()["errorCode"]) == (409, "WATCHLIST_CHANGED")
    assert again.json()["details"] == {"version": made["version"] + 1}


@pytest.mark.parametrize("symbols", [["AAPL"], ["AAPL", "AAPL"], ["AAPL", "KO"], []])
def test_an_order_must_name_each_symbol_once(jimin, symbols):
    made = _made(jimin, "AAPL", "MSFT")
    before = _stored()
    body = {"version": made["version"], "symbols": symbols}

    answer = _send(jimin, "put", f"{URL}/{made['id']}/items", body)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "INVALID_INPUT")
    assert _stored() == before


def test_lists_are_renamed_and_moved(jimin):
    names = ["A", "B", "C"]
    ids = {name: _made(jimin, name=name)["id"] for name in names}

    moved = _send(jimin, "patch", f"{URL}/{ids['C']}", {"place": 0, "name": "First"})

    assert (moved.status_code, moved.json()["place"]) == (200, 0)
    assert [(one["name"], one["place"]) for one in _lists(jimin)] == [
        ("First", 0),
        ("A", 1),
        ("B", 2),
    ]
    assert jimin.delete(f"{URL}/{ids['A']}").status_code == 204
    assert [one["name"] for one in _lists(jimin)] == ["First", "B"]


def test_limits_of_lists_and_symbols(jimin, settings):
    settings.WATCHLISTS_PER_USER, settings.WATCHLIST_SYMBOLS_MAX = 1, 1
    made = _made(jimin, "AAPL")
    before = _stored()

    list_too_many = _send(jimin, "post", URL, {"name": "B"})
    symbol_too_many = _send(jimin, "post", f"{URL}/{made['id']}/items", {"symbol": "KO"})

    for answer in (list_too_many, symbol_too_many):
        assert (answer.status_code, answer.json()["errorCode"]) == (422, "WATCHLIST_LIMIT_REACHED")
        assert answer.json()["details"] == {"limit": 1}
    assert _stored() == before


def test_nobody_reaches_the_list_of_somebody_else(jimin, signed_in):
    made = _made(jimin, "AAPL")
    path, before = f"{URL}/{made['id']}", _stored()
    daniel = signed_in("daniel")

    answers = [
        daniel.get(path),
        _send(daniel, "patch", path, {"name": "Mine"}),
        _send(daniel, "post", f"{path}/items", {"symbol": "KO"}),
        _send(daniel, "put", f"{path}/items", {"version": 2, "symbols": ["AAPL"]}),
        _send(daniel, "patch", f"{path}/items/AAPL", {"note": "x"}),
        daniel.delete(f"{path}/items/AAPL"),
        daniel.delete(path),
        daniel.get(f"{URL}/{uuid7()}"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["errorCode"] for answer in answers} == {"WATCHLIST_NOT_FOUND"}
    assert _stored() == before


def test_a_symbol_that_is_not_on_the_list(jimin):
    made = _made(jimin, "AAPL")

    answer = jimin.delete(f"{URL}/{made['id']}/items/KO")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, "WATCHLIST_ITEM_NOT_FOUND")


def test_twice_with_one_key_is_one_list(jimin):
    for _ in range(2):
        answer = jimin.post(
            URL,
            data={"name": "Once"},
            content_type="application/json",
            headers={"Idempotency-Key": "k"},
        )
        assert answer.status_code == 201

    assert [one["name"] for one in _lists(jimin)] == ["Once"]


def test_reading_lists_costs_two_queries(jimin):
    _made(jimin, "AAPL", "KO")
    _made(jimin, "MSFT", name="Other")
    jimin.get(URL)

    with query_budget("market:watchlists"):
        jimin.get(URL)


def test_a_tab_that_follows_the_events_has_what_a_new_look_shows(jimin):
    snapshot = {one["id"]: one for one in _lists(jimin)}
    n_seen = len(_news())
    made = _made(jimin, "AAPL", "MSFT", "KO")
    other = _made(jimin, name="Other")
    path = f"{URL}/{made['id']}"
    _send(jimin, "put", f"{path}/items", {"version": 4, "symbols": ["KO", "MSFT", "AAPL"]})
    _send(jimin, "patch", f"{URL}/{other['id']}", {"place": 0})
    jimin.delete(f"{path}/items/MSFT")
    _send(jimin, "patch", f"{path}/items/KO", {"note": "cola"})
    jimin.delete(f"{URL}/{other['id']}")

    for news in _news()[n_seen:]:
        if news["kind"] == "deleted":
            del snapshot[news["id"]]
        else:
            snapshot[news["watchlist"]["id"]] = news["watchlist"]

    assert sorted(snapshot.values(), key=lambda one: one["place"]) == _lists(jimin)


def _news() -> list[dict[str, Any]]:
    """Return what the user's sockets were told, in order."""
    found = [
        event
        for alias in shard_aliases()
        for event in OutboxEvent.objects.using(alias)
        .filter(message_type="watchlist")
        .order_by("stream_seq")
    ]
    assert {(event.stream, event.topic) for event in found} == {
        ("user", "market.watchlist_changed")
    }
    return [event.payload for event in found]


def test_a_copy_of_the_data_holds_the_lists_and_closing_deletes_them():
    instrument_make("AAPL")
    made, _ = watchlist_make(account_db_key=JIMIN, name="Tech")
    watchlist_item_add(account_db_key=JIMIN, watchlist_id=made.pk, symbol="AAPL", note="n")

    rows = market_rows(JIMIN)
    watchlists_forget(JIMIN)

    assert [row["name"] for row in rows["watchlists"]] == ["Tech"]
    assert [(row["symbol"], row["note"]) for row in rows["watchlist_items"]] == [("AAPL", "n")]
    assert "account_db_key" not in rows["watchlists"][0]
    assert _stored() == []


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_many_tabs_that_add_at_once_lose_nothing_and_keep_the_limit(settings):
    settings.WATCHLIST_SYMBOLS_MAX = 5
    symbols = [f"S{number}" for number in range(8)]
    for symbol in symbols:
        instrument_make(symbol)
    made, _ = watchlist_make(account_db_key=JIMIN, name="Race")
    outcomes: list[str] = []

    def add(symbol: str) -> None:
        try:
            watchlist_item_add(account_db_key=JIMIN, watchlist_id=made.pk, symbol=symbol)
            outcomes.append("added")
        except Exception as error:  # noqa: BLE001 - what it was is asserted below
            outcomes.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=add, args=(symbol,)) for symbol in symbols]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ((stored, items),) = watchlists_get(JIMIN)
    assert sorted(outcomes) == ["WatchlistLimitError"] * 3 + ["added"] * 5
    assert len({item.place for item in items}) == len(items) == 5
    assert watchlist_payload(stored, items)["version"] == 6
