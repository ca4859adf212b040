"""Passkeys: registering, logging in with and without a password, showing them again."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from accounts.models import (
    AuditEntry,
    BackupCode,
    BackupKey,
    Passkey,
    PasskeyChallenge,
    Session,
    SessionFactor,
    User,
)
from accounts.services import LoggedIn
from accounts.services.passkey_challenges import challenges_prune
from accounts.tests.authenticator import PRESENT, SYNCABLE, SYNCED, VERIFIED, Authenticator, text
from accounts.tests.conftest import PASSWORD
from accounts.tests.factories import address_confirm
from accounts.tests.passkey_steps import (
    JSON,
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

pytestmark = pytest.mark.django_db(databases="__all__")
LogIn = Callable[[User], LoggedIn]
Bearer = Callable[[str], Client]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def place(settings: Any) -> None:
    settings.PASSKEY_RP_ID, settings.PASSKEY_ORIGINS = "localhost", ["http://localhost:8000"]


@pytest.fixture
def session(mina: User, log_in: LogIn) -> LoggedIn:
    return log_in(mina)


@pytest.fixture
def browser(session: LoggedIn, bearer: Bearer) -> Client:
    return bearer(session.tokens.access)


# Registering


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


# Naming and removing


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


# Logging in


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


# Step-up


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
