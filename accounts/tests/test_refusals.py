"""Refused calls of people who are signed in are written down."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.services import LoggedIn
from accounts.tests.conftest import PASSWORD
from tradingplatform.api.policy import POLICY, Access

pytestmark = pytest.mark.django_db(databases="__all__")
LogIn = Callable[[User], LoggedIn]


def refused() -> list[tuple[Any, str]]:
    rows = AuditEntry.objects.filter(action="ACCESS_REFUSED").order_by("seq")
    return [(row.account_uid, row.details) for row in rows]


def test_a_refused_call_is_written_down_a_few_times(
    mina: User, log_in: LogIn, bearer: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(POLICY, "accounts:me", {"GET": Access.OPERATOR})
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False):
        client = bearer(log_in(mina).tokens.access)
        statuses = {client.get("/api/account/me").status_code for _ in range(25)}
    assert statuses == {403}
    assert refused() == [(mina.uid, '{"method":"GET","route":"accounts:me"}')] * 20


def test_an_anonymous_call_is_not(api: Client) -> None:
    assert api.get("/api/account/me").status_code == 401
    assert refused() == []


def test_a_refused_page_is_written_down(mina: User, settings: Any) -> None:
    settings.ROOT_URLCONF = "tradingplatform.urls"
    client = Client()
    client.post("/log-in", {"email": mina.email, "password": PASSWORD})
    assert client.get("/admin/").status_code == 403
    assert refused() == [(mina.uid, '{"method":"GET","route":"admin:index"}')]
