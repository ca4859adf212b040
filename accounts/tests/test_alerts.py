"""Security alerts: who is mailed about what, once, and with nothing secret in it."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.enums import AuditAction
from accounts.errors import InvalidTokenError
from accounts.models import SecurityAlert, User
from accounts.services import LoggedIn, token_refresh, user_log_in
from accounts.services.alerts import ALERTS, alert_send, alerts_prune, alerts_resume
from accounts.services.audit import audit_append
from accounts.tests.authenticator import Authenticator
from accounts.tests.conftest import HOME, PASSWORD
from accounts.tests.passkey_steps import post, registered
from accounts.types import Device
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import UpstreamError
from tradingplatform.ids import uuid7
from tradingplatform.services import override_services
from tradingplatform.services.email import StoredEmail
from tradingplatform.services.models import StoredMessage

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
LogIn = Callable[[User], LoggedIn]
Bearer = Callable[[str], Client]
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/{} Safari/537.36"


@pytest.fixture
def mina(mina: User) -> User:
    User.objects.update(language="en", email_verified_at=now())
    StoredMessage.objects.all().delete()
    return User.objects.get(pk=mina.pk)


def subjects(user: User) -> list[str]:
    mails = StoredMessage.objects.filter(recipient=user.email).order_by("created_at", "pk")
    return list(mails.values_list("subject", flat=True))


def enter(user: User, ip: str, user_agent: str) -> None:
    device = Device(ip=ip, user_agent=user_agent)
    user_log_in(email=user.email, password=PASSWORD, device=device)


def test_a_log_in_from_somewhere_new_is_news_and_the_first_is_not(mina: User) -> None:
    with time_machine.travel("2026-03-02T12:10:00Z", tick=False) as clock:
        enter(mina, "192.0.2.1", CHROME.format("120.0"))
        enter(mina, "192.0.2.1", CHROME.format("121.0"))
        assert subjects(mina) == []
        enter(mina, "203.0.113.9", CHROME.format("121.0"))
        clock.shift(3600)
        enter(mina, "192.0.2.1", "curl/8.0")
        enter(mina, "203.0.113.9", CHROME.format("122.0"))
    news = "Your account was logged in to from a new device"
    assert subjects(mina) == [news, news]
    text = StoredMessage.objects.earliest("created_at", "pk").text
    assert "When: 2026-03-02 12:10 UTC\nFrom: 203.0.113.9, Chrome on Windows\n" in text
    assert "If it was not you: choose a new password at " in text


def test_of_one_kind_there_is_one_mail_an_hour(mina: User, joon: User) -> None:
    with time_machine.travel("2026-03-02T12:10:00Z", tick=False) as clock:
        for _ in range(3):
            audit_append(action=AuditAction.OTP_ON, account=mina)
        audit_append(action=AuditAction.OTP_OFF, account=mina)
        audit_append(action=AuditAction.OTP_ON, account=joon)
        assert SecurityAlert.objects.count() == 3
        clock.shift(3600)
        audit_append(action=AuditAction.OTP_ON, account=mina)
    assert subjects(mina) == [
        "An authenticator app was turned on for your account",
        "The authenticator app of your account was turned off",
        "An authenticator app was turned on for your account",
    ]


def test_an_alert_is_written_with_its_entry_or_not_at_all(mina: User) -> None:
    def fail() -> None:
        audit_append(action=AuditAction.PASSWORD_CHANGED, account=mina)
        message = "on purpose"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError):
        global_tx(fail)
    assert (SecurityAlert.objects.count(), subjects(mina)) == (0, [])


def test_what_users_do_reaches_their_mailbox(
    mina: User, log_in: LogIn, bearer: Bearer, api: Client
) -> None:
    browser = bearer(log_in(mina).tokens.access)
    key = Authenticator()
    made = registered(browser, key).json()
    secret = post(browser, "api-keys", {"name": "bot", "scopes": ["chat"]}).json()["key"]
    stored = post(browser, "broker-keys", {"provider": "FMP", "api_key": "s3cr3t" * 4}).json()
    browser.delete(f"/api/account/broker-keys/{stored['id']}")
    ticket = post(api, "login", {"email": mina.email, "password": PASSWORD}).json()["ticket"]
    used = made["backup_codes"][0]
    assert post(api, "login/otp", {"ticket": ticket, "code": used}).status_code == 200
    new = {"current_password": PASSWORD, "new_password": "another battery staple"}
    assert post(browser, "password/change", new).status_code == 204
    browser.delete(f"/api/account/passkeys/{made['id']}")

    assert subjects(mina) == [
        "A passkey was added to your account",
        "An API key was made for your account",
        "A key of FMP was stored",
        "A broker or provider key was deleted",
        "A backup code was used; 9 of them are left",
        "Your password was changed",
        "A passkey was removed from your account",
    ]
    everything = repr(list(StoredMessage.objects.values()))
    for hidden in (secret, "s3cr3t", used, ticket, "battery", PASSWORD):
        assert hidden not in everything


def test_a_refresh_token_that_came_back_is_told(mina: User, log_in: LogIn) -> None:
    first = log_in(mina).tokens.refresh
    second = token_refresh(refresh=first).refresh
    token_refresh(refresh=second)
    with pytest.raises(InvalidTokenError):
        token_refresh(refresh=first)
    assert subjects(mina) == ["A session was ended, because its token was used twice"]


def test_koreans_read_korean_and_their_own_time(mina: User) -> None:
    User.objects.update(language="ko")
    with time_machine.travel("2026-03-02T12:10:00Z", tick=False):
        audit_append(action=AuditAction.PASSWORD_CHANGED, account=mina, device=HOME)
    mail = StoredMessage.objects.get()
    assert mail.subject == "비밀번호가 변경되었습니다"
    assert "시각: 2026-03-02 21:10 KST\n접속: 127.0.0.1" in mail.text


class DeadEmail(StoredEmail):
    """A mail server that does not answer."""

    def send(self, *args: Any, **kwargs: Any) -> Any:
        raise UpstreamError("down")


def test_what_could_not_be_sent_is_sent_later_for_a_day(mina: User) -> None:
    with time_machine.travel("2026-03-02T12:10:00Z", tick=False) as clock:
        audit_append(action=AuditAction.OTP_ON, account=mina)
        SecurityAlert.objects.update(sent_at=None)
        StoredMessage.objects.all().delete()
        assert alerts_resume() == 0
        clock.shift(61)
        with override_services(email=DeadEmail(sender="")):
            assert alerts_resume() == 0
        assert (SecurityAlert.objects.get().sent_at, subjects(mina)) == (None, [])
        assert (alerts_resume(), alerts_resume()) == (1, 0)
        row = SecurityAlert.objects.get()
        assert (row.sent_at, len(subjects(mina))) == (now(), 1)
        assert alert_send(alert_id=row.pk) is False
        assert alerts_prune() == 0
        clock.shift(24 * 3600)
        assert (alerts_prune(), SecurityAlert.objects.count()) == (1, 0)


def test_no_alert_is_no_failure(mina: User) -> None:
    assert alert_send(alert_id=uuid7()) is False


@pytest.mark.parametrize("action", list(ALERTS))
def test_every_alert_can_be_written(mina: User, action: AuditAction) -> None:
    audit_append(
        action=action,
        account=mina,
        device=HOME,
        codes_left=3,
        provider="KIS",
        is_new_device=True,
    )
    mail = StoredMessage.objects.get()
    assert "%" not in mail.subject
    assert mail.text.startswith(f"Hello,\n\n{mail.subject}.\n")
