"""Django's session in an encrypted cookie: no table, and nothing a client can read.

What can be revoked is the platform session it names (``accounts.models.Session``).
"""

import hashlib
from base64 import urlsafe_b64encode
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib.sessions.backends import signed_cookies
from django.utils.encoding import force_bytes

_COOKIE_MAX = 4096


class SessionStore(signed_cookies.SessionStore):
    """The session data is the cookie, sealed with a key derived from SECRET_KEY."""

    def load(self) -> dict[str, Any]:
        """Open the cookie; an empty session if it is not ours or has run out."""
        sealed = self.session_key or ""
        if not sealed or len(sealed) > _COOKIE_MAX or not sealed.isascii():
            return {}
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            try:
                content = _cipher(key).decrypt(sealed.encode(), ttl=settings.SESSION_COOKIE_AGE)
            except InvalidToken:
                continue
            data = orjson.loads(content)
            return data if isinstance(data, dict) else {}
        self.create()
        return {}

    def _get_session_key(self) -> str:
        content = orjson.dumps(self._session)  # type: ignore[attr-defined] # missing in the stubs
        return _cipher(settings.SECRET_KEY).encrypt(content).decode()


def _cipher(secret: str | bytes) -> Fernet:
    key = hashlib.sha256(b"session-cookie:" + force_bytes(secret)).digest()
    return Fernet(urlsafe_b64encode(key))
