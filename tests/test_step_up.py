"""What a stolen session must not do: every call is classified, and asks for what it must."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import orjson
import pytest
from django.test import Client

from accounts.models import (
    AccountExport,
    ApiKey,
    BackupCode,
    OtpFactor,
    Passkey,
    PasskeyChallenge,
    SessionFactor,
    User,
    UserApiKey,
)
from accounts.services import Device, session_open, user_sign_up
from accounts.services.backup_codes import backup_codes_make
from accounts.services.broker_keys import BrokerKeyName, broker_key_store
from accounts.services.otp_codes import seed_context
from accounts.services.step_up import factor_note
from accounts.tests.factories import address_confirm
from accounts.tokens import access_token_issue
from tradingplatform.api.policy import POLICY, Access
from tradingplatform.clock import now
from tradingplatform.crypto import seal
from tradingplatform.db.transactions import global_tx
from tradingplatform.ids import uuid7

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
PASSWORD = "correct horse battery"
HOME = Device(ip="127.0.0.1", user_agent="pytest")
NEW = "another pass phrase"


class Asks(StrEnum):
    """What a call wants beside the session."""

    NOTHING = "NOTHING"  # it shuts a door, cannot hurt, or asks for a code or a link itself
    FACTOR = "FACTOR"  # the second factor, freshly shown, from those who have one on
    PASSWORD = "PASSWORD"
    BOTH = "BOTH"  # the password of everybody, and the factor of those who have one on
    EITHER = "EITHER"  # the factor of those who have one on, the password of the others


SENSITIVE: dict[tuple[str, str], Asks] = {
    ("accounts:api-key", "DELETE"): Asks.NOTHING,
    ("accounts:api-keys", "POST"): Asks.EITHER,
    ("accounts:broker-key", "DELETE"): Asks.FACTOR,
    ("accounts:broker-key-test", "POST"): Asks.NOTHING,
    ("accounts:broker-keys", "POST"): Asks.EITHER,
    ("accounts:close", "POST"): Asks.BOTH,
    ("accounts:email-verify", "POST"): Asks.NOTHING,
    ("accounts:export", "POST"): Asks.EITHER,
    ("accounts:logout", "POST"): Asks.NOTHING,
    ("accounts:otp", "DELETE"): Asks.FACTOR,
    ("accounts:otp", "POST"): Asks.PASSWORD,
    ("accounts:otp-backup-codes", "POST"): Asks.FACTOR,
    ("accounts:otp-confirm", "POST"): Asks.NOTHING,
    ("accounts:otp-verify", "POST"): Asks.NOTHING,
    ("accounts:passkey", "DELETE"): Asks.FACTOR,
    ("accounts:passkey", "PATCH"): Asks.NOTHING,
    ("accounts:passkey-options", "POST"): Asks.EITHER,
    ("accounts:passkey-verify", "POST"): Asks.NOTHING,
    ("accounts:passkey-verify-options", "POST"): Asks.NOTHING,
    ("accounts:passkeys", "POST"): Asks.NOTHING,  # its challenge comes from passkey-options
    ("accounts:password-change", "POST"): Asks.BOTH,
    ("accounts:session", "DELETE"): Asks.NOTHING,
    ("accounts:sessions", "DELETE"): Asks.NOTHING,
    ("accounts:ws-ticket", "POST"): Asks.NOTHING,
}
BODIES: dict[str, dict[str, Any]] = {
    "accounts:api-keys": {"name": "bot", "scopes": ["trade"], "password": PASSWORD},
    "accounts:broker-keys": {"provider": "OPENAI", "api_key": "x" * 20, "password": PASSWORD},
    "accounts:close": {"password": PASSWORD},
    "accounts:export": {"password": PASSWORD},
    "accounts:otp": {"password": PASSWORD},
    "accounts:passkey-options": {"password": PASSWORD},
    "accounts:password-change": {"current_password": PASSWORD, "new_password": NEW},
}
PATHS = {
    "accounts:api-keys": "api-keys",
    "accounts:broker-keys": "broker-keys",
    "accounts:close": "close",
    "accounts:export": "export",
    "accounts:otp": "otp",
    "accounts:otp-backup-codes": "otp/backup-codes",
    "accounts:passkey-options": "passkeys/options",
    "accounts:password-change": "password/change",
}
WITH_FACTOR = {key for key, asks in SENSITIVE.items() if asks in {"FACTOR", "BOTH", "EITHER"}}
WITH_PASSWORD = {key for key, asks in SENSITIVE.items() if asks in {"PASSWORD", "BOTH", "EITHER"}}


@pytest.fixture
def mina() -> User:
    mina = user_sign_up(email="mina@example.com", password=PASSWORD, nickname="Mina")
    address_confirm(mina)
    which = BrokerKeyName("FMP", "LIVE")
    broker_key_store(owner=mina, which=which, given={"api_key": "x" * 20}, device=HOME)
    return mina


@pytest.fixture
def factor(mina: User) -> None:
    sealed = seal(bytes(20), seed_context(mina.uid))
    OtpFactor.objects.create(user=mina, sealed=sealed, confirmed_at=now())
    Passkey.objects.create(user=mina, name="Key", aaguid=uuid7(), credential_id=b"x")
    global_tx(backup_codes_make, mina)


@pytest.fixture
def ask(mina: User, settings: Any) -> Callable[..., tuple[int, str]]:
    """Make a call in a session of mina's that has not shown the factor."""
    settings.RATE_LIMITS = {
        name: (10**9, period_s) for name, (_, period_s) in settings.RATE_LIMITS.items()
    }
    user = User.objects.get(pk=mina.pk)
    user_session = session_of(user)
    client = Client(headers={"Authorization": f"Bearer {user_session[1]}"})

    def call(name: str, method: str, *, fresh: bool = False, **changes: str) -> tuple[int, str]:
        if fresh:
            global_tx(factor_note, user_session[0], owner=user, device=HOME)
        path = f"/api/account/{path_of(name)}"
        body = {**BODIES.get(name, {}), **changes} if method == "POST" else {}
        answer = client.generic(method, path, orjson.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()["errorCode"] if answer.status_code >= 400 else ""

    return call


def path_of(name: str) -> str:
    if name == "accounts:broker-key":
        return f"broker-keys/{UserApiKey.objects.get().pk}"
    if name == "accounts:passkey":
        return f"passkeys/{Passkey.objects.get().pk}"
    return PATHS[name]


def held(user: User) -> tuple[object, ...]:
    """Return all that the sensitive calls could have changed."""
    row = User.objects.get(pk=user.pk)
    codes = sorted(BackupCode.objects.values_list("code_hash", flat=True))
    kinds = (ApiKey, UserApiKey, OtpFactor, AccountExport, Passkey, PasskeyChallenge)
    counts = [model.objects.count() for model in kinds]
    return row.password, row.is_active, codes, counts


def test_every_call_that_changes_an_account_is_classified() -> None:
    calls = {
        (name, method)
        for name, methods in POLICY.items()
        for method, access in methods.items()
        if name.startswith("accounts:")
        and method != "GET"
        and access in {Access.USER, Access.VERIFIED}
    }
    assert calls == set(SENSITIVE)


@pytest.mark.usefixtures("factor")
@pytest.mark.parametrize(("name", "method"), sorted(WITH_FACTOR))
def test_who_has_a_factor_must_show_it_freshly(
    mina: User, ask: Callable[..., tuple[int, str]], name: str, method: str
) -> None:
    before = held(mina)
    assert ask(name, method) == (403, "FRESH_FACTOR_REQUIRED")
    SessionFactor.objects.all().delete()
    assert held(mina) == before

    assert ask(name, method, fresh=True)[0] in {200, 201, 202, 204}
    assert held(mina) != before


@pytest.mark.parametrize(("name", "method"), sorted(WITH_PASSWORD))
def test_who_has_none_must_give_the_password(
    mina: User, ask: Callable[..., tuple[int, str]], name: str, method: str
) -> None:
    before = held(mina)
    field = "current_password" if name == "accounts:password-change" else "password"
    status, code = ask(name, method, **{field: "wrong one"})
    assert (status, code) == (422, "PASSWORD_WRONG")
    assert held(mina) == before

    assert ask(name, method)[0] in {200, 201, 202, 204}
    assert held(mina) != before


@pytest.mark.parametrize(
    ("name", "method"), sorted(key for key, asks in SENSITIVE.items() if asks is Asks.EITHER)
)
def test_who_has_none_is_told_that_the_password_is_wanted(
    mina: User, ask: Callable[..., tuple[int, str]], name: str, method: str
) -> None:
    before = held(mina)
    assert ask(name, method, password="") == (403, "PASSWORD_REQUIRED")
    assert held(mina) == before


@pytest.mark.parametrize(
    ("name", "method"), sorted(key for key, asks in SENSITIVE.items() if asks is Asks.EITHER)
)
def test_a_passkey_alone_counts_as_a_factor(
    mina: User, ask: Callable[..., tuple[int, str]], name: str, method: str
) -> None:
    Passkey.objects.create(user=mina, name="Key", aaguid=uuid7(), credential_id=b"x")
    before = held(mina)

    assert ask(name, method) == (403, "FRESH_FACTOR_REQUIRED")
    assert held(mina) == before


def session_of(user: User) -> tuple[Any, str]:
    session = global_tx(session_open, user=user, device=HOME)
    return session.sid, access_token_issue(uid=user.uid, sid=session.sid)
