"""Proving an address, and getting back in without a password."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier
from typing import Any
from urllib.parse import unquote

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.enums import TokenPurpose
from accounts.errors import InvalidTokenError
from accounts.models import AuditEntry, MailToken, Session, User
from accounts.services import LoggedIn, user_log_in
from accounts.services.mail_tokens import token_issue, token_text, tokens_prune
from accounts.services.mails import mail_send, mails_resume
from accounts.services.passwords import password_reset
from accounts.services.verification import email_confirm
from accounts.tests.conftest import HOME, PASSWORD
from tests.query_budget import query_budget
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import UpstreamError
from tradingplatform.ids import uuid7
from tradingplatform.services import override_services
from tradingplatform.services.email import StoredEmail
from tradingplatform.services.models import StoredMessage

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
NEW = "another horse battery"
JSON = "application/json"
Bearer = Callable[[str], Client]
LogIn = Callable[[User], LoggedIn]
VERIFY, RESET = TokenPurpose.EMAIL_VERIFY, TokenPurpose.PASSWORD_RESET


def post(client: Client, name: str, body: Any = None) -> Any:
    return client.post(f"/api/account/{name}", body or {}, content_type=JSON)


def mails(user: User) -> list[StoredMessage]:
    return list(StoredMessage.objects.filter(recipient=user.email).order_by("created_at"))


def mailed_token(user: User) -> str:
    found = re.search(r"token=(\S+)", mails(user)[-1].text)
    return unquote(found[1])


def asked(user: User, api: Client) -> str:
    assert post(api, "password/reset", {"email": user.email}).status_code == 202
    return mailed_token(user)


# The address


def test_signing_up_mails_a_link_that_proves_the_address(api: Client, bearer: Bearer) -> None:
    body = {"email": "new@example.com", "password": PASSWORD, "nickname": "New", "language": "en"}
    signed_up = post(api, "signup", body)
    assert (signed_up.status_code, set(signed_up.json())) == (201, {"uid", "email", "nickname"})
    access = post(api, "login", body).json()["access"]
    assert bearer(access).get("/api/account/me").json()["email_verified_at"] is None
    user = User.objects.get()
    assert [mail.subject for mail in mails(user)] == ["Confirm your e-mail address"]
    assert "/verify-email?token=" in mails(user)[0].text

    answer = post(api, "email/confirm", {"token": mailed_token(user)})

    assert (answer.status_code, answer.content) == (204, b"")
    assert bearer(access).get("/api/account/me").json()["email_verified_at"]
    assert AuditEntry.objects.filter(action="EMAIL_VERIFIED").count() == 1
    again = post(api, "email/confirm", {"token": mailed_token(user)})
    assert (again.status_code, again.json()["errorCode"]) == (401, "INVALID_TOKEN")


def test_mails_are_written_in_the_language_of_their_reader(mina: User) -> None:
    User.objects.update(language="ko")
    token = global_tx(token_issue, purpose=RESET, user=User.objects.get())
    assert mails(mina)[-1].subject == "새 비밀번호 설정"
    assert MailToken.objects.get(pk=token.pk).sent_at is not None


def test_the_link_can_be_asked_for_again_a_few_times(
    mina: User, log_in: LogIn, bearer: Bearer
) -> None:
    client = bearer(log_in(mina).tokens.access)
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False):
        client = bearer(log_in(mina).tokens.access)
        statuses = [post(client, "email/verify").status_code for _ in range(6)]
    assert statuses == [202] * 5 + [429]
    assert len(mails(mina)) == 6
    email_confirm(token=mailed_token(mina), device=HOME)


def test_nothing_is_sent_to_a_confirmed_address(mina: User, log_in: LogIn, bearer: Bearer) -> None:
    email_confirm(token=mailed_token(mina), device=HOME)
    assert post(bearer(log_in(mina).tokens.access), "email/verify").status_code == 202
    assert len(mails(mina)) == 1


def test_a_link_to_an_address_that_was_given_up_proves_nothing(mina: User) -> None:
    token = mailed_token(mina)
    User.objects.update(email="other@example.com")
    with pytest.raises(InvalidTokenError):
        email_confirm(token=token, device=HOME)
    assert User.objects.get().email_verified_at is None
    assert MailToken.objects.get().used_at is None


# The password


def test_a_mailed_link_sets_a_new_password_once(
    api: Client, mina: User, joon: User, log_in: LogIn, bearer: Bearer
) -> None:
    before, stranger = log_in(mina), log_in(joon)
    older, token = asked(mina, api), asked(mina, api)

    assert (
        post(api, "password/reset/confirm", {"token": token, "new_password": NEW}).status_code
        == 204
    )

    assert bearer(before.tokens.access).get("/api/account/me").status_code == 401
    assert bearer(stranger.tokens.access).get("/api/account/me").status_code == 200
    assert post(api, "login", {"email": mina.email, "password": PASSWORD}).status_code == 401
    assert user_log_in(email=mina.email, password=NEW, device=HOME).user == mina
    for spent in (token, older):
        again = post(api, "password/reset/confirm", {"token": spent, "new_password": PASSWORD})
        assert (again.status_code, again.json()["errorCode"]) == (401, "INVALID_TOKEN")
    assert user_log_in(email=mina.email, password=NEW, device=HOME).user == mina


def test_a_weak_password_leaves_link_and_sessions_as_they_were(
    api: Client, mina: User, log_in: LogIn, bearer: Bearer
) -> None:
    client, token = bearer(log_in(mina).tokens.access), asked(mina, api)
    for weak in ("short", "password1", "x" * 129):
        answer = post(api, "password/reset/confirm", {"token": token, "new_password": weak})
        assert (answer.status_code, list(answer.json()["details"])) == (400, ["new_password"])
    assert client.get("/api/account/me").status_code == 200
    password_reset(token=token, new_password=NEW, device=HOME)


def test_known_and_unknown_addresses_cost_and_answer_the_same(api: Client, mina: User) -> None:
    post(api, "password/reset", {"email": "warm@example.com"})
    seen = []
    for email in (mina.email, "nobody@example.com"):
        # What follows the commit is the work of a job in another thread, so it is left out here.
        with (
            override_services(email=StoredEmail(sender="")),
            CaptureQueriesContext(connections["default"]) as queries,
        ):
            answer = post(api, "password/reset", {"email": email})
        asked_for = [query["sql"] for query in queries.captured_queries]
        committed = next(n for n, text in enumerate(asked_for) if text == "COMMIT")
        seen.append((answer.status_code, answer.content, committed))
    assert seen[0] == seen[1]
    assert MailToken.objects.filter(purpose=RESET).count() == 3
    assert StoredMessage.objects.exclude(recipient=mina.email).count() == 0


def test_nobody_is_flooded_with_mails(api: Client, mina: User) -> None:
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False):
        statuses = [
            post(api, "password/reset", {"email": mina.email}).status_code for _ in range(7)
        ]
    assert statuses == [202] * 7
    assert len(mails(mina)) == 1 + 5


def test_a_closed_account_gets_no_link(api: Client, mina: User) -> None:
    User.objects.update(is_active=False)
    assert post(api, "password/reset", {"email": mina.email}).status_code == 202
    assert len(mails(mina)) == 1


# Links


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: "0" + token[1:] if token[0] != "0" else "1" + token[1:],
        lambda token: token.partition(":")[0],
        lambda _token: f"{uuid7().hex}:x",
        lambda _token: "",
        lambda _token: "가" * 20,
        lambda token: token * 20,
    ],
)
def test_a_changed_link_is_refused(mina: User, spoil: Callable[[str], str]) -> None:
    with pytest.raises(InvalidTokenError):
        email_confirm(token=spoil(mailed_token(mina)), device=HOME)
    assert MailToken.objects.get().used_at is None


def test_a_link_serves_its_purpose_only(api: Client, mina: User) -> None:
    verify, reset = mailed_token(mina), asked(mina, api)
    with pytest.raises(InvalidTokenError):
        password_reset(token=verify, new_password=NEW, device=HOME)
    with pytest.raises(InvalidTokenError):
        email_confirm(token=reset, device=HOME)
    assert MailToken.objects.filter(used_at__isnull=False).count() == 0


@pytest.mark.parametrize(("purpose", "seconds"), [(VERIFY, 24 * 3600), (RESET, 1800)])
def test_a_link_runs_out(mina: User, purpose: TokenPurpose, seconds: int) -> None:
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False) as clock:
        MailToken.objects.all().delete()
        row = global_tx(token_issue, purpose=purpose, user=mina)
        clock.shift(seconds)
        with pytest.raises(InvalidTokenError):
            email_confirm(token=token_text(row), device=HOME)
        with pytest.raises(InvalidTokenError):
            password_reset(token=token_text(row), new_password=NEW, device=HOME)
        assert tokens_prune() == 0
        clock.shift(24 * 3600 + 1)
        assert tokens_prune() == 1
    assert MailToken.objects.count() == 0


@pytest.mark.parametrize("purpose", [VERIFY, RESET])
def test_of_eight_who_use_a_link_at_once_one_wins(mina: User, purpose: TokenPurpose) -> None:
    for _ in range(5):
        User.objects.update(email_verified_at=None)
        token = token_text(global_tx(token_issue, purpose=purpose, user=mina))
        start = Barrier(8)

        def race(number: int, token: str = token, start: Barrier = start) -> bool:
            try:
                start.wait(timeout=20)
                if purpose == VERIFY:
                    email_confirm(token=token, device=HOME)
                else:
                    password_reset(token=token, new_password=f"{NEW} {number}", device=HOME)
            except InvalidTokenError:
                return False
            finally:
                connections.close_all()
            return True

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(race, range(8)))

        assert won.count(True) == 1
        if purpose == RESET:
            assert User.objects.get().check_password(f"{NEW} {won.index(True)}")


def test_a_mail_that_could_not_be_sent_is_sent_later(mina: User) -> None:
    class DownMail(StoredEmail):
        def send(self, to: str, subject: str, text: str, html: str | None = None) -> str:
            raise UpstreamError("The mail server does not answer.")

    MailToken.objects.update(sent_at=None)
    StoredMessage.objects.all().delete()
    row = MailToken.objects.get()
    assert mails_resume() == 0
    with time_machine.travel(row.created_at, tick=False) as clock:
        clock.shift(61)
        with override_services(email=DownMail(sender="")):
            assert mails_resume() == 0
        assert [mails_resume(), mails_resume()] == [1, 0]
        assert mail_send(token_id=row.pk) is False
    assert len(mails(mina)) == 1


# Changing it while logged in


def change(client: Client, current: str = PASSWORD, new: str = NEW) -> Any:
    return post(client, "password/change", {"current_password": current, "new_password": new})


def test_a_change_ends_every_other_session(
    api: Client, mina: User, log_in: LogIn, bearer: Bearer
) -> None:
    here, there, reset = log_in(mina), log_in(mina), asked(mina, api)

    assert change(bearer(here.tokens.access)).status_code == 204

    assert bearer(here.tokens.access).get("/api/account/me").status_code == 200
    assert bearer(there.tokens.access).get("/api/account/me").status_code == 401
    assert user_log_in(email=mina.email, password=NEW, device=HOME).user == mina
    with pytest.raises(InvalidTokenError):
        password_reset(token=reset, new_password=PASSWORD, device=HOME)


@pytest.mark.parametrize(
    ("current", "new", "code"),
    [
        ("wrong one", NEW, (422, "PASSWORD_WRONG")),
        ("x" * 129, NEW, (422, "PASSWORD_WRONG")),
        (PASSWORD, "12345678", (400, "INVALID_INPUT")),
        (PASSWORD, "", (400, "INVALID_INPUT")),
    ],
)
def test_a_refused_change_changes_nothing(
    mina: User, log_in: LogIn, bearer: Bearer, current: str, new: str, code: tuple[int, str]
) -> None:
    here, _there = log_in(mina), log_in(mina)
    answer = change(bearer(here.tokens.access), current, new)
    assert (answer.status_code, answer.json()["errorCode"]) == code
    assert Session.objects.filter(revoked_at__isnull=True).count() == 2
    assert User.objects.get().check_password(PASSWORD)


def test_a_stolen_session_cannot_guess_the_password(
    mina: User, log_in: LogIn, bearer: Bearer
) -> None:
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False):
        stolen, own = bearer(log_in(mina).tokens.access), bearer(log_in(mina).tokens.access)
        assert [change(stolen, "wrong one").status_code for _ in range(5)] == [422] * 5
        assert change(stolen).status_code == 429
        assert change(own).status_code == 204
    assert AuditEntry.objects.filter(action="PASSWORD_REFUSED").count() == 5


def test_asking_and_changing_cost_what_is_written_down(
    api: Client, mina: User, log_in: LogIn, bearer: Bearer
) -> None:
    client = bearer(log_in(mina).tokens.access)
    client.get("/api/account/me")
    with query_budget("accounts:email-verify"):
        post(client, "email/verify")
    with query_budget("accounts:email-confirm"):
        post(api, "email/confirm", {"token": mailed_token(mina)})
    client.get("/api/account/me")  # which reads the session anew
    with query_budget("accounts:password-change"):
        change(client)
    token = asked(mina, api)
    with query_budget("accounts:password-reset-confirm"):
        post(api, "password/reset/confirm", {"token": token, "new_password": NEW})


# Pages


@pytest.fixture
def pages(settings: Any) -> Client:
    settings.ROOT_URLCONF = "tradingplatform.urls"
    return Client(raise_request_exception=False, headers={"Accept-Language": "en"})


def test_opening_the_link_confirms_nothing_but_the_button_does(pages: Client, mina: User) -> None:
    link = re.search(r"http://\S+?(/verify-email\S+)", mails(mina)[0].text)[1]
    page = pages.get(link)
    assert page.status_code == 200
    assert mailed_token(mina) in unescape(page.text)
    assert User.objects.get().email_verified_at is None

    done = pages.post("/verify-email", {"token": mailed_token(mina)})
    assert "your address is confirmed" in done.text
    assert User.objects.get().email_verified_at is not None
    again = pages.post("/verify-email", {"token": mailed_token(mina)})
    assert (again.status_code, "not valid any more" in again.text) == (422, True)


def test_a_forgotten_password_is_replaced_on_pages(pages: Client, mina: User) -> None:
    answers = [
        pages.post("/reset-password", {"email": email}) for email in (mina.email, "no@example.com")
    ]
    assert ["on its way" in answer.text for answer in answers] == [True, True]
    token = mailed_token(mina)
    weak = pages.post("/reset-password/new", {"token": token, "new_password": "password"})
    assert (weak.status_code, "too common" in weak.text) == (422, True)
    done = pages.post("/reset-password/new", {"token": token, "new_password": NEW})
    assert (done.status_code, "Your password is changed" in done.text) == (200, True)
    assert user_log_in(email=mina.email, password=NEW, device=HOME).user == mina


def test_a_browser_stays_logged_in_after_a_change(pages: Client, mina: User) -> None:
    pages.post("/log-in", {"email": mina.email, "password": PASSWORD})
    assert pages.get("/trade").status_code == 200
    assert change(pages).status_code == 204
    assert pages.get("/trade").status_code == 200
