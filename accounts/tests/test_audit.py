"""The audit log: what it says, who sees it, and that no change of it goes unseen."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from accounts.api.serializers import ActivityOutput
from accounts.enums import AuditAction
from accounts.errors import InvalidCredentialsError, InvalidTokenError
from accounts.models import AuditEntry, AuditHead, User
from accounts.selectors import security_activity
from accounts.services import LoggedIn, token_refresh, user_log_in, user_log_out, user_sign_up
from accounts.services.audit import audit_append, audit_breaches
from accounts.tests.conftest import HOME, PASSWORD
from tests.query_budget import query_budget
from tradingplatform.errors import InvariantError

pytestmark = pytest.mark.django_db(databases="__all__")
Bearer = Callable[[str], Client]
LogIn = Callable[[User], LoggedIn]
URL = "/api/account/security-activity"


def actions(user: User | None) -> list[str]:
    rows = AuditEntry.objects.filter(account_db_key=user.pk if user else None)
    return list(rows.order_by("seq").values_list("action", flat=True))


def sql(statement: str, *values: Any) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount == 1


def test_coming_and_going_is_written_down(mina: User, log_in: LogIn) -> None:
    logged_in = log_in(mina)
    with pytest.raises(InvalidCredentialsError):
        user_log_in(email=mina.email, password="wrong one", device=HOME)
    user_log_out(sid=logged_in.session.sid, device=HOME)
    user_log_out(sid=logged_in.session.sid, device=HOME)

    assert actions(mina) == ["SIGNED_UP", "LOGGED_IN", "LOG_IN_REFUSED", "LOGGED_OUT"]
    refused, ended = AuditEntry.objects.order_by("seq")[2:]
    assert (refused.actor, refused.ip, refused.user_agent) == ("", HOME.ip, HOME.user_agent)
    assert (ended.actor, ended.session_id) == (str(mina.uid), logged_in.session.sid)
    assert list(audit_breaches()) == []


def test_a_refusal_of_nobody_keeps_no_address() -> None:
    with pytest.raises(InvalidCredentialsError):
        user_log_in(email="nobody@example.com", password="wrong one", device=HOME)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.account_db_key, entry.chain) == ("LOG_IN_REFUSED", None, 0)
    assert b"nobody" not in orjson.dumps(AuditEntry.objects.values().get(), default=str)


def test_a_refused_sign_up_writes_nothing(api: Client, mina: User) -> None:
    body = {"email": mina.email, "password": PASSWORD, "nickname": "Mina"}
    answer = api.post("/api/account/signup", body, content_type="application/json")
    assert answer.status_code == 409
    assert actions(mina) == ["SIGNED_UP"]
    assert AuditEntry.objects.count() == 1


def test_a_stolen_refresh_token_is_written_down(mina: User, log_in: LogIn, settings: Any) -> None:
    settings.REFRESH_GRACE_S = 0
    refresh = log_in(mina).tokens.refresh
    token_refresh(refresh=token_refresh(refresh=refresh).refresh)
    with pytest.raises(InvalidTokenError):
        token_refresh(refresh=refresh)
    assert actions(mina)[-1] == "REFRESH_TOKEN_REUSED"


def test_an_owner_reads_own_activity_in_pages(
    mina: User, joon: User, log_in: LogIn, bearer: Bearer
) -> None:
    client = bearer(log_in(mina).tokens.access)
    log_in(joon)
    client.get(URL)
    with query_budget("accounts:security-activity"):
        first = client.get(f"{URL}?limit=1").json()
    second = client.get(first["next"]).json()

    seen = [*first["results"], *second["results"]]
    assert [entry["action"] for entry in seen] == ["LOGGED_IN", "SIGNED_UP"]
    assert seen[0]["is_own"] is True
    assert seen[0]["ip"] == HOME.ip
    assert seen[1]["details"] == {"is_operator": False}
    assert second["next"] is None
    assert Client().get(URL).status_code == 401


def test_entries_are_never_changed_or_removed(mina: User) -> None:
    entry = AuditEntry.objects.get()
    for change in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(ip="9.9.9.9"),
    ):
        with pytest.raises(InvariantError):
            change()
    assert AuditEntry.objects.get().ip == entry.ip


def stored_id(entry: AuditEntry) -> Any:
    field = AuditEntry._meta.pk
    return field.get_db_prep_value(entry.pk, connections["default"])


@pytest.mark.parametrize(
    "change",
    [
        "ip = '127.0.0.2'",
        "action = 'LOGGED_OUT'",
        "details = '{\"is_operator\": true}'",
        "occurred_at = '2026-01-02 03:04:05.000006'",
        "actor = ''",
        "account_db_key = NULL",
        "prev_hash = 'x'",
        "hash = 'x'",
        "request_id = 'other'",
    ],
)
def test_one_changed_column_is_found_and_named(mina: User, log_in: LogIn, change: str) -> None:
    log_in(mina)
    log_in(mina)
    entry = AuditEntry.objects.get(seq=2)
    assert list(audit_breaches()) == []

    sql(f"UPDATE table_audit_entries SET {change} WHERE id = %s", stored_id(entry))  # noqa: S608

    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("verify", audit=True, stdout=out)
    assert caught.value.returncode == 1
    assert f"BREACH audit entry {entry.chain}/2 ({entry.pk}) was changed" in out.getvalue()


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("column", "said"), [("occurred_at", "was changed"), ("session_id", "cannot be read")]
)
def test_an_entry_that_makes_no_sense_is_named(
    mina: User, log_in: LogIn, column: str, said: str
) -> None:
    log_in(mina)
    entry = AuditEntry.objects.get(seq=2)
    sql(f"UPDATE table_audit_entries SET {column} = 'x' WHERE id = %s", stored_id(entry))  # noqa: S608
    found = [line for line in audit_breaches() if f"{entry.chain}/2" in line]
    assert said in found[0]


@pytest.mark.parametrize(("seq", "said"), [(1, "entries are missing"), (3, "its head says 3")])
def test_a_removed_entry_is_missed(mina: User, log_in: LogIn, seq: int, said: str) -> None:
    log_in(mina)
    log_in(mina)
    sql("DELETE FROM table_audit_entries WHERE id = %s", stored_id(AuditEntry.objects.get(seq=seq)))
    assert any(said in line for line in audit_breaches())


def test_a_chain_without_its_head_is_found(mina: User) -> None:
    AuditHead.objects.all().delete()
    assert [line for line in audit_breaches() if "no head" in line]


def test_a_whole_log_is_said_to_be_whole(mina: User) -> None:
    out = StringIO()
    call_command("verify", audit=True, stdout=out)
    assert out.getvalue() == "The audit log is whole.\n"


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_many_at_once_keep_one_chain(mina: User) -> None:
    start = Barrier(8)

    def append(_: int) -> None:
        try:
            start.wait(timeout=20)
            for _ in range(5):
                audit_append(action=AuditAction.SESSION_ENDED, account=None, device=HOME)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(append, range(8)))

    seqs = AuditEntry.objects.filter(chain=0).order_by("seq").values_list("seq", flat=True)
    assert list(seqs) == list(range(1, 41))
    assert list(audit_breaches()) == []


def activity_of(user: User) -> list[Any]:
    return list(ActivityOutput(security_activity(user.pk).order_by("-occurred_at"), many=True).data)


def test_operators_search_the_log_and_are_written_into_it(mina: User, settings: Any) -> None:
    settings.ROOT_URLCONF = "tradingplatform.urls"
    user_sign_up(email="op@example.com", password=PASSWORD, nickname="Op", is_staff=True)
    operator = Client()
    operator.post("/log-in", {"email": "op@example.com", "password": PASSWORD})

    found = operator.get(f"/admin/accounts/auditentry/?q={mina.uid}")
    assert (found.status_code, found.content.count(b"field-occurred_at")) == (200, 1)
    page = operator.get(f"/admin/accounts/user/{mina.pk}/change/")
    assert page.status_code == 200

    op = User.objects.get(is_staff=True)
    assert actions(mina) == ["SIGNED_UP", "STAFF_VIEWED"]
    assert AuditEntry.objects.get(account_db_key=mina.pk, seq=2).actor == str(op.uid)
    shown = activity_of(mina)[0]
    assert (shown["is_own"], shown["ip"], shown["user_agent"]) == (False, "", "")
    entry = AuditEntry.objects.get(account_db_key=mina.pk, seq=1)
    for verb in ("change", "delete"):
        path = f"/admin/accounts/auditentry/{entry.pk}/{verb}/"
        assert operator.post(path, {"ip": "9.9.9.9"}).status_code == 403
    assert AuditEntry.objects.get(pk=entry.pk).ip == entry.ip
