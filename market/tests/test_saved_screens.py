"""Screens that users keep."""

from typing import Any

import pytest

from market.exporters import market_rows
from market.feature_models import SavedScreen
from market.services import screen_save, screens_forget
from tests.query_budget import query_budget
from tradingplatform.db.shards import shard_aliases
from tradingplatform.ids import uuid7

pytestmark = pytest.mark.django_db(databases="__all__")
URL = "/api/market/screener"
JIMIN = 7


def _post(client: Any, url: str, body: Any) -> Any:
    return client.post(url, data=body, content_type="application/json")


def _saved() -> list[tuple[Any, ...]]:
    return [
        row
        for alias in shard_aliases()
        for row in SavedScreen.objects.using(alias).values_list("name", "definition")
    ]


SAVED = {"name": "Cheap", "definition": {"filters": [], "sort": "-volume"}}


def test_screens_are_saved_changed_and_deleted(signed_in):
    jimin = signed_in("jimin")
    made = _post(jimin, f"{URL}/screens", SAVED)
    path = f"{URL}/screens/{made.json()['id']}"

    changed = jimin.patch(path, data={"name": "Loud"}, content_type="application/json").json()
    with query_budget("market:screens"):
        listed = jimin.get(f"{URL}/screens").json()

    assert made.status_code == 201
    assert (changed["name"], changed["definition"]) == ("Loud", SAVED["definition"])
    assert listed["results"] == [changed]
    assert jimin.get(path).json() == changed
    assert jimin.delete(path).status_code == 204
    assert _saved() == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (SAVED | {"definition": {"sort": "hope"}}, 400, "SCREEN_INVALID"),
        (SAVED | {"name": ""}, 400, "INVALID_INPUT"),
        ({"name": "x"}, 400, "INVALID_INPUT"),
        (SAVED, 422, "SCREEN_LIMIT_REACHED"),
    ],
)
def test_a_refused_screen_is_not_saved(signed_in, settings, body, status, code):
    settings.SCREENS_PER_USER = 0

    answer = _post(signed_in("jimin"), f"{URL}/screens", body)

    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
    assert _saved() == []


def test_nobody_reaches_the_screen_of_somebody_else(signed_in):
    jimin, daniel = signed_in("jimin"), signed_in("daniel")
    path = f"{URL}/screens/{_post(jimin, f'{URL}/screens', SAVED).json()['id']}"
    before = _saved()

    answers = [
        daniel.get(path),
        daniel.patch(path, data={"name": "Mine"}, content_type="application/json"),
        daniel.delete(path),
        jimin.get(f"{URL}/screens/{uuid7()}"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["errorCode"] for answer in answers} == {"SCREEN_NOT_FOUND"}
    assert daniel.get(f"{URL}/screens").json()["results"] == []
    assert _saved() == before


def test_a_copy_of_the_data_holds_the_screens_and_closing_deletes_them():
    screen_save(account_db_key=JIMIN, name="Cheap", definition={"sort": "price"})

    rows = market_rows(JIMIN)["saved_screens"]
    screens_forget(JIMIN)

    assert [row["name"] for row in rows] == ["Cheap"]
    assert _saved() == []
