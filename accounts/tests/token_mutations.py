"""Access tokens that nobody may get in with, made from good ones by a seeded generator."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

from accounts.tokens import access_token_issue

GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
HEADER_LIMIT = 64 * 1024
JUNK: tuple[Any, ...] = (
    *(None, 0, -1, 1.5, True, False, "", "x", [], {}, [[]], {"a": 1}, "null", "0", 2**63, 1e308),
    *("\u0000", "가", "../../etc/passwd", "' OR 1=1 --", "a" * 500, ["access"], [None]),
)
KIDS: tuple[Any, ...] = (
    *JUNK,
    *("../../dev/null", "/proc/self/environ", "' UNION SELECT 'x", "http://127.0.0.1/key"),
    *("file:///dev/null", "|id", "\r\nX: y", "__class__", "..%2f..%2f"),
)
WORDS = ("jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip", "enc", "cty", "url")
# Look-alikes, controls, half a pair, digits of other scripts.
ODD = (
    *("\u0000", "\n", "\u00a0", "\u200b", "\u0430", "\uff0e", "\u0663", "\ud800", "\U0001f600"),
    *("%00", " ", "=", "+", "/"),
)


@dataclass(frozen=True)
class Good:
    """What a good token is made of, and the keys that an attacker may hold."""

    uid: UUID
    sid: UUID
    key: Ed25519PrivateKey
    kid: str
    stranger: Ed25519PrivateKey
    retired: Ed25519PrivateKey
    token: str

    @property
    def parts(self) -> list[str]:
        return self.token.split(".")

    @property
    def claims(self) -> dict[str, Any]:
        claims: dict[str, Any] = json.loads(decoded(self.parts[1]))
        return claims


Mutation = Callable[[Good, Random, int], str]


def good(*, uid: UUID, sid: UUID) -> Good:
    """Return a token that is in order, by the newest key of this installation."""
    first = settings.JWT_KEYS[0]
    key = load_pem_private_key(first["pem"].encode(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    return Good(
        uid=uid,
        sid=sid,
        key=key,
        kid=first["kid"],
        stranger=Ed25519PrivateKey.from_private_bytes(b"stranger" * 4),
        retired=Ed25519PrivateKey.from_private_bytes(b"retired!" * 4),
        token=access_token_issue(uid=uid, sid=sid),
    )


def mutants(of: Good, *, count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Return so many pairs of the name of a mutation and a token, the same for the same seed."""
    rng = Random(seed)  # noqa: S311 - repeatable is what is wanted here
    made = 0
    while made < count:
        name, mutate = MUTATIONS[made % len(MUTATIONS)]
        mutant = mutate(of, rng, made // len(MUTATIONS))
        if mutant != of.token:
            made += 1
            yield name, mutant


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def sealed(header: object, payload: object, key: Ed25519PrivateKey) -> str:
    """Sign any two parts, however odd."""
    text = f"{encoded(header)}.{encoded(payload)}"
    return f"{text}.{encoded(key.sign(text.encode()))}"


def _flip_bit(of: Good, rng: Random, number: int) -> str:
    # One place after the other, so that every character of the token has its turn.
    place = number % len(of.token)
    character = chr(ord(of.token[place]) ^ (1 << rng.randrange(7)))
    return of.token[:place] + character + of.token[place + 1 :]


def _flip_byte(of: Good, rng: Random, number: int) -> str:
    parts = of.parts
    which = number % 3
    raw = bytearray(decoded(parts[which]))
    raw[rng.randrange(len(raw))] ^= rng.randrange(1, 256)
    parts[which] = encoded(bytes(raw))
    return ".".join(parts)


def _insert(of: Good, rng: Random, _: int) -> str:
    place = rng.randrange(len(of.token) + 1)
    return of.token[:place] + rng.choice(ODD) * rng.randrange(1, 4) + of.token[place:]


def _truncate(of: Good, rng: Random, number: int) -> str:
    length = number % len(of.token)
    return rng.choice((of.token[:length], of.token[length + 1 :]))


def _rearrange(of: Good, rng: Random, _: int) -> str:
    parts = of.parts
    return ".".join(rng.choice([*parts, ""]) for _ in range(rng.randrange(1, 7)))


def _alg_none(of: Good, rng: Random, _: int) -> str:
    alg: Any = rng.choice(("none", "None", "NONE", "nOnE", "", None, 0, [], "EdDSA\u0000", "none "))
    header = encoded({"alg": alg, "typ": "JWT", "kid": of.kid})
    return f"{header}.{of.parts[1]}.{rng.choice(('', of.parts[2]))}"


def _hs_confusion(of: Good, rng: Random, _: int) -> str:
    public = of.key.public_key()
    secrets = (
        public.public_bytes(Encoding.Raw, PublicFormat.Raw),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        settings.SECRET_KEY.encode(),
        of.kid.encode(),
        b"",
    )
    alg, digest = rng.choice((("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")))
    text = f"{encoded({'alg': alg, 'typ': 'JWT', 'kid': of.kid})}.{of.parts[1]}"
    return f"{text}.{encoded(hmac.digest(rng.choice(secrets), text.encode(), digest))}"


def _other_alg(of: Good, rng: Random, _: int) -> str:
    alg = rng.choice(("RS256", "ES256", "PS512", "ES256K", "Ed448", "eddsa", "EDDSA", "Ed25519"))
    return sealed({"alg": alg, "typ": "JWT", "kid": of.kid}, of.claims, of.key)


def _kid(of: Good, rng: Random, _: int) -> str:
    key = rng.choice((of.key, of.stranger))
    return sealed({"alg": "EdDSA", "typ": "JWT", "kid": rng.choice(KIDS)}, of.claims, key)


def _key_in_header(of: Good, rng: Random, _: int) -> str:
    public = of.stranger.public_key().public_bytes_raw()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": encoded(public), "kid": of.kid}
    value = rng.choice((jwk, [jwk], "http://127.0.0.1:1/keys", [encoded(public)], *JUNK))
    header = {"alg": "EdDSA", "typ": "JWT", "kid": of.kid, rng.choice(WORDS): value}
    return sealed(header, of.claims, rng.choice((of.key, of.stranger)))


def _claim_of_wrong_type(of: Good, rng: Random, _: int) -> str:
    name = rng.choice(("aud", "iss", "typ", "sid", "sub", "jti", "iat", "nbf", "exp"))
    return sealed(_header(of), of.claims | {name: rng.choice(JUNK)}, of.key)


def _claim_missing(of: Good, rng: Random, _: int) -> str:
    claims = of.claims
    del claims[rng.choice(list(claims))]
    return sealed(_header(of), claims, of.key)


def _other_purpose(of: Good, rng: Random, _: int) -> str:
    change = rng.choice(
        (
            {"aud": f"{settings.APP_ID}:elsewhere"},
            {"aud": [settings.JWT_AUDIENCE]},
            {"iss": f"{settings.JWT_ISSUER}."},
            {"typ": rng.choice(("refresh", "ticket", "Access", "access "))},
        )
    )
    return sealed(_header(of), of.claims | change, of.key)


def _times_shifted(of: Good, rng: Random, _: int) -> str:
    claims, shift = of.claims, rng.randrange(1, 10**6) + settings.JWT_TTL_S
    change = rng.choice(
        (
            {"exp": claims["exp"] + shift},
            {"iat": claims["iat"] + shift},
            {"nbf": claims["nbf"] + shift},
            {"nbf": claims["nbf"] - shift},
            {name: claims[name] + shift for name in ("iat", "nbf", "exp")},
            {"exp": claims["iat"]},
            {"exp": str(claims["exp"])},
            {"exp": float(claims["exp"])},
        )
    )
    return sealed(_header(of), claims | change, of.key)


def _expired(of: Good, rng: Random, _: int) -> str:
    ago = settings.JWT_TTL_S + rng.randrange(1, 10**6)
    claims = of.claims
    past = {name: claims[name] - ago for name in ("iat", "nbf", "exp")}
    return sealed(_header(of), claims | past, of.key)


def _repeated(of: Good, rng: Random, _: int) -> str:
    """Say one thing twice, as parsers differ in which of the two counts."""
    if rng.random() < 0.3:
        header = json.dumps(_header(of))[1:]
        return sealed(f'{{"alg": "none", {header}'.encode(), of.claims, of.key)
    name = rng.choice(list(of.claims))
    payload = json.dumps(of.claims)[1:]
    value = json.dumps(rng.choice((of.claims[name], *JUNK)))
    return sealed(_header(of), f'{{"{name}": {value}, {payload}'.encode(), of.key)


def _huge(of: Good, rng: Random, _: int) -> str:
    size = rng.choice((2048, 4096, 8192, HEADER_LIMIT - 512))
    if rng.random() < 0.5:
        return sealed(_header(of), of.claims | {"pad": "x" * size}, of.key)
    place = rng.randrange(len(of.token))
    return of.token[:place] + rng.choice("A.[") * size + of.token[place:]


def _deep(of: Good, rng: Random, _: int) -> str:
    bracket = rng.choice((b"[", b'{"a":'))
    bad = bracket * rng.choice((10, 150, 180))
    return rng.choice((sealed(_header(of), bad, of.key), sealed(bad, of.claims, of.key)))


def _nested(of: Good, rng: Random, _: int) -> str:
    inner = rng.choice((of.token.encode(), {"jwt": of.token}, [of.token], of.token))
    header = rng.choice((_header(of), {**_header(of), "cty": "JWT"}))
    return sealed(header, inner, of.key)


def _foreign_key(of: Good, rng: Random, _: int) -> str:
    """As another environment would sign, or as this one did before its key was retired."""
    key = rng.choice((of.stranger, of.retired))
    own = hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()[:16]
    header = {"alg": "EdDSA", "typ": "JWT", "kid": rng.choice((of.kid, own))}
    return sealed(header, of.claims, key)


def _signature(of: Good, rng: Random, _: int) -> str:
    raw = decoded(of.parts[2])
    scalar = int.from_bytes(raw[32:], "little") + GROUP_ORDER
    forged = rng.choice(
        (
            bytes(64),
            b"\x01" + bytes(63),
            raw[:32] + scalar.to_bytes(32, "little"),
            raw[32:] + raw[:32],
            raw[:63],
            raw + b"\0",
            of.key.sign(of.parts[1].encode()),
            rng.randbytes(64),
        )
    )
    return ".".join([*of.parts[:2], encoded(forged)])


def _swapped(of: Good, rng: Random, _: int) -> str:
    """Put the parts of two good tokens together."""
    other = jwt.encode(of.claims | {"jti": str(UUID(int=rng.getrandbits(128)))}, of.key, "EdDSA")
    return ".".join([*of.parts[:2], other.split(".")[2]])


def _noise(_: Good, rng: Random, __: int) -> str:
    return "".join(chr(rng.randrange(1, 0x250)) for _ in range(rng.randrange(600)))


def _header(of: Good) -> dict[str, Any]:
    return {"alg": "EdDSA", "typ": "JWT", "kid": of.kid}


MUTATIONS: list[tuple[str, Mutation]] = [
    ("alg none", _alg_none),
    ("alg other", _other_alg),
    ("bit flipped", _flip_bit),
    ("byte flipped", _flip_byte),
    ("claim missing", _claim_missing),
    ("claim of wrong type", _claim_of_wrong_type),
    ("claim repeated", _repeated),
    ("deep", _deep),
    ("expired", _expired),
    ("foreign key", _foreign_key),
    ("HS confusion", _hs_confusion),
    ("huge", _huge),
    ("inserted", _insert),
    ("key in header", _key_in_header),
    ("kid", _kid),
    ("nested", _nested),
    ("noise", _noise),
    ("other purpose", _other_purpose),
    ("rearranged", _rearrange),
    ("signature", _signature),
    ("swapped", _swapped),
    ("times shifted", _times_shifted),
    ("truncated", _truncate),
]
