"""Refresh tokens: opaque, stored as hashes, rotated by compare-and-swap in a family."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from accounts.enums import AuditAction
from accounts.errors import InvalidTokenError, SessionEndedError
from accounts.models import RefreshFamily, RefreshToken, Session
from accounts.services.sessions import session_principal, session_revoke
from accounts.tokens import access_token_issue
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx
from tradingplatform.ids import secret_token

_LENGTH_MAX = 128


@dataclass(frozen=True)
class TokenPair:
    """What a client gets at log-in and at each refresh."""

    access: str
    refresh: str
    expires_in: int


class _ReusedError(Exception):
    """A token came back after its time: somebody else may hold it."""

    def __init__(self, sid: UUID) -> None:
        super().__init__()
        self.sid = sid


def tokens_issue(*, session: Session, uid: UUID) -> TokenPair:
    """Start a refresh family for a new session; call inside the transaction that opens it."""
    family = RefreshFamily.objects.using(GLOBAL_ALIAS).create(session=session)
    token = secret_token()
    _store(family=family, generation=0, token=token)
    return _pair(uid=uid, sid=session.sid, refresh=token)


def token_refresh(*, refresh: str) -> TokenPair:
    """Exchange a refresh token for the next pair; the token itself is spent.

    A token that was spent less than settings.REFRESH_GRACE_S ago gets the same successor
    again (the reply may have been lost). Coming back later, or after the successor was
    used, ends the session for everyone who holds a token of the family. Raises
    InvalidTokenError or SessionEndedError.
    """
    if len(refresh) > _LENGTH_MAX:
        raise InvalidTokenError("The refresh token is not valid.")
    try:
        sid = global_tx(_rotate, refresh)
    except _ReusedError as reuse:
        session_revoke(sid=reuse.sid, action=AuditAction.REFRESH_TOKEN_REUSED)
        raise InvalidTokenError("The refresh token was used before; log in again.") from None
    principal = session_principal(sid=sid, method="bearer")
    return _pair(uid=principal.uid, sid=sid, refresh=_successor(refresh))


def _rotate(refresh: str) -> UUID:
    tokens = RefreshToken.objects.using(GLOBAL_ALIAS)
    token_hash = _hash(refresh)
    # The swap comes first: of any number of rivals exactly one changes the row. It names that
    # one row only (with a join it became a sub-query, and eight rivals a deadlock).
    swapped = tokens.filter(token_hash=token_hash, used_at__isnull=True).update(used_at=now())
    token = tokens.select_related("family__session").filter(token_hash=token_hash).first()
    if token is None:
        raise InvalidTokenError("The refresh token is not valid.")
    session = token.family.session
    if token.family.revoked_at or session.revoked_at or session.expires_at <= now():
        raise SessionEndedError("This session has ended. Log in again.")
    if swapped:
        _store(family=token.family, generation=token.generation + 1, token=_successor(refresh))
    elif not _is_lost_reply(token):
        raise _ReusedError(session.sid)
    return session.sid


def _is_lost_reply(token: RefreshToken) -> bool:
    if token.used_at is None:
        return False
    is_recent = now() - token.used_at <= timedelta(seconds=settings.REFRESH_GRACE_S)
    successors = RefreshToken.objects.using(GLOBAL_ALIAS).filter(
        family_id=token.family_id, generation=token.generation + 1, used_at__isnull=True
    )
    return is_recent and successors.exists()


def _store(*, family: RefreshFamily, generation: int, token: str) -> None:
    RefreshToken.objects.using(GLOBAL_ALIAS).create(
        family=family, generation=generation, token_hash=_hash(token)
    )


def _pair(*, uid: UUID, sid: UUID, refresh: str) -> TokenPair:
    access = access_token_issue(uid=uid, sid=sid)
    return TokenPair(access=access, refresh=refresh, expires_in=settings.JWT_TTL_S)


def _successor(token: str) -> str:
    # Derived, not stored: the same token always leads to the same next one, yet nobody
    # can compute it without the server's key.
    key = hashlib.sha256(b"refresh-successor:" + settings.SECRET_KEY.encode()).digest()
    mac = hmac.new(key, token.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
