"""Secrets at rest: each under a data key of its own, which a key of the operator wraps.

A sealed text opens only for the owner and the purpose it was sealed for, in this
installation: AES-GCM authenticates all three, so a text that is moved to another row, user or
environment stays shut. Rotation wraps the data keys anew and leaves the secrets alone.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from tradingplatform.ids import secret_bytes

_VERSION = "v1"
_KEY_BITS = 256
_NONCE_BYTES = 12


class SealBrokenError(RuntimeError):
    """A sealed text was changed, moved, or its key is no longer known (never a user's fault)."""


@dataclass(frozen=True)
class Context:
    """Whose secret it is, and what for."""

    owner: UUID
    purpose: str

    def bound(self, part: str) -> bytes:
        """Return what is authenticated along with one part of a sealed text."""
        where = f"{settings.APP_ID}/{settings.APP_ENV}"
        return "\x1f".join((_VERSION, part, where, str(self.owner), self.purpose)).encode()


def seal(secret: bytes, context: Context) -> str:
    """Encrypt under a new data key, wrapped with the newest key of settings.ENCRYPTION_KEYS."""
    data_key = AESGCM.generate_key(_KEY_BITS)
    content = _encrypt(data_key, secret, context.bound("content"))
    return _text(_newest_key_id(), _wrap(data_key, context), content)


def unseal(sealed: str, context: Context) -> bytes:
    """Return the secret; SealBrokenError when the text is not what ``seal`` made for this."""
    key_id, wrapped, content = _parts(sealed)
    data_key = _unwrap(key_id, wrapped, context)
    return _decrypt(data_key, content, context.bound("content"))


def rewrap(sealed: str, context: Context) -> str:
    """Return the same secret, its data key wrapped with the newest key."""
    key_id, wrapped, content = _parts(sealed)
    return _text(_newest_key_id(), _wrap(_unwrap(key_id, wrapped, context), context), content)


def is_wrapped_anew(sealed: str) -> bool:
    """Whether the newest key wraps this text already."""
    return _parts(sealed)[0] == _newest_key_id()


def _newest_key_id() -> str:
    return str(settings.ENCRYPTION_KEYS[0]["id"])


def _wrap(data_key: bytes, context: Context) -> bytes:
    key = settings.ENCRYPTION_KEYS[0]["key"]
    return _encrypt(key, data_key, context.bound("data key"))


def _unwrap(key_id: str, wrapped: bytes, context: Context) -> bytes:
    for known in settings.ENCRYPTION_KEYS:
        if known["id"] == key_id:
            return _decrypt(known["key"], wrapped, context.bound("data key"))
    raise SealBrokenError(f"The key {key_id} is not among ENCRYPTION_KEYS.")


def _encrypt(key: bytes, secret: bytes, bound: bytes) -> bytes:
    nonce = secret_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, bound)


def _decrypt(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as exc:
        raise SealBrokenError("The sealed text does not belong here.") from exc


def _text(key_id: str, wrapped: bytes, content: bytes) -> str:
    parts = (urlsafe_b64encode(part).decode() for part in (wrapped, content))
    return ".".join((_VERSION, key_id, *parts))


def _parts(sealed: str) -> tuple[str, bytes, bytes]:
    try:
        version, key_id, wrapped, content = sealed.split(".")
        blobs = urlsafe_b64decode(wrapped), urlsafe_b64decode(content)
    except ValueError as exc:
        raise SealBrokenError("This is no sealed text.") from exc
    if version != _VERSION:
        raise SealBrokenError("The sealed text is of an unknown version.")
    return key_id, *blobs
