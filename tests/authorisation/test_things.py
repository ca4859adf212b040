"""Ids: one's own is found, somebody else's is what nobody's is, and stays as it was."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests.authorisation.bodies import BODIES, HEADERS, OTHERWISE
from tests.authorisation.callers import KINDS, Kind
from tests.authorisation.databases import changed, fingerprints, undone
from tests.authorisation.people import Person
from tests.authorisation.routes import Call, calls, expected, values_of
from tradingplatform.ids import uuid7

DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
Things = Callable[[str, str], str]
pytestmark = pytest.mark.django_db(databases="__all__")
CALLS = [
    call
    for call in calls()
    if call.parameters and call.is_offered and not call.name.startswith("admin:")
]
# Operators and programs get no further than their own things either.
ASKING = [kind for kind in KINDS.values() if kind.is_authenticated and kind.csrf]
# Ids that a caller makes up: they name nothing of anybody else.
PARAMETER = re.compile(r"\{(\w+)\}")
ID = re.compile(r"(^|_)(id|ids|uid|uuid)$")
MADE_UP = {"client_order_id", "client_message_id"}
# Ids, CSRF tokens and nonces.
UNLIKE = re.compile(r"[A-Za-z0-9_+/-]{20,}={0,2}")


def test_the_owner_reaches_each_thing(owner: Person) -> None:
    client = KINDS["owner"].client(owner)
    page = KINDS["page"].client(owner)
    faults = {}
    for call in CALLS:
        with undone():
            answer = ask(client if call.is_api else page, call, owner.thing)
        wanted = OTHERWISE.get(str(call))
        if not (answer.status_code == wanted or (wanted is None and answer.status_code < 400)):
            faults[str(call)] = (answer.status_code, answer.content[:200])
    assert faults == {}, "give each a good body in tests/authorisation/bodies.py"


@pytest.mark.parametrize("kind", ASKING, ids=lambda kind: kind.name)
def test_things_of_others_are_not_found(
    kind: Kind, owner: Person, stranger: Person, count: Callable[[str, int], None]
) -> None:
    client = kind.client(owner)
    asked = [call for call in CALLS if expected(call, kind).allowed]
    before = fingerprints()
    faults: dict[str, object] = {}
    for call in asked:
        theirs = ask(client, call, stranger.thing)
        nobodys = ask(client, call, lambda *_: str(uuid7()))
        if theirs.status_code != 404 or told(theirs) != told(nobodys):
            faults[str(call)] = (told(theirs), told(nobodys))
        for mixed in mixtures(call, owner, stranger):
            answer = ask(client, call, mixed)
            if answer.status_code != 404:
                faults[f"{call} with a foreign id beside an own one"] = told(answer)
    assert faults == {}
    assert changed(before) == []
    count("authorisation matrix, cells of ids in paths", 3 * len(asked))


def mixtures(call: Call, owner: Person, stranger: Person) -> Iterator[Things]:
    """Return the ways of naming one foreign thing beside one's own."""

    def mixed(foreign: str, view: str, name: str) -> str:
        return (stranger if name == foreign else owner).thing(view, name)

    for foreign in call.parameters if len(call.parameters) > 1 else ():
        yield partial(mixed, foreign)


def ask(client: Client, call: Call, things: Things) -> Any:
    cookies = deepcopy(client.cookies)
    answer = client.generic(
        call.method,
        call.url(values_of(call, things)),
        orjson.dumps(BODIES.get(str(call), {})),
        content_type="application/json",
        headers=HEADERS.get(str(call), {}),
    )
    client.cookies = cookies
    return answer


def told(answer: Any) -> tuple[int, str]:
    """Return an answer without what differs from request to request."""
    return answer.status_code, UNLIKE.sub("", answer.content.decode())


def named_ids() -> Iterator[tuple[str, str, str]]:
    """Return (path, method, name) of each id in a query or a body."""
    for path, verbs in DOCUMENT["paths"].items():
        for method, operation in verbs.items():
            query = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
            for name in (*query, *body_of(operation, DOCUMENT)):
                if ID.search(name) and name not in MADE_UP:
                    yield path, method, name


def body_of(operation: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """Return the names in the body that an operation takes."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    component = str(schema.get("$ref", "")).rpartition("/")[2]
    return list(document["components"]["schemas"].get(component, {}).get("properties", {}))


def test_ids_in_queries_and_bodies_are_asked_with_foreign_ones(
    owner: Person, stranger: Person, count: Callable[[str, int], None]
) -> None:
    client = KINDS["owner"].client(owner)
    faults = {}
    asked = list(named_ids())
    for path, method, name in asked:
        answers = []
        for value in (stranger.thing(path, name.removesuffix("s")), str(uuid7())):
            given = {name: [value] if name.endswith("s") else value}
            url = PARAMETER.sub(partial(own_id, owner, path), path)
            url += f"?{urlencode(given, doseq=True)}"  # ids of a body do no harm there
            with undone():
                answers.append(
                    told(
                        client.generic(method.upper(), url, orjson.dumps(given), "application/json")
                    )
                )
        if answers[0] != answers[1] or answers[0][0] < 400:
            faults[f"{method} {path} {name}"] = answers
    assert faults == {}
    count("authorisation matrix, cells of ids in queries and bodies", 2 * len(asked))


def own_id(owner: Person, path: str, found: re.Match[str]) -> str:
    return owner.thing(path, found[1])
