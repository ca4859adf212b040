"""Keys with brokers and providers: kept sealed, shown masked, written down nowhere."""

import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from accounts.models import AuditEntry, User, UserApiKey
from accounts.selectors import broker_key_get
from accounts.services import LoggedIn
from accounts.services.broker_keys import BrokerKeyName, broker_key_store, broker_secrets
from accounts.tests.conftest import PASSWORD
from accounts.tests.factories import address_confirm
from tests.query_budget import query_budget
from tradingplatform.crypto import SealBrokenError
from tradingplatform.logs import json_formatter
from tradingplatform.settings.encryption_keys import parse_keys

pytestmark = pytest.mark.django_db(databases="__all__")
JSON = "application/json"
KEYS = "/api/account/broker-keys"
CANARY = "CANARYsecretNobodyMayWriteDown0123456789"
KIS = {
    "provider": "KIS",
    "environment": "PAPER",
    "app_key": "CANARYappKeyOfMina0000000001",
    "app_secret": CANARY,
    "account_number": "50123456-01",
}
FMP = {"provider": "FMP", "api_key": "CANARYfmpKeyOfMina00000000002"}
SECRETS = [KIS["app_key"], KIS["app_secret"], KIS["account_number"], FMP["api_key"]]


@pytest.fixture
def session(mina: User, log_in: Callable[[User], LoggedIn]) -> LoggedIn:
    address_confirm(mina)
    return log_in(mina)


@pytest.fixture
def log_lines() -> Iterator[StringIO]:
    """Everything that any logger says, as it would stand in the log file."""
    stream, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    handler.setFormatter(json_formatter())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def post(client: Client, body: Any, path: str = KEYS) -> Any:
    if path == KEYS and isinstance(body, dict):
        body = {"password": PASSWORD, **body}
    return client.post(path, body, content_type=JSON)


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("errorCode", "")


def stored(user: User, **fields: str) -> UserApiKey:
    which = BrokerKeyName("FMP", "LIVE")
    return broker_key_store(owner=user, which=which, given=fields or {"api_key": CANARY})


def new_keys(count: int) -> str:
    return json.dumps([b64encode(bytes([number]) * 32).decode() for number in range(count)])


def test_a_key_comes_back_masked(browser: Client) -> None:
    made = post(browser, KIS)
    assert made.status_code == 201
    assert made.json()["masked"] == {
        "app_key": "••••0001",
        "app_secret": "••••",
        "account_number": "••••6-01",
    }
    assert post(browser, FMP).json()["environment"] == "LIVE"
    listed = browser.get(KEYS).json()["results"]
    assert [row["provider"] for row in listed] == ["FMP", "KIS"]
    assert listed[1] == made.json()


def test_whoever_sends_it_on_gets_the_secret(mina: User, browser: Client) -> None:
    key_id = post(browser, KIS).json()["id"]
    row = broker_key_get(account_db_key=mina.pk, key_id=key_id)
    wanted = {name: KIS[name] for name in ("app_key", "app_secret", "account_number")}
    assert broker_secrets(row) == wanted


def test_no_secret_is_in_an_answer_a_log_or_a_row(browser: Client, log_lines: StringIO) -> None:
    answers = [post(browser, KIS), post(browser, FMP), post(browser, KIS), browser.get(KEYS)]
    answers.append(post(browser, KIS | {"account_number": "x"}))
    answers.append(post(browser, KIS | {"provider": "FMP"}))
    key_id = answers[0].json()["id"]
    answers.append(post(browser, {}, f"{KEYS}/{key_id}/test"))
    answers.append(browser.delete(f"{KEYS}/{answers[1].json()['id']}"))
    assert [answer.status_code for answer in answers] == [201, 201, 409, 200, 400, 400, 502, 204]

    written = log_lines.getvalue() + every_row()
    assert "PAPER" in written  # the rows were read
    assert "audit" in log_lines.getvalue()
    for secret in SECRETS:
        assert secret not in written
        assert all(secret not in answer.content.decode() for answer in answers)


def every_row() -> str:
    """Return every value of every table of every database as one text."""
    texts: list[str] = []
    for alias in connections:
        connection = connections[alias]
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
                texts.extend(repr(row) for row in cursor.fetchall())
    return "\n".join(texts)


@pytest.mark.embedded  # the files of a server are not ours to read
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_no_secret_is_in_the_database_file(mina: User) -> None:
    connection = connections["default"]
    row = stored(mina)
    file = Path(str(connection.settings_dict["NAME"]))
    written = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    assert row.sealed.encode() in written
    assert CANARY.encode() not in written


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"provider": "KIS"}, ["account_number", "app_key", "app_secret"]),
        ({"provider": "FMP"}, ["api_key"]),
        (FMP | {"app_secret": "x"}, ["app_secret"]),
        (FMP | {"environment": "PAPER"}, ["environment"]),
        (FMP | {"provider": "NYSE"}, ["provider"]),
        (FMP | {"api_key": "a b"}, ["api_key"]),
        (FMP | {"api_key": "키"}, ["api_key"]),
        (FMP | {"api_key": "x" * 513}, ["api_key"]),
        (FMP | {"api_key": ""}, ["api_key"]),
        (KIS | {"account_number": "5012345601"}, ["account_number"]),
        (KIS | {"account_number": "\u0665\u0660123456-01"}, ["account_number"]),
    ],
)
def test_what_is_no_key_is_not_kept(
    browser: Client, body: dict[str, str], fields: list[str]
) -> None:
    response = post(browser, body)
    assert code(response) == (400, "INVALID_INPUT")
    assert sorted(response.json()["details"]) == fields
    assert UserApiKey.objects.count() == 0


def test_there_is_one_key_of_a_kind(browser: Client) -> None:
    first = post(browser, FMP).json()
    assert code(post(browser, FMP | {"api_key": "another"})) == (409, "BROKER_KEY_EXISTS")
    assert browser.get(KEYS).json()["results"] == [first]
    assert AuditEntry.objects.filter(action="BROKER_KEY_STORED").count() == 1


def test_a_deleted_key_is_gone(browser: Client) -> None:
    path = f"{KEYS}/{post(browser, FMP).json()['id']}"
    assert browser.delete(path).status_code == 204
    assert UserApiKey.objects.count() == 0
    assert code(browser.delete(path)) == (404, "NOT_FOUND")
    assert AuditEntry.objects.filter(action="BROKER_KEY_DELETED").count() == 1


def test_nobody_reaches_the_key_of_another(joon: User, browser: Client) -> None:
    path = f"{KEYS}/{stored(joon).pk}"
    assert browser.get(KEYS).json() == {"results": []}
    assert code(browser.delete(path)) == (404, "NOT_FOUND")
    assert code(post(browser, {}, f"{path}/test")) == (404, "NOT_FOUND")
    assert UserApiKey.objects.count() == 1


def test_a_secret_moved_to_another_row_stays_shut(mina: User, joon: User) -> None:
    mine, theirs = stored(mina), stored(joon, api_key="other")
    UserApiKey.objects.filter(pk=theirs.pk).update(sealed=mine.sealed)
    moved = broker_key_get(account_db_key=joon.pk, key_id=theirs.pk)
    with pytest.raises(SealBrokenError):
        broker_secrets(moved)


def test_rotation_wraps_every_secret_with_the_newest_key(mina: User, settings: Any) -> None:
    old, new = parse_keys(new_keys(2))
    settings.ENCRYPTION_KEYS = [old]
    key = stored(mina)
    settings.ENCRYPTION_KEYS = [new, old]
    assert rotate() == "1 wrapped anew, 0 were already.\n"
    assert rotate() == "0 wrapped anew, 1 were already.\n"

    settings.ENCRYPTION_KEYS = [new]
    row = broker_key_get(account_db_key=mina.pk, key_id=key.pk)
    assert broker_secrets(row) == {"api_key": CANARY}
    assert row.sealed.split(".")[3] == key.sealed.split(".")[3]


def test_rotation_names_what_it_cannot_open_and_goes_on(
    mina: User, joon: User, settings: Any
) -> None:
    lost, old, new = parse_keys(new_keys(3))
    settings.ENCRYPTION_KEYS = [lost]
    broken = stored(mina)
    settings.ENCRYPTION_KEYS = [old]
    good = stored(joon)
    settings.ENCRYPTION_KEYS = [new, old]
    with pytest.raises(CommandError, match="1 cannot be opened"):
        rotate()
    broken.refresh_from_db()
    good.refresh_from_db()
    assert [row.sealed.split(".")[1] for row in (broken, good)] == [lost["id"], new["id"]]


def rotate() -> str:
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


def test_what_it_costs(browser: Client) -> None:
    post(browser, FMP)
    browser.get(KEYS)
    with query_budget("accounts:broker-keys"):
        browser.get(KEYS)
