"""Ed25519 keys that sign access tokens: from JWT_SIGNING_KEYS, or made once on this machine."""

import json
import sys
from pathlib import Path
from typing import TypedDict, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from tradingplatform.settings.key_files import kept_or_made

_FILE = "jwt_signing_keys.pem"
_PEM_END = "-----END PRIVATE KEY-----"


class SigningKey(TypedDict):
    """One key: the first of the list signs, all verify."""

    kid: str
    pem: str


def signing_keys(text: str, *, folder: Path, may_generate: bool) -> list[SigningKey]:
    """Return the keys of the environment, else those of ``folder``, made on first use."""
    if text:
        return parse_keys(text)
    if not may_generate:
        return []
    return parse_keys(kept_or_made(keys_file(folder), _new_pem))


def parse_keys(text: str) -> list[SigningKey]:
    """Read keys, newest first: PKCS #8 PEM blocks, or a JSON list of ``{"kid", "pem"}``."""
    try:
        keys = [_key(block) for block in _blocks(text)]
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm):
        keys = []
    if not keys:
        sys.exit("Configuration error: JWT_SIGNING_KEYS: needs Ed25519 private keys in PEM form.")
    return keys


def keys_prepared(keys: list[SigningKey]) -> list[SigningKey]:
    """Return the keys with a new one that verifies and does not sign yet."""
    return [*keys, parse_keys(_new_pem().decode())[0]]


def keys_switched(keys: list[SigningKey]) -> list[SigningKey]:
    """Return the keys with the newest, which stood last, as the one that signs."""
    return [keys[-1], *keys[:-1]]


def keys_dropped(keys: list[SigningKey]) -> list[SigningKey]:
    """Return the key that signs alone: what the others signed is good no more."""
    return keys[:1]


def keys_json(keys: list[SigningKey]) -> str:
    """Return the value of JWT_SIGNING_KEYS that stands for the keys."""
    return json.dumps(keys)


def keys_file(folder: Path) -> Path:
    """Return where the keys of an installation without JWT_SIGNING_KEYS are."""
    return folder / _FILE


def _blocks(text: str) -> list[dict[str, str]]:
    if text.lstrip().startswith("["):
        return cast("list[dict[str, str]]", json.loads(text))
    whole = text.replace("\\n", "\n").split(_PEM_END)
    return [{"pem": f"{part.strip()}\n{_PEM_END}\n"} for part in whole if part.strip()]


def _key(block: dict[str, str]) -> SigningKey:
    private = load_pem_private_key(block["pem"].encode(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        message = "not an Ed25519 key"
        raise TypeError(message)
    return SigningKey(kid=block.get("kid") or _fingerprint(private), pem=block["pem"])


def _fingerprint(private: Ed25519PrivateKey) -> str:
    digest = Hash(SHA256())
    digest.update(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    return digest.finalize().hex()[:16]


def _new_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
