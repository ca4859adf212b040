"""Pages neither skip nor repeat rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from accounts.models import User
from tradingplatform.clock import now
from tradingplatform.db.models import InboxMessage

pytestmark = pytest.mark.django_db(databases="__all__")
SignIn = Callable[[str], Client]
URL = "/api/probe/money"


def add(names: list[str], *, same_time: bool = False, after_s: int = 0) -> None:
    owner, moment = User.objects.get().pk, now() + timedelta(seconds=after_s)
    rows = InboxMessage.objects.for_user(owner)
    for number, name in enumerate(names):
        received_at = moment if same_time else moment + timedelta(seconds=number)
        rows.create(
            account_db_key=owner, consumer="probe", message_id=name, received_at=received_at
        )


def walk(client: Client, url: str) -> list[list[str]]:
    pages, next_url = [], url
    while next_url:
        body = client.get(next_url).json()
        assert set(body) == {"results", "next"}
        pages.append(body["results"])
        next_url = body["next"]
    return pages


@pytest.mark.parametrize("same_time", [False, True])
def test_pages_cover_everything_once(signed_in: SignIn, same_time: bool) -> None:
    client = signed_in("mina")
    add(list("abcde"), same_time=same_time)
    assert walk(client, f"{URL}?limit=2") == [["e", "d"], ["c", "b"], ["a"]]


def test_a_full_last_page_has_no_next(signed_in: SignIn) -> None:
    client = signed_in("mina")
    add(list("abcd"))
    assert walk(client, f"{URL}?limit=2") == [["d", "c"], ["b", "a"]]


def test_new_rows_do_not_shift_the_next_page(signed_in: SignIn) -> None:
    client = signed_in("mina")
    add(list("abcd"))
    first = client.get(f"{URL}?limit=2").json()
    add(["z"], after_s=60)
    assert client.get(first["next"]).json()["results"] == ["b", "a"]


def test_an_empty_list_is_one_empty_page(signed_in: SignIn) -> None:
    assert walk(signed_in("mina"), URL) == [[]]


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "1.5", "٣", "9999999999"])
def test_odd_limits_are_refused(signed_in: SignIn, limit: str) -> None:
    response = signed_in("mina").get(URL, {"limit": limit})
    assert (response.status_code, response.json()["errorCode"]) == (400, "INVALID_INPUT")
    assert list(response.json()["details"]) == ["limit"]


def test_the_largest_limit_is_allowed(signed_in: SignIn) -> None:
    assert signed_in("mina").get(URL, {"limit": "200"}).status_code == 200


def broken_cursors(good: str) -> list[str]:
    other_list = signing.dumps(["1", "1"], salt="cursor:/api/other:-received_at,-id")
    return ["", "x", "1:2:3", good[:-1], "A" + good, good + "=", other_list, "가", "x" * 5000]


def test_a_cursor_of_somebody_else_is_refused(signed_in: SignIn) -> None:
    client = signed_in("mina")
    add(list("abc"))
    next_url: Any = client.get(f"{URL}?limit=1").json()["next"]
    good = next_url.partition("cursor=")[2]
    for cursor in broken_cursors(good):
        response = client.get(URL, {"cursor": cursor})
        assert (response.status_code, response.json()["errorCode"]) == (400, "INVALID_CURSOR")
