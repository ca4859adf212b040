"""A lost second factor: an operator asks, the owner can stop it, then it is gone."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.enums import TokenPurpose
from accounts.errors import (
    FactorResetPendingError,
    FreshFactorRequiredError,
    InvalidTokenError,
    OtpNotOnError,
)
from accounts.models import (
    AuditEntry,
    BackupKey,
    FactorReset,
    MailToken,
    OtpFactor,
    Passkey,
    Session,
    SessionFactor,
    User,
)
from accounts.services import LoggedIn, user_sign_up
from accounts.services.factors import factor_reset_ask, factor_reset_cancel, factor_resets_run
from accounts.services.mail_tokens import token_text
from accounts.services.passwords import password_reset, password_reset_ask
from accounts.tests.authenticator import Authenticator
from accounts.tests.conftest import HOME, PASSWORD
from accounts.tests.passkey_steps import code, entered, post, registered, ticket_for
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.errors import NotFoundError, PermissionDeniedError
from tradingplatform.services.models import StoredMessage

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.usefixtures("clock"),
]
LogIn = Callable[[User], LoggedIn]
Bearer = Callable[[str], Client]
DAY_S = 24 * 3600


@pytest.fixture
def boss() -> User:
    return user_sign_up(email="boss@example.com", password=PASSWORD, nickname="Boss", is_staff=True)


@pytest.fixture
def operator(boss: User, log_in: LogIn) -> Principal:
    operator = principal_of(boss, log_in(boss))
    factor_show(boss)
    return operator


def factor_show(user: User) -> None:
    """Give a user an authenticator app that was shown in every session just now."""
    OtpFactor.objects.create(user=user, sealed="", confirmed_at=now())
    for sid in Session.objects.filter(user=user).values_list("sid", flat=True):
        SessionFactor.objects.create(session_id=sid, verified_at=now())


@pytest.fixture
def key(mina: User, log_in: LogIn, bearer: Bearer) -> Authenticator:
    User.objects.filter(pk=mina.pk).update(language="en")
    key = Authenticator()
    registered(bearer(log_in(mina).tokens.access), key)
    StoredMessage.objects.all().delete()
    return key


def principal_of(user: User, entered: LoggedIn) -> Principal:
    return Principal(
        account_db_key=user.pk,
        uid=user.uid,
        session_id=entered.session.sid,
        is_operator=user.is_staff,
    )


def ask(operator: Principal, user: User, reason: str = "Lost phone, seen in person") -> FactorReset:
    return factor_reset_ask(operator=operator, account=user, reason=reason, device=HOME)


def mailed_token(user: User) -> str:
    found = re.search(r"keep-factor\?token=(\S+)", StoredMessage.objects.latest("created_at").text)
    assert found
    return unquote(found[1])


def test_after_a_day_the_factor_is_gone_and_everybody_logged_out(
    mina: User, key: Authenticator, operator: Principal, clock: time_machine.Traveller, api: Client
) -> None:
    ask(operator, mina)
    mails = StoredMessage.objects.filter(recipient=mina.email).order_by("created_at")
    assert mails.get().subject == "Your second factor is about to be removed"
    clock.shift(DAY_S - 1)
    assert (factor_resets_run(), Passkey.objects.count()) == (0, 1)
    live = Session.objects.filter(user=mina, revoked_at__isnull=True)
    assert live.update(expires_at=now() + timedelta(days=1)) == 1

    clock.shift(1)
    assert (factor_resets_run(), factor_resets_run()) == (1, 0)

    assert (Passkey.objects.count(), BackupKey.objects.count(), live.count()) == (0, 0, 0)
    assert code(entered(Client(), key)) == (403, "PASSKEY_INVALID")
    assert "access" in post(api, "login", {"email": mina.email, "password": PASSWORD}).json()
    assert mails[1].subject == "Your second factor was removed by an operator"
    entries = AuditEntry.objects.filter(action__startswith="FACTOR_RESET").order_by("seq")
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("FACTOR_RESET_ASKED", str(operator.uid)),
        ("FACTOR_RESET_DONE", str(operator.uid)),
    ]


def test_the_owner_stops_it_by_the_link_once(
    mina: User, key: Authenticator, operator: Principal, clock: time_machine.Traveller
) -> None:
    ask(operator, mina)
    token = mailed_token(mina)
    factor_reset_cancel(token=token, device=HOME)
    with pytest.raises(InvalidTokenError):
        factor_reset_cancel(token=token, device=HOME)
    clock.shift(DAY_S)
    assert (factor_resets_run(), Passkey.objects.count()) == (0, 1)
    assert AuditEntry.objects.filter(action="FACTOR_RESET_CANCELED").count() == 1


def test_showing_the_factor_stops_it(
    mina: User, key: Authenticator, operator: Principal, clock: time_machine.Traveller
) -> None:
    ask(operator, mina)
    assert ticket_for(mina)
    assert FactorReset.objects.get().canceled_at is None
    assert entered(Client(), key).status_code == 200
    assert FactorReset.objects.get().canceled_at is not None
    clock.shift(DAY_S)
    assert (factor_resets_run(), Passkey.objects.count()) == (0, 1)


def test_what_cannot_be_asked_for_changes_nothing(
    mina: User, joon: User, key: Authenticator, operator: Principal, log_in: LogIn
) -> None:
    with pytest.raises(PermissionDeniedError):
        ask(principal_of(joon, log_in(joon)), mina)
    with pytest.raises(OtpNotOnError):
        ask(operator, joon)
    for reason in ("", "  ", "a\nb", "x" * 201):
        with pytest.raises(ValidationError):
            ask(operator, mina, reason)
    assert FactorReset.objects.count() == 0
    ask(operator, mina)
    with pytest.raises(FactorResetPendingError):
        ask(operator, mina)
    User.objects.filter(pk=joon.pk).update(is_active=False)
    with pytest.raises(NotFoundError):
        ask(operator, joon)
    assert FactorReset.objects.count() == 1


def test_an_operator_must_have_a_factor_and_have_shown_it(
    mina: User, key: Authenticator, operator: Principal
) -> None:
    SessionFactor.objects.filter(session_id=operator.session_id).delete()
    with pytest.raises(FreshFactorRequiredError):
        ask(operator, mina)
    OtpFactor.objects.filter(user_id=operator.pk).delete()
    with pytest.raises(PermissionDeniedError, match="of your own first"):
        ask(operator, mina)
    assert FactorReset.objects.count() == 0


def test_a_new_password_leaves_the_link_good_that_stops_it(
    mina: User, key: Authenticator, operator: Principal
) -> None:
    ask(operator, mina)
    token = mailed_token(mina)
    password_reset_ask(email=mina.email, device=HOME)
    reset = token_text(MailToken.objects.get(purpose=TokenPurpose.PASSWORD_RESET))
    password_reset(token=reset, new_password="another pass phrase", device=HOME)

    factor_reset_cancel(token=token, device=HOME)

    assert FactorReset.objects.get().canceled_at is not None


def test_the_owner_sees_who_asked_and_not_from_where(
    mina: User, key: Authenticator, operator: Principal, bearer: Bearer
) -> None:
    ask(operator, mina)
    access = entered(Client(), key).json()["access"]
    rows = bearer(access).get("/api/account/security-activity").json()["results"]
    asked = next(row for row in rows if row["action"] == "FACTOR_RESET_ASKED")
    assert (asked["ip"], asked["user_agent"], asked["is_own"]) == ("", "", False)
    assert asked["details"]["reason"] == "Lost phone, seen in person"


class TestPages:
    @pytest.fixture(autouse=True)
    def account_routes(self, settings: Any) -> None:
        settings.ROOT_URLCONF = "tradingplatform.urls"

    def test_the_link_leads_to_a_button(
        self, mina: User, key: Authenticator, operator: Principal
    ) -> None:
        ask(operator, mina)
        token = mailed_token(mina)
        page = Client().get("/keep-factor", {"token": token})
        assert (page.status_code, b"Keep it" in page.content) == (200, True)
        assert FactorReset.objects.get().canceled_at is None
        done = Client().post("/keep-factor", {"token": token})
        assert (done.status_code, FactorReset.objects.get().canceled_at is None) == (200, False)
        assert Client().post("/keep-factor", {"token": token}).status_code == 422

    def choose(self, client: Client, users: list[User], reason: str) -> Any:
        body = {
            "action": "remove_second_factor",
            "reason": reason,
            "_selected_action": [user.pk for user in users],
        }
        return client.post("/admin/accounts/user/", body, follow=True)

    def test_operators_ask_in_the_admin_site(
        self, mina: User, joon: User, key: Authenticator, boss: User
    ) -> None:
        client = Client(headers={"Accept-Language": "en"})
        client.post("/log-in", {"email": boss.email, "password": PASSWORD})
        assert b"of your own first" in self.choose(client, [mina], "Lost").content
        factor_show(boss)
        for users, reason, said in (
            ([mina, joon], "Lost", b"Choose one account."),
            ([mina], "", b"Use 1 to 200 printable characters."),
            ([joon], "Lost", b"There is no second factor."),
        ):
            assert said in self.choose(client, users, reason).content
            assert FactorReset.objects.count() == 0
        answer = self.choose(client, [mina], "Lost phone")
        assert b"The second factor is removed on 2026-03-03 21:00 KST" in answer.content
        assert FactorReset.objects.get().reason == "Lost phone"

    def test_nobody_else_reaches_the_admin_site(self, mina: User, joon: User) -> None:
        client = Client()
        client.post("/log-in", {"email": joon.email, "password": PASSWORD})
        answer = self.choose(client, [mina], "Lost")
        assert answer.status_code in {302, 403} or answer.redirect_chain
        assert FactorReset.objects.count() == 0
