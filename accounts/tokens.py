"""Access tokens: short-lived JWTs signed with Ed25519, and what makes one valid."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from jwt.utils import base64url_decode

from accounts.errors import InvalidTokenError, TokenExpiredError
from tradingplatform.clock import now
from tradingplatform.ids import uuid7

_ALGORITHM = "EdDSA"
_TYPE = "access"
_LENGTH_MAX = 2048
# Three parts of base64url, of which the signature has 64 bytes in their one spelling: what a
# lenient decoder would pass over must not be there.
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]")
_REQUIRED = ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid", "typ"]


@dataclass(frozen=True)
class AccessClaims:
    """What a valid access token says."""

    uid: UUID
    sid: UUID


def access_token_issue(*, uid: UUID, sid: UUID) -> str:
    """Return a signed token for one session, good for settings.JWT_TTL_S."""
    issued_at = now()
    key = settings.JWT_KEYS[0]
    claims = {
        "iss": settings.JWT_ISSUER,
        "aud": settings.JWT_AUDIENCE,
        "sub": str(uid),
        "sid": str(sid),
        "typ": _TYPE,
        "jti": str(uuid7()),
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + timedelta(seconds=settings.JWT_TTL_S),
    }
    return jwt.encode(
        claims, _private_key(key["pem"]), algorithm=_ALGORITHM, headers={"kid": key["kid"]}
    )


def access_token_read(token: str) -> AccessClaims:
    """Return the claims of a valid token.

    Raises TokenExpiredError for one of ours that has run out, InvalidTokenError for
    anything else. Algorithm, type and key come from us, never from the token; ``kid`` only
    chooses among our own keys.
    """
    if len(token) > _LENGTH_MAX or not _SHAPE.fullmatch(token):
        raise InvalidTokenError("The access token is not valid.")
    try:
        return _claims(_decoded(token))
    except jwt.ExpiredSignatureError as exc:
        raise TokenExpiredError("The access token has expired.") from exc
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError) as exc:
        raise InvalidTokenError("The access token is not valid.") from exc


def _decoded(token: str) -> Mapping[str, Any]:
    header = _object_in(token.split(".", maxsplit=1)[0])
    if header.get("alg") != _ALGORITHM or set(header) - {"alg", "kid", "typ"}:
        raise jwt.InvalidTokenError
    claims: Mapping[str, Any] = jwt.decode(
        token,
        _public_keys()[header["kid"]],
        algorithms=[_ALGORITHM],
        audience=settings.JWT_AUDIENCE,
        issuer=settings.JWT_ISSUER,
        options={
            "require": _REQUIRED,
            "strict_aud": True,
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
        },
    )
    _object_in(token.split(".")[1])
    _check_times(claims)
    return claims


def _object_in(part: str) -> dict[str, Any]:
    """Return the object in a part; parsers differ in which of two equal names counts."""
    found = json.loads(base64url_decode(part), object_pairs_hook=_names_once)
    if not isinstance(found, dict):
        raise jwt.InvalidTokenError
    return found


def _names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise jwt.InvalidTokenError
    return names


def _check_times(claims: Mapping[str, Any]) -> None:
    # Ours rather than the library's, so that time has one source and no leeway.
    instant = now().timestamp()
    issued, begins, ends = (claims[name] for name in ("iat", "nbf", "exp"))
    if not all(type(moment) is int for moment in (issued, begins, ends)):
        raise jwt.InvalidTokenError
    if begins != issued or issued > instant or not 0 < ends - issued <= settings.JWT_TTL_S:
        raise jwt.ImmatureSignatureError
    if ends <= instant:
        raise jwt.ExpiredSignatureError


def _claims(claims: Mapping[str, Any]) -> AccessClaims:
    names = [claims[name] for name in ("sub", "sid", "jti")]
    if claims["typ"] != _TYPE or not all(isinstance(name, str) for name in names):
        raise jwt.InvalidTokenError
    subject, session, _ = (UUID(name) for name in names)
    return AccessClaims(uid=subject, sid=session)


def _public_keys() -> dict[str, Ed25519PublicKey]:
    return {key["kid"]: _private_key(key["pem"]).public_key() for key in settings.JWT_KEYS}


@lru_cache(maxsize=16)
def _private_key(pem: str) -> Ed25519PrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        message = "a signing key is not Ed25519"
        raise TypeError(message)
    return key
