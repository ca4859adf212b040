"""Names that no serializer asks for, in every body: none of them is written."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.test import Client

from accounts.models import User
from tests.authorisation.bodies import BODIES, HEADERS
from tests.authorisation.callers import KINDS
from tests.authorisation.databases import undone
from tests.authorisation.people import Person
from tests.authorisation.routes import Call, calls, values_of
from tests.authorisation.test_things import DOCUMENT, body_of
from tradingplatform.api.schema import _template

pytestmark = pytest.mark.django_db(databases="__all__")
WRITES = [
    call
    for call in calls()
    if call.is_api and call.is_offered and call.method in {"POST", "PUT", "PATCH"}
]
RIGHTS = ("is_staff", "is_superuser", "is_active", "account_db_key", "uid", "email_verified_at")
ALSO = {*RIGHTS, "user", "user_id", "balance", "status", "version", "created_at", "owner", "scopes"}
# Recognised wherever it is written, as text or as a number.
PLANTED = "987654321012345"


def names() -> set[str]:
    """Return the name of every field of every model of the project."""
    ours = [model for app in settings.PROJECT_APPS for model in models_of(app)]
    return ALSO | {field.name for model in ours for field in model._meta.get_fields()}


def models_of(app: str) -> list[Any]:
    return list(apps.get_app_config(app.rpartition(".")[2]).get_models())


def offered(call: Call) -> set[str]:
    """Return what the document says that a body may hold."""
    operation = DOCUMENT["paths"].get(_template(call.path), {}).get(call.method.lower(), {})
    return set(body_of(operation, DOCUMENT))


def written() -> list[str]:
    """Return the tables in which something planted stands."""
    found = []
    for alias in connections:
        connection = connections[alias]
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
                found += [table for row in cursor.fetchall() if PLANTED in repr(row)]
    return found


def rights() -> list[tuple[Any, ...]]:
    return list(User.objects.order_by("pk").values_list(*RIGHTS))


def send(client: Client, call: Call, owner: Person, planted: object) -> None:
    good = BODIES.get(str(call), {})
    extra = dict.fromkeys(names() - offered(call), planted)
    client.generic(
        call.method,
        call.url(values_of(call, owner.thing)),
        orjson.dumps(extra | good),
        content_type="application/json",
        headers=HEADERS.get(str(call), {}),
    )


@pytest.mark.parametrize(
    "planted", [PLANTED, int(PLANTED), True], ids=["as text", "as a number", "as true"]
)
def test_nothing_is_written_that_was_not_asked_for(
    planted: object, owner: Person, count: Callable[[str, int], None]
) -> None:
    client = KINDS["owner"].client(owner)
    before = rights()
    faults = {}
    for call in WRITES:
        with undone():
            send(client, call, owner, planted)
            if written() or (call.name != "accounts:close" and rights()[: len(before)] != before):
                faults[str(call)] = written()
    assert faults == {}
    assert len(names()) > 100
    count("mass assignment, writes with every field", len(WRITES))
