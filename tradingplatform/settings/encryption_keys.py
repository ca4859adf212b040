"""AES keys that wrap stored secrets: from ENCRYPTION_KEYS, or made once on this machine."""

import binascii
import json
import os
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TypedDict

from cryptography.hazmat.primitives.hashes import SHA256, Hash

from tradingplatform.settings.key_files import kept_or_made

_FILE = "encryption_keys.json"
_BYTES = 32


class EncryptionKey(TypedDict):
    """One key-encryption key: the first of the list wraps, all unwrap."""

    id: str
    key: bytes


def encryption_keys(text: str, *, folder: Path, may_generate: bool) -> list[EncryptionKey]:
    """Return the keys of the environment, else those of ``folder``, made on first use."""
    if text:
        return parse_keys(text)
    if not may_generate:
        return []
    return parse_keys(kept_or_made(folder / _FILE, _new_list))


def parse_keys(text: str) -> list[EncryptionKey]:
    """Read a JSON list of 32-byte keys in base64, newest first."""
    try:
        keys = [_key(word) for word in json.loads(text)]
    except (ValueError, TypeError, binascii.Error):
        keys = []
    if not keys:
        sys.exit(
            "Configuration error: ENCRYPTION_KEYS: needs a JSON list of 32-byte keys in base64."
        )
    return keys


def _key(word: str) -> EncryptionKey:
    key = b64decode(word, validate=True)
    if len(key) != _BYTES:
        message = "not 32 bytes"
        raise ValueError(message)
    return EncryptionKey(id=_fingerprint(key), key=key)


def _fingerprint(key: bytes) -> str:
    digest = Hash(SHA256())
    digest.update(b"key-encryption-key:" + key)
    return digest.finalize().hex()[:16]


def _new_list() -> bytes:
    return json.dumps([b64encode(os.urandom(_BYTES)).decode()]).encode()
