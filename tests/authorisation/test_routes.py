"""Route x method x kind of caller: the answer is the table's, and a refusal changes nothing."""

from collections.abc import Callable
from copy import deepcopy

import orjson
import pytest
from django.test import Client

from tests.authorisation.bodies import PASSWORD_SHOWN
from tests.authorisation.callers import KINDS, Kind
from tests.authorisation.databases import changed, fingerprints, undone
from tests.authorisation.people import PASSWORD, Person
from tests.authorisation.routes import Call, calls, expected, fault, values_of

pytestmark = pytest.mark.django_db(databases="__all__")
CALLS = list(calls())
# Django's admin answers all strangers alike: these see what there is to see.
ADMIN_KINDS = {"anonymous", "owner", "page", "page of an operator", "administrator", "insider"}
# A method that no view offers, and HEAD beside its GET, are the same to all who come in alike.
TRY_ALL_METHODS = {"anonymous", "owner", "page", "page without CSRF token", "key of all scopes"}
# Who is who is decided without a database of its own; these show that it holds on each.
ON_EVERY_DATABASE = TRY_ALL_METHODS | {"key of no scope", "session ended", "staff", "unverified"}
CELLS_MIN = 7_000


def cells(kind: Kind) -> list[Call]:
    """Return what a kind of caller is tried at."""
    return [call for call in CALLS if is_tried(call, kind.name)]


def is_tried(call: Call, kind: str) -> bool:
    if call.name.startswith("admin:") and kind not in ADMIN_KINDS:
        return False
    return kind in TRY_ALL_METHODS or (call.is_offered and call.method != "HEAD")


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[] if kind.name in ON_EVERY_DATABASE else pytest.mark.embedded)
        for kind in KINDS.values()
    ],
    ids=lambda kind: kind.name,
)
def test_every_call_is_answered_as_the_table_says(
    kind: Kind, owner: Person, count: Callable[[str, int], None]
) -> None:
    client = kind.client(owner)
    faults = {}
    refused = [call for call in cells(kind) if not expected(call, kind).allowed]
    allowed = [call for call in cells(kind) if expected(call, kind).allowed]
    before = fingerprints()

    for call in refused:
        faults[str(call)] = answer_fault(client, call, kind, owner)
    touched = changed(before)
    for call in allowed:
        with undone():
            faults[str(call)] = answer_fault(client, call, kind, owner)

    assert {call: wrong for call, wrong in faults.items() if wrong} == {}
    assert touched == []
    count("authorisation matrix, cells of routes", len(refused) + len(allowed))


def answer_fault(client: Client, call: Call, kind: Kind, owner: Person) -> str:
    cookies = deepcopy(client.cookies)  # an answer may take them away
    url = call.url(values_of(call, owner.thing))
    body = {"password": PASSWORD} if str(call) in PASSWORD_SHOWN else {}
    answer = client.generic(call.method, url, orjson.dumps(body), content_type="application/json")
    client.cookies = cookies
    return fault(answer, expected(call, kind))


def test_the_matrix_has_not_shrunk() -> None:
    assert sum(len(cells(kind)) for kind in KINDS.values()) >= CELLS_MIN
