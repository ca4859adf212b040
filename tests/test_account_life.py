"""Taking one's data along and closing an account, over every app that holds something."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
import time_machine
from django.db import connections
from django.test import Client

from accounts.models import (
    AccountExport,
    ApiKey,
    AuditEntry,
    MailToken,
    OtpFactor,
    SecurityAlert,
    Session,
    User,
    UserApiKey,
)
from accounts.services import Device, user_log_in, user_sign_up
from accounts.services.archives import archive_build
from accounts.services.audit import audit_breaches
from accounts.services.closing import account_forget, accounts_forget
from accounts.services.exports import export_build, exports_tend
from chat.models import ChatMessage, ChatRoom
from chat.services import room_create
from portfolio.enums import BrokerName
from portfolio.models import CashBalance, Portfolio, Posting
from portfolio.services import portfolio_open
from portfolio.verify import breaches
from tests.query_budget import query_budget
from tradingplatform.clock import now
from tradingplatform.errors import NotFoundError
from tradingplatform.services import services
from tradingplatform.services.models import StoredMessage

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
PASSWORD = "correct horse battery"
HOME = Device(ip="127.0.0.1", user_agent="pytest")
URL = "/api/account/export"
JSON = "application/json"
Enter = Callable[[User], Client]


@pytest.fixture
def mina() -> User:
    return user_sign_up(email="mina@example.com", password=PASSWORD, nickname="Mina-1")


@pytest.fixture
def joon() -> User:
    return user_sign_up(email="joon@example.com", password=PASSWORD, nickname="Joon")


@pytest.fixture
def enter() -> Enter:
    def log_in(user: User) -> Client:
        access = user_log_in(email=user.email, password=PASSWORD, device=HOME).tokens.access
        return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {access}"})

    return log_in


def fill(user: User, mark: str) -> None:
    portfolio_open(
        account_db_key=user.pk,
        name=f"{mark} portfolio",
        base_currency="KRW",
        broker=BrokerName.PAPER,
        initial_cash={"KRW": Decimal(1_000_000)},
    )
    room_create(account_db_key=user.pk, title=f"{mark} room", persona="ANALYST")


def close(client: Client, password: str = PASSWORD) -> Any:
    return client.post("/api/account/close", {"password": password}, content_type=JSON)


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(archive.read(f"{name}.json"))
    return rows


# The copy


def test_a_copy_holds_everything_of_its_owner_and_nothing_of_others(
    mina: User, joon: User, enter: Enter
) -> None:
    fill(mina, "MINE")
    fill(joon, "FOREIGN")
    client = enter(mina)

    asked = client.post(URL, {"password": PASSWORD}, content_type=JSON)
    assert (asked.status_code, asked.json()["status"], asked.json()["url"]) == (
        202,
        "PENDING",
        None,
    )
    listed = client.get(URL).json()["results"]
    assert [row["status"] for row in listed] == ["READY"]
    answer = Client().get(listed[0]["url"])

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"].startswith("attachment")
    assert len(answer.content) == listed[0]["size_bytes"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert {name.rpartition(".")[0] for name in archive.namelist()} == {
        "account", "alert_triggers", "api_keys", "broker_keys", "cash_balances", "chat_messages",
        "chat_rooms", "fills", "investor_profiles", "notification_preferences", "orders",
        "passkeys", "portfolios", "positions", "postings", "price_alerts", "saved_screens",
        "second_factor", "security_activity", "sessions", "transactions", "watchlist_items",
        "watchlists",
    }  # fmt: skip
    assert table(archive, "account")[0]["email"] == mina.email
    assert table(archive, "portfolios")[0]["name"] == "MINE portfolio"
    assert table(archive, "chat_rooms")[0]["title"] == "MINE room"
    assert {row["action"] for row in table(archive, "security_activity")} >= {
        "SIGNED_UP", "LOGGED_IN", "EXPORT_ASKED",
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(archive.read("postings.csv").decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == [row["id"] for row in table(archive, "postings")]
    for foreign in (b"FOREIGN", b"joon", b"account_db_key", b"argon2", b"md5$"):
        assert foreign not in everything
    assert AuditEntry.objects.filter(action="EXPORT_FETCHED").count() == 1


def test_a_spreadsheet_runs_nothing(mina: User) -> None:
    room_create(account_db_key=mina.pk, title='=HYPERLINK("http://evil")', persona="ANALYST")
    archive = zipfile.ZipFile(io.BytesIO(archive_build(mina.pk)))
    assert "'=HYPERLINK" in archive.read("chat_rooms.csv").decode()
    assert table(archive, "chat_rooms")[0]["title"] == '=HYPERLINK("http://evil")'


def ready(client: Client) -> str:
    client.post(URL, {"password": PASSWORD}, content_type=JSON)
    return str(client.get(URL).json()["results"][0]["url"])


@pytest.mark.parametrize(
    "spoil", [lambda url: url[:-2], lambda url: url.partition("?")[0] + "?token=x", lambda _: URL]
)
def test_only_the_link_opens_a_copy(mina: User, enter: Enter, spoil: Callable[[str], str]) -> None:
    url = ready(enter(mina))
    answer = Client().get(spoil(url))
    assert answer.status_code == 401
    assert AuditEntry.objects.filter(action="EXPORT_FETCHED").count() == 0


def test_link_and_copy_run_out(mina: User, enter: Enter) -> None:
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False) as clock:
        url = ready(enter(mina))
        file = AccountExport.objects.get().file
        clock.shift(15 * 60 + 1)
        assert Client().get(url).status_code == 401
        exports_tend()
        assert services.storage.exists(file)
        clock.shift(24 * 3600)
        client = enter(mina)
        assert client.get(URL).json()["results"] == []
        exports_tend()
    assert not services.storage.exists(file)
    assert AccountExport.objects.count() == 0


def test_others_see_nothing_of_a_copy(mina: User, joon: User, enter: Enter) -> None:
    ready(enter(mina))
    assert enter(joon).get(URL).json()["results"] == []
    assert Client().get(URL).status_code == 401


def test_one_copy_is_made_at_a_time_and_few_a_day(mina: User, enter: Enter) -> None:
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False):
        client = enter(mina)
        waiting = AccountExport.objects.create(user=mina, expires_at=now() + timedelta(days=1))
        answers = [client.post(URL, {"password": PASSWORD}, content_type=JSON) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert {answer.json().get("id") for answer in answers[:5]} == {str(waiting.pk)}
    assert AccountExport.objects.count() == 1


def test_a_lost_job_is_made_up_for_and_a_hopeless_one_given_up(mina: User) -> None:
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False) as clock:
        row = AccountExport.objects.create(user=mina, expires_at=now() + timedelta(days=1))
        exports_tend()
        assert AccountExport.objects.get().status == "PENDING"
        clock.shift(121)
        exports_tend()
        assert AccountExport.objects.get().status == "READY"
        assert export_build(export_id=row.pk) is False
        AccountExport.objects.update(status="PENDING")
        clock.shift(3600)
        exports_tend()
        assert AccountExport.objects.get().status == "FAILED"


# The end


def last_mails(user: User) -> list[str]:
    """Return what the embedded mailbox still holds: with a real one the mail has left."""
    mails = StoredMessage.objects.filter(recipient=user.email).order_by("created_at")
    return list(mails.values_list("subject", flat=True))


def test_closing_an_account_forgets_the_person_and_keeps_the_ledger(
    mina: User, joon: User, enter: Enter
) -> None:
    fill(mina, "MINE")
    fill(joon, "OTHER")
    client, other = enter(mina), enter(joon)
    ready(client)
    file = AccountExport.objects.get().file
    UserApiKey.objects.create(user=mina, provider="FMP", environment="LIVE", sealed="x")
    ApiKey.objects.create(
        user=mina, name="bot", prefix="p", secret_hash="h", expires_at=now() + timedelta(days=1)
    )
    OtpFactor.objects.create(user=mina, sealed="x")
    ledger = Posting.objects.for_user(mina.pk).count()

    assert close(client).status_code == 204

    assert client.get("/api/account/me").status_code == 401
    body = {"email": "mina@example.com", "password": PASSWORD}
    assert Client().post("/api/account/login", body, content_type=JSON).status_code == 401
    user = User.objects.get(pk=mina.pk)
    assert (user.is_active, user.nickname, user.has_usable_password()) == (
        False, "closed account", False,
    )  # fmt: skip
    assert user.forgotten_at is not None
    assert not Session.objects.filter(user=mina).exclude(ip="", user_agent="").exists()
    assert ApiKey.objects.get().revoked_at is not None
    gone = [
        UserApiKey.objects.all(), OtpFactor.objects.all(),
        MailToken.objects.filter(user=mina), AccountExport.objects.all(),
        ChatRoom.objects.for_user(mina.pk), ChatMessage.objects.for_user(mina.pk),
        SecurityAlert.objects.filter(user=mina),
    ]  # fmt: skip
    assert [rows.count() for rows in gone] == [0] * 7
    assert last_mails(mina) == ["계정이 해지되었습니다"]
    with pytest.raises(NotFoundError):
        services.storage.open(file)
    assert Posting.objects.for_user(mina.pk).count() == ledger > 0
    assert Portfolio.objects.for_user(mina.pk).count() == 1
    assert CashBalance.objects.for_user(mina.pk).count() > 0
    assert AuditEntry.objects.filter(account_db_key=mina.pk, action="ACCOUNT_CLOSED").count() == 1
    assert (breaches(), list(audit_breaches())) == ([], [])
    assert other.get("/api/account/me").status_code == 200
    assert ChatRoom.objects.for_user(joon.pk).count() == 1


def test_no_trace_of_the_person_is_left_in_the_global_database(mina: User, enter: Enter) -> None:
    close(enter(mina))
    assert last_mails(mina) == ["계정이 해지되었습니다"]
    StoredMessage.objects.all().delete()
    connection = connections["default"]
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")  # noqa: S608
            for row in cursor.fetchall():
                assert "mina@example.com" not in str(row), name
                assert "Mina-1" not in str(row), name


def test_the_address_can_be_used_for_a_new_account(mina: User, enter: Enter) -> None:
    close(enter(mina))
    again = user_sign_up(email="mina@example.com", password=PASSWORD, nickname="Mina")
    assert again.pk != mina.pk
    assert enter(again).get("/api/account/me").status_code == 200


@pytest.mark.parametrize(("password", "status"), [("wrong one", 422), ("", 400)])
def test_without_the_password_nothing_is_closed(
    mina: User, enter: Enter, password: str, status: int
) -> None:
    client = enter(mina)
    assert close(client, password).status_code == status
    assert client.get("/api/account/me").json()["email"] == mina.email
    assert User.objects.get().closed_at is None


def test_a_lost_job_of_a_closed_account_is_made_up_for(mina: User, enter: Enter) -> None:
    fill(mina, "MINE")
    account_forget(account_db_key=mina.pk)
    assert ChatRoom.objects.for_user(mina.pk).count() == 1

    User.objects.filter(pk=mina.pk).update(closed_at=now(), is_active=False)
    assert [accounts_forget(), accounts_forget()] == [1, 0]
    assert ChatRoom.objects.for_user(mina.pk).count() == 0


def test_export_and_closing_cost_what_is_written_down(mina: User, enter: Enter) -> None:
    client = enter(mina)
    ready(client)
    with query_budget("accounts:export"):
        client.get(URL)
    url = client.get(URL).json()["results"][0]["url"]
    with query_budget("accounts:export-download"):
        Client().get(url)
