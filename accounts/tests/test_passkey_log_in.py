"""Passkeys: logging in with and without a password, showing them again."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from accounts.models import (
    AuditEntry,
    Passkey,
    PasskeyChallenge,
    Session,
    User,
)
from accounts.services import LoggedIn
from accounts.services.passkey_challenges import challenges_prune
from accounts.tests.authenticator import PRESENT, VERIFIED, Authenticator, text
from accounts.tests.conftest import PASSWORD
from accounts.tests.factories import address_confirm
from accounts.tests.passkey_steps import (
    code,
    entered,
    post,
    refreshed,
    registered,
    shown,
    stepped_up,
    ticket_for,
)
from tradingplatform.ids import secret_bytes

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("clock")]
LogIn = Callable[[User], LoggedIn]
Bearer = Callable[[str], Client]


def test_a_passkey_is_the_second_step_of_a_log_in(mina: User, browser: Client) -> None:
    key = Authenticator(flags=PRESENT)
    codes = registered(browser, key).json()["backup_codes"]
    answer = post(Client(), "login", {"email": mina.email, "password": PASSWORD}).json()
    assert (answer["otp_required"], answer["methods"]) == (True, ["passkey", "backup_code"])

    options = post(Client(), "login/passkey/options", {"ticket": answer["ticket"]}).json()
    allowed = options["public_key"]["allowCredentials"]
    assert [one["id"] for one in allowed] == [text(key.credential_id)]
    assert entered(Client(), key, answer["ticket"]).status_code == 200
    assert code(entered_again(key, answer["ticket"])) == (401, "INVALID_TOKEN")
    by_code = {"ticket": ticket_for(mina), "code": codes[1]}
    assert post(Client(), "login/otp", by_code).status_code == 200


def entered_again(key: Authenticator, ticket: str) -> Any:
    options = post(Client(), "login/passkey/options", {"ticket": ticket})
    assert code(options) == (401, "INVALID_TOKEN")
    return post(Client(), "login/passkey", shown(Client(), key) | {"ticket": ticket})


def test_strangers_learn_of_no_passkey(mina: User, browser: Client) -> None:
    before = post(Client(), "login/passkey/options").json()["public_key"]
    registered(browser, Authenticator())
    after = post(Client(), "login/passkey/options").json()["public_key"]
    assert before["allowCredentials"] == after["allowCredentials"] == []
    assert before["userVerification"] == "required"
    assert {**before, "challenge": ""} == {**after, "challenge": ""}
    assert code(post(Client(), "login/passkey/options", {"ticket": "x"})) == (401, "INVALID_TOKEN")


def test_without_a_password_the_device_must_know_its_user(mina: User, browser: Client) -> None:
    key = Authenticator()
    registered(browser, key)
    sessions = Session.objects.count()
    key.flags = PRESENT
    assert code(entered(Client(), key)) == (403, "PASSKEY_INVALID")
    assert Session.objects.count() == sessions
    assert entered(Client(), key, ticket_for(mina)).status_code == 200


def test_a_challenge_works_once_for_what_it_was_made_for(mina: User, browser: Client) -> None:
    key = Authenticator()
    registered(browser, key)
    sessions = Session.objects.count()
    alone = shown(Client(), key)
    assert post(Client(), "login/passkey", alone).status_code == 200
    assert code(post(Client(), "login/passkey", alone)) == (403, "PASSKEY_CHALLENGE_INVALID")
    for other in (
        shown(Client(), key) | {"ticket": ticket_for(mina)},
        {**shown(Client(), key, ticket_for(mina)), "ticket": ""},
        {**shown(Client(), key, ticket_for(mina)), "ticket": ticket_for(mina)},
        shown(Client(), key) | {"challenge_id": str(uuid4())},
    ):
        assert code(post(Client(), "login/passkey", other)) == (403, "PASSKEY_CHALLENGE_INVALID")
    stolen = shown(Client(), key)
    assert code(post(browser, "passkeys/verify", stolen)) == (403, "PASSKEY_CHALLENGE_INVALID")
    mixed = shown(Client(), key)
    fresh = shown(Client(), key)
    swapped = {**mixed, "credential": fresh["credential"]}
    assert code(post(Client(), "login/passkey", swapped)) == (403, "PASSKEY_INVALID")
    assert Session.objects.count() == sessions + 1


@pytest.mark.parametrize(("after_s", "status"), [(299, 200), (300, 403)])
def test_a_challenge_lives_five_minutes(
    browser: Client, clock: time_machine.Traveller, after_s: int, status: int
) -> None:
    key = Authenticator()
    registered(browser, key)
    answer = shown(Client(), key)
    clock.shift(after_s)
    assert post(Client(), "login/passkey", answer).status_code == status


def test_old_challenges_are_deleted(browser: Client, clock: time_machine.Traveller) -> None:
    registered(browser, Authenticator())
    post(Client(), "login/passkey/options")
    assert challenges_prune() == 0
    clock.shift(301)
    assert (challenges_prune(), PasskeyChallenge.objects.count()) == (2, 0)


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"flags": VERIFIED},
        {"user_handle": b"somebody else"},
        {"credential_id": b"another"},
    ],
)
def test_an_answer_that_proves_nothing_opens_nothing(browser: Client, lie: dict[str, Any]) -> None:
    key = Authenticator()
    registered(browser, key)
    sessions = Session.objects.count()
    for name, value in lie.items():
        setattr(key, name, value)
    assert code(entered(Client(), key)) == (403, "PASSKEY_INVALID")
    assert (Session.objects.count(), Passkey.objects.get().sign_count) == (sessions, 0)
    assert AuditEntry.objects.filter(action="PASSKEY_REFUSED").count() == 1


def test_every_changed_bit_of_the_signature_is_refused(browser: Client) -> None:
    key = Authenticator("EdDSA", step=0)
    registered(browser, key)
    answer = shown(Client(), key)
    answer["credential"]["response"]["signature"] = text(secret_bytes(64))
    assert code(post(Client(), "login/passkey", answer)) == (403, "PASSKEY_INVALID")


def test_a_foreign_passkey_does_not_open_a_ticket_or_a_session(
    mina: User, joon: User, browser: Client, log_in: LogIn, bearer: Bearer
) -> None:
    mine, theirs = Authenticator(), Authenticator()
    registered(browser, mine)
    registered(bearer(log_in(joon).tokens.access), theirs)
    assert code(entered(Client(), theirs, ticket_for(mina))) == (403, "PASSKEY_INVALID")
    assert code(stepped_up(browser, theirs)) == (403, "PASSKEY_INVALID")


def test_a_copy_of_a_passkey_is_noticed(mina: User, browser: Client) -> None:
    key = Authenticator()
    registered(browser, key)
    assert entered(Client(), key).status_code == 200
    assert entered(Client(), key).status_code == 200
    sessions = Session.objects.count()
    key.sign_count = 0
    assert code(entered(Client(), key)) == (403, "PASSKEY_INVALID")
    key.sign_count, key.step = 2, 0
    assert code(entered(Client(), key)) == (403, "PASSKEY_INVALID")
    assert (Session.objects.count(), Passkey.objects.get().sign_count) == (sessions, 2)
    noted = AuditEntry.objects.filter(action="PASSKEY_CLONED")
    assert [entry.account_db_key for entry in noted] == [mina.pk, mina.pk]


def test_devices_that_do_not_count_may_come_again(browser: Client) -> None:
    key = Authenticator(step=0)
    registered(browser, key)
    assert [entered(Client(), key).status_code for _ in range(2)] == [200, 200]


def test_a_closed_account_has_no_passkey(browser: Client) -> None:
    key = Authenticator()
    registered(browser, key)
    assert post(browser, "close", {"password": PASSWORD}).status_code == 204
    assert Passkey.objects.count() == 0
    assert code(entered(Client(), key)) == (403, "PASSKEY_INVALID")


def test_a_passkey_is_shown_within_its_own_session(
    mina: User, browser: Client, session: LoggedIn, clock: time_machine.Traveller
) -> None:
    address_confirm(mina)
    key = Authenticator()
    registered(browser, key)
    clock.shift(601)
    other = entered(Client(), key).json()["access"]
    stale = refreshed(session)
    wish = {"name": "bot", "scopes": ["chat"]}
    assert code(post(stale, "api-keys", wish)) == (403, "FRESH_FACTOR_REQUIRED")

    options = post(stale, "passkeys/verify/options").json()
    body = {"challenge_id": options["challenge_id"], "credential": key.get(options["public_key"])}
    elsewhere = Client(headers={"Authorization": f"Bearer {other}"})
    assert code(post(elsewhere, "passkeys/verify", body)) == (403, "PASSKEY_CHALLENGE_INVALID")
    assert post(stale, "passkeys/verify", body).status_code == 204
    assert code(post(stale, "passkeys/verify", body)) == (403, "PASSKEY_CHALLENGE_INVALID")
    assert post(stale, "api-keys", wish).status_code == 201
    assert AuditEntry.objects.filter(action="PASSKEY_SHOWN").count() == 1


def test_without_a_passkey_there_is_none_to_show(browser: Client) -> None:
    assert code(post(browser, "passkeys/verify/options")) == (409, "OTP_NOT_ON")
