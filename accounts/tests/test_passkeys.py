"""Passkeys: registering, naming and removing them."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import (
    AuditEntry,
    BackupCode,
    BackupKey,
    Passkey,
    PasskeyChallenge,
    SessionFactor,
    User,
)
from accounts.services import LoggedIn
from accounts.tests.authenticator import PRESENT, SYNCABLE, SYNCED, VERIFIED, Authenticator, text
from accounts.tests.conftest import PASSWORD
from accounts.tests.passkey_steps import (
    JSON,
    code,
    entered,
    post,
    refreshed,
    registered,
    stepped_up,
)

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("clock")]
LogIn = Callable[[User], LoggedIn]
Bearer = Callable[[str], Client]


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_from_the_first_passkey_to_a_log_in_without_password(
    mina: User, browser: Client, bearer: Bearer, algorithm: str
) -> None:
    key = Authenticator(algorithm, flags=PRESENT | VERIFIED | SYNCABLE | SYNCED)
    answer = registered(browser, key, "  Phone ")

    assert answer.status_code == 201
    body = answer.json()
    assert len(set(body.pop("backup_codes"))) == 10
    assert body == {
        "id": str(Passkey.objects.get().pk),
        "name": "Phone",
        "created_at": "2026-03-02T12:00:00Z",
        "last_used_at": None,
        "transports": ["internal", "hybrid"],
        "is_synced": True,
    }
    assert browser.get("/api/account/passkeys").json() == {"results": [body]}

    tokens = entered(Client(), key)
    assert tokens.status_code == 200
    mine = bearer(tokens.json()["access"])
    assert mine.get("/api/account/me").json()["email"] == mina.email
    # It showed the factor too: what asks for a fresh one is open.
    assert post(mine, "otp/backup-codes").status_code == 200
    row = Passkey.objects.get()
    assert (row.sign_count, row.last_used_at is not None) == (1, True)


def test_options_ask_for_what_we_take(browser: Client, mina: User) -> None:
    options = post(browser, "passkeys/options", {"password": PASSWORD}).json()["public_key"]
    assert options["rp"] == {"name": "AI Trading Platform", "id": "localhost"}
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert options["attestation"] == "none"
    assert options["user"]["id"] == text(mina.uid.bytes)
    assert options["excludeCredentials"] == []


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"password": "wrong one"}, (422, "PASSWORD_WRONG")),
        ({}, (403, "PASSWORD_REQUIRED")),
    ],
)
def test_the_first_passkey_takes_the_password(
    browser: Client, body: dict[str, str], wanted: tuple[int, str]
) -> None:
    assert code(post(browser, "passkeys/options", body)) == wanted
    assert PasskeyChallenge.objects.count() == 0


def test_the_next_passkey_takes_a_fresh_factor(
    browser: Client, session: LoggedIn, clock: time_machine.Traveller
) -> None:
    first, second = Authenticator(), Authenticator()
    registered(browser, first)
    answer = registered(browser, second, "Key ring")
    assert answer.status_code == 201
    assert "backup_codes" not in answer.json()

    clock.shift(601)
    stale = refreshed(session)
    body = {"password": PASSWORD}
    assert code(post(stale, "passkeys/options", body)) == (403, "FRESH_FACTOR_REQUIRED")
    assert code(post(stale, "otp", body)) == (403, "FRESH_FACTOR_REQUIRED")
    assert stepped_up(stale, second).status_code == 204
    options = post(stale, "passkeys/options").json()["public_key"]
    assert len(options["excludeCredentials"]) == 2


def test_what_was_asked_for_before_the_first_factor_takes_a_fresh_one_now(
    browser: Client, session: LoggedIn, clock: time_machine.Traveller
) -> None:
    options = post(browser, "passkeys/options", {"password": PASSWORD}).json()
    registered(browser, Authenticator())
    SessionFactor.objects.all().delete()
    made = Authenticator().create(options["public_key"])
    body = {"challenge_id": options["challenge_id"], "name": "Second", "credential": made}
    assert code(post(browser, "passkeys", body)) == (403, "FRESH_FACTOR_REQUIRED")
    assert Passkey.objects.count() == 1


LIES: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "http://localhost:8001"},
    "another domain": {"rp_id": "example.com"},
    "nobody present": {"flags": VERIFIED},
    "impossible backup flags": {"flags": PRESENT | SYNCED},
    "an algorithm that was not asked for": {"algorithm": "ES512"},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_registration_that_proves_nothing_stores_nothing(browser: Client, lie: str) -> None:
    answer = registered(browser, Authenticator(**LIES[lie]))
    assert code(answer) == (403, "PASSKEY_INVALID")
    assert (Passkey.objects.count(), BackupKey.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}},
        {"id": 7, "rawId": [], "type": None, "response": "x"},
        {
            "id": "AA",
            "rawId": "AA",
            "type": "public-key",
            "response": {"clientDataJSON": "\u00e9", "attestationObject": "////"},
        },
        {
            "id": "AA",
            "rawId": "AA",
            "type": "public-key",
            "response": {"clientDataJSON": "bnVsbA", "attestationObject": "v_8"},
        },
    ],
)
def test_no_credential_at_all_is_refused_everywhere(
    browser: Client, credential: dict[str, Any]
) -> None:
    options = post(browser, "passkeys/options", {"password": PASSWORD}).json()
    body = {"challenge_id": options["challenge_id"], "name": "x", "credential": credential}
    assert code(post(browser, "passkeys", body)) == (403, "PASSKEY_INVALID")
    options = post(Client(), "login/passkey/options").json()
    body = {"challenge_id": options["challenge_id"], "credential": credential}
    assert code(post(Client(), "login/passkey", body)) == (403, "PASSKEY_INVALID")


def test_one_passkey_is_registered_once_whoever_tries(
    mina: User, joon: User, browser: Client, log_in: LogIn, bearer: Bearer
) -> None:
    key = Authenticator()
    registered(browser, key)
    assert code(registered(browser, key)) == (409, "PASSKEY_EXISTS")
    other = bearer(log_in(joon).tokens.access)
    assert code(registered(other, key)) == (409, "PASSKEY_EXISTS")
    assert [row.user_id for row in Passkey.objects.all()] == [mina.pk]
    assert not BackupKey.objects.filter(user=joon).exists()


def test_an_account_has_ten_passkeys_at_most(browser: Client, settings: Any) -> None:
    settings.PASSKEYS_MAX = 2
    registered(browser, Authenticator())
    options = post(browser, "passkeys/options").json()
    registered(browser, Authenticator())
    body = {
        "challenge_id": options["challenge_id"],
        "name": "Third",
        "credential": Authenticator().create(options["public_key"]),
    }
    assert code(post(browser, "passkeys", body)) == (409, "PASSKEY_LIMIT_REACHED")
    assert code(post(browser, "passkeys/options")) == (409, "PASSKEY_LIMIT_REACHED")
    assert Passkey.objects.count() == 2


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 61])
def test_a_name_is_one_printable_line(browser: Client, name: str) -> None:
    assert registered(browser, Authenticator(), name).status_code == 400
    assert Passkey.objects.count() == 0


def test_a_passkey_is_renamed_and_removed_by_its_owner_only(
    joon: User, browser: Client, log_in: LogIn, bearer: Bearer
) -> None:
    key = Authenticator()
    url = f"/api/account/passkeys/{registered(browser, key).json()['id']}"
    other = bearer(log_in(joon).tokens.access)
    assert other.patch(url, {"name": "Mine"}, content_type=JSON).status_code == 404
    assert other.delete(url).status_code == 404
    assert browser.patch(url, {"name": ""}, content_type=JSON).status_code == 400
    answer = browser.patch(url, {"name": "Old laptop"}, content_type=JSON)
    assert (answer.status_code, answer.json()["name"]) == (200, "Old laptop")

    assert browser.delete(url).status_code == 204
    assert (Passkey.objects.count(), BackupKey.objects.count(), BackupCode.objects.count()) == (
        0,
        0,
        0,
    )
    assert browser.delete(url).status_code == 404
    assert code(entered(Client(), key)) == (403, "PASSKEY_INVALID")
    actions = AuditEntry.objects.filter(action__startswith="PASSKEY").order_by("seq")
    assert set(actions.values_list("action", flat=True)) == {
        "PASSKEY_ADDED",
        "PASSKEY_REMOVED",
        "PASSKEY_REFUSED",
    }


def test_removing_takes_a_fresh_factor(
    browser: Client, session: LoggedIn, clock: time_machine.Traveller
) -> None:
    url = f"/api/account/passkeys/{registered(browser, Authenticator()).json()['id']}"
    clock.shift(601)
    assert code(refreshed(session).delete(url)) == (403, "FRESH_FACTOR_REQUIRED")
    assert Passkey.objects.count() == 1


def test_backup_codes_stay_while_one_factor_does(browser: Client) -> None:
    first = registered(browser, Authenticator()).json()
    registered(browser, Authenticator())
    assert browser.delete(f"/api/account/passkeys/{first['id']}").status_code == 204
    assert browser.get("/api/account/otp").json()["backup_codes_left"] == 10
    used = post(browser, "otp/verify", {"code": first["backup_codes"][0]})
    assert used.status_code == 204
    assert browser.get("/api/account/otp").json()["backup_codes_left"] == 9
    assert code(post(browser, "otp/verify", {"code": "000000"})) == (403, "OTP_CODE_INVALID")


def test_an_app_beside_a_passkey_has_the_same_backup_codes(browser: Client) -> None:
    from base64 import b32decode

    from accounts.totp import code_at, step_at
    from tradingplatform.clock import now

    registered(browser, Authenticator())
    before = list(BackupCode.objects.values_list("code_hash", flat=True).order_by("pk"))
    seed = b32decode(post(browser, "otp", {"password": PASSWORD}).json()["secret"])
    confirmed = post(browser, "otp/confirm", {"code": code_at(seed, step_at(now()))})
    assert confirmed.json() == {"backup_codes": []}
    assert browser.delete("/api/account/otp").status_code == 204
    assert list(BackupCode.objects.values_list("code_hash", flat=True).order_by("pk")) == before
