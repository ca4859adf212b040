"""No token but ours is good, and nothing a token says can break the server."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.errors import InvalidTokenError, TokenExpiredError
from accounts.models import User
from accounts.services import LoggedIn
from accounts.tokens import access_token_issue, access_token_read
from tradingplatform.clock import now
from tradingplatform.errors import AuthenticationError
from tradingplatform.ids import uuid7

UID, SID = uuid7(), uuid7()


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(part: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return content


def good_claims(**changes: Any) -> dict[str, Any]:
    _, payload, _ = access_token_issue(uid=UID, sid=SID).split(".")
    claims = decoded(payload) | changes
    return {name: value for name, value in claims.items() if value is not None}


def signed(claims: dict[str, Any], *, headers: dict[str, Any] | None = None) -> str:
    key = settings.JWT_KEYS[0]
    private = load_pem_private_key(key["pem"].encode(), password=None)
    assert isinstance(private, Ed25519PrivateKey)
    return jwt.encode(claims, private, "EdDSA", headers={"kid": key["kid"], **(headers or {})})


def public_bytes() -> bytes:
    private = load_pem_private_key(settings.JWT_KEYS[0]["pem"].encode(), password=None)
    assert isinstance(private, Ed25519PrivateKey)
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def hs256(claims: dict[str, Any], secret: bytes, kid: str) -> str:
    import hashlib
    import hmac

    head = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': kid})}.{encoded(claims)}"
    return f"{head}.{encoded(hmac.new(secret, head.encode(), hashlib.sha256).digest())}"


def test_a_good_token_says_who_and_which_session() -> None:
    claims = access_token_read(access_token_issue(uid=UID, sid=SID))
    assert (claims.uid, claims.sid) == (UID, SID)


def test_a_token_signed_like_ours_is_good() -> None:
    # The forgeries below differ from this one in one thing each.
    assert access_token_read(signed(good_claims())).uid == UID


def forgeries() -> dict[str, str]:
    kid, claims = settings.JWT_KEYS[0]["kid"], good_claims()
    good = signed(claims)
    header, payload, signature = good.split(".")
    stranger = Ed25519PrivateKey.generate()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": encoded(stranger.public_key().public_bytes_raw())}
    past = int(now().timestamp()) - 10
    repeated = b'{"typ":"access","typ":"access"}'
    return {
        "empty": "",
        "not a jwt": "abc",
        "two parts": f"{header}.{payload}",
        "four parts": f"{good}.x",
        "five parts": f"{good}.x.y",
        "no signature": f"{header}.{payload}.",
        "alg none": f"{encoded({'alg': 'none', 'typ': 'JWT', 'kid': kid})}.{payload}.",
        "alg None signed": f"{encoded({'alg': 'None', 'kid': kid})}.{payload}.{signature}",
        "alg missing": f"{encoded({'kid': kid})}.{payload}.{signature}",
        "alg is a list": f"{encoded({'alg': ['EdDSA'], 'kid': kid})}.{payload}.{signature}",
        "HS256 with the public key": hs256(claims, public_bytes(), kid),
        "HS256 with the PEM": hs256(claims, settings.JWT_KEYS[0]["pem"].encode(), kid),
        "HS256 with the secret key": hs256(claims, settings.SECRET_KEY.encode(), kid),
        "HS256 without a key": hs256(claims, b"", kid),
        "another key": jwt.encode(claims, stranger, "EdDSA", headers={"kid": kid}),
        "another key and kid": jwt.encode(claims, stranger, "EdDSA", headers={"kid": "x"}),
        "no kid": jwt.encode(claims, stranger, "EdDSA"),
        "kid path": signed(claims, headers={"kid": "../../dev/null"}),
        "kid sql": signed(claims, headers={"kid": "' UNION SELECT 'x"}),
        "kid number": f"{encoded({'alg': 'EdDSA', 'kid': 1})}.{payload}.{signature}",
        "kid object": f"{encoded({'alg': 'EdDSA', 'kid': {}})}.{payload}.{signature}",
        "kid list": f"{encoded({'alg': 'EdDSA', 'kid': [kid]})}.{payload}.{signature}",
        "jwk": jwt.encode(claims, stranger, "EdDSA", headers={"kid": kid, "jwk": jwk}),
        "jku": signed(claims, headers={"jku": "http://127.0.0.1/keys"}),
        "x5u": signed(claims, headers={"x5u": "http://127.0.0.1/cert"}),
        "crit": signed(claims, headers={"crit": ["exp"]}),
        "b64 false": signed(claims, headers={"b64": False, "crit": ["b64"]}),
        "wrong aud": signed(claims | {"aud": "finance_app:PROD"}),
        "aud list": signed(claims | {"aud": [settings.JWT_AUDIENCE, "other"]}),
        "wrong iss": signed(claims | {"iss": "other"}),
        "wrong typ": signed(claims | {"typ": "refresh"}),
        "typ list": signed(claims | {"typ": ["access"]}),
        "long life": signed(claims | {"exp": past + 100_000}),
        "negative life": signed(claims | {"exp": -1, "iat": past}),
        "future iat": signed(claims | {"iat": past + 3600, "exp": past + 3700}),
        "future nbf": signed(claims | {"nbf": past + 3600}),
        "exp text": signed(claims | {"exp": str(past + 100)}),
        "exp float": f"{header}.{encoded(claims | {'exp': 1e308})}.{signature}",
        "exp bool": signed(claims | {"exp": True}),
        "sub number": signed(claims | {"sub": "5"}),
        "sid empty": signed(claims | {"sid": ""}),
        "sid object": signed(claims | {"sid": {}}),
        "payload list": f"{header}.{encoded([1])}.{signature}",
        "payload not json": f"{header}.{encoded(b'{')}.{signature}",
        "payload deep": f"{header}.{encoded(b'[' * 900)}.{signature}",
        "header deep": f"{encoded(b'[' * 900)}.{payload}.{signature}",
        "header nul": f"{encoded(bytes(4))}.{payload}.{signature}",
        "huge": f"{header}.{'A' * 100_000}.{signature}",
        "not ascii": f"{header}.가.{signature}",
        "duplicate claims": f"{header}.{encoded(repeated)}.{signature}",
        **{
            f"without {name}": signed(good_claims(**{name: None}))
            for name in ("iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid", "typ")
        },
    }


@pytest.mark.parametrize("name", list(forgeries()))
def test_forgeries_are_refused(name: str) -> None:
    with pytest.raises(InvalidTokenError):
        access_token_read(forgeries()[name])


def test_a_token_lives_five_minutes() -> None:
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
        token = access_token_issue(uid=UID, sid=SID)
        clock.shift(timedelta(seconds=299))
        assert access_token_read(token).sid == SID
        clock.shift(timedelta(seconds=1))
        with pytest.raises(TokenExpiredError):
            access_token_read(token)


def test_an_old_key_still_verifies_and_the_new_one_signs(settings: Any) -> None:
    old = access_token_issue(uid=UID, sid=SID)
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    settings.JWT_KEYS = [{"kid": "new", "pem": pem.decode()}, *settings.JWT_KEYS]
    new = access_token_issue(uid=UID, sid=SID)

    assert jwt.get_unverified_header(new)["kid"] == "new"
    assert access_token_read(old).uid == access_token_read(new).uid == UID

    settings.JWT_KEYS = settings.JWT_KEYS[:1]
    with pytest.raises(InvalidTokenError):
        access_token_read(old)


@hypothesis_settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_changed_tokens_are_refused(data: st.DataObject) -> None:
    good = access_token_issue(uid=UID, sid=SID)
    position = data.draw(st.integers(0, len(good) - 1))
    character = data.draw(st.characters(min_codepoint=1, max_codepoint=127))
    changed = good[:position] + character + good[position + 1 :]
    if changed == good:
        return
    with pytest.raises(AuthenticationError):
        access_token_read(changed)


@hypothesis_settings(max_examples=200, deadline=None)
@given(token=st.text(max_size=400))
def test_arbitrary_text_is_refused(token: str) -> None:
    with pytest.raises(AuthenticationError):
        access_token_read(token)


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize("name", [name for name in forgeries() if name != "not ascii"])
def test_forgeries_are_401_on_the_api(bearer: Callable[[str], Client], name: str) -> None:
    response = bearer(forgeries()[name]).get("/api/account/me")
    assert (response.status_code, response.json()["errorCode"]) == (401, "INVALID_TOKEN")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize("header", ["Basic bWluYTpw", "Bearer", "Token x", "bearer", "Bearer a b"])
def test_other_authorization_headers_are_401(api: Client, header: str) -> None:
    response = api.get("/api/account/me", headers={"Authorization": header})
    assert (response.status_code, response.json()["errorCode"]) == (401, "INVALID_TOKEN")


@pytest.mark.django_db(databases="__all__")
def test_a_token_of_one_user_with_the_session_of_another_is_refused(
    mina: User,
    joon: User,
    log_in: Callable[[User], LoggedIn],
    bearer: Callable[[str], Client],
) -> None:
    token = access_token_issue(uid=joon.uid, sid=log_in(mina).session.sid)
    response = bearer(token).get("/api/account/me")
    assert (response.status_code, response.json()["errorCode"]) == (401, "INVALID_TOKEN")
