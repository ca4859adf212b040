"""Sessions: opened by a log-in, kept alive by use, ended at once everywhere."""

import logging
from datetime import datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

import orjson
from django.conf import settings

from accounts import selectors
from accounts.enums import AuditAction
from accounts.errors import InvalidCredentialsError, SessionEndedError
from accounts.models import RefreshFamily, Session, User
from accounts.services.audit import audit_append
from accounts.types import NOWHERE, Account, Device
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import after_commit, global_tx
from tradingplatform.errors import NotFoundError, UnavailableError
from tradingplatform.services import services

logger = logging.getLogger(__name__)

Method = Literal["bearer", "cookie", "ticket"]
_DEAD: dict[str, Any] = {"dead": True}
# Longer than any reader may still hold the row it read before the end.
_DEAD_FOR_S = 60
# Small enough that the deletion holds its locks briefly; the next run takes the rest.
_PRUNE_MAX = 1000


def session_open(*, user: User, device: Device) -> Session:
    """Write a session that lives settings.SESSION_TTL_S from its last use.

    Raises InvalidCredentialsError when the user's password was changed, or the account
    closed, since ``user`` was read: the rivals wait for each other at the user's row.
    """
    moment = now()
    unchanged = User.objects.using(GLOBAL_ALIAS).filter(
        pk=user.pk, password=user.password, is_active=True
    )
    if not unchanged.update(last_login=moment):
        raise InvalidCredentialsError("The address or the password is wrong.")
    is_new_device = selectors.is_new_device(
        account_db_key=user.pk, ip=device.ip[:45], user_agent=device.user_agent
    )
    session = Session.objects.using(GLOBAL_ALIAS).create(
        user=user,
        created_at=moment,
        last_seen_at=moment,
        expires_at=moment + timedelta(seconds=settings.SESSION_TTL_S),
        ip=device.ip[:45],
        user_agent=device.user_agent[:255],
    )
    audit_append(
        action=AuditAction.LOGGED_IN,
        account=user,
        device=device,
        session_id=session.sid,
        is_new_device=is_new_device,
    )
    return session


def session_principal(*, sid: UUID, method: Method) -> Principal:
    """Return whom a live session speaks for and keep it alive; SessionEndedError otherwise.

    The database is the truth; an answer is remembered for settings.SESSION_CACHE_S at
    most, and the end of a session overrides what is remembered.
    """
    state = services.cache.get(_cache_key(sid)) or _read(sid)
    if "dead" in state or state["expires"] <= now().timestamp():
        raise SessionEndedError("This session has ended. Log in again.")
    return Principal(
        account_db_key=state["key"],
        uid=UUID(state["uid"]),
        session_id=sid,
        is_operator=state["operator"],
        is_verified=state["verified"],
        method=method,
    )


def session_is_live(*, sid: UUID) -> bool:
    """Whether the session still lets its owner in."""
    try:
        session_principal(sid=sid, method="bearer")
    except SessionEndedError:
        return False
    return True


def session_revoke(
    *, sid: UUID, action: AuditAction = AuditAction.SESSION_ENDED, device: Device = NOWHERE
) -> None:
    """End a session and its refresh tokens: REST at once, sockets by a message on the bus."""
    global_tx(_revoke, sid, action, device)


def session_end(*, owner: Account, sid: UUID, device: Device) -> None:
    """End one session of a user; NotFoundError unless it is theirs and alive."""
    if not selectors.live_sessions(owner.pk).filter(sid=sid).exists():
        raise NotFoundError("There is no such session.")
    session_revoke(sid=sid, device=device)


def sessions_end(*, owner: Account, keep: UUID | None = None, device: Device = NOWHERE) -> int:
    """End every session of a user, or every one but ``keep``; return how many."""
    return global_tx(_revoke_all, owner, keep, device)


def sessions_read_anew(*, account_db_key: int) -> None:
    """Have the next calls of a user's sessions read the user's row; call inside a transaction."""
    keys = [
        _cache_key(sid)
        for sid in selectors.live_sessions(account_db_key).values_list("sid", flat=True)
    ]
    after_commit(None, lambda: _forget(keys))


def sessions_prune() -> int:
    """Delete sessions that ended long ago, with their refresh tokens; return how many."""
    cutoff = now() - timedelta(seconds=settings.SESSION_KEEP_S)
    ended = Session.objects.using(GLOBAL_ALIAS).filter(expires_at__lt=cutoff)
    sids = list(ended.order_by("expires_at").values_list("sid", flat=True)[:_PRUNE_MAX])
    global_tx(Session.objects.using(GLOBAL_ALIAS).filter(sid__in=sids).delete)
    return len(sids)


def _revoke(sid: UUID, action: AuditAction, device: Device) -> None:
    moment = now()
    live = {"revoked_at__isnull": True}
    ended = Session.objects.using(GLOBAL_ALIAS).filter(sid=sid, **live).update(revoked_at=moment)
    RefreshFamily.objects.using(GLOBAL_ALIAS).filter(session_id=sid, **live).update(
        revoked_at=moment
    )
    session = selectors.session_with_user(sid) if ended else None
    if session is not None:
        audit_append(action=action, account=session.user, device=device, session_id=sid)
    after_commit(None, lambda: end_announce(sid))


def _revoke_all(owner: Account, keep: UUID | None, device: Device) -> int:
    moment = now()
    sids = list(selectors.live_sessions(owner.pk).values_list("sid", flat=True))
    ending = [sid for sid in sids if sid != keep]
    live = {"revoked_at__isnull": True}
    ended = Session.objects.using(GLOBAL_ALIAS).filter(sid__in=ending, **live)
    count = ended.update(revoked_at=moment)
    RefreshFamily.objects.using(GLOBAL_ALIAS).filter(session_id__in=ending, **live).update(
        revoked_at=moment
    )
    audit_append(action=AuditAction.SESSIONS_ENDED, account=owner, device=device, count=count)
    after_commit(None, lambda: _announce_ends(ending))
    return count


def _announce_ends(sids: list[UUID]) -> None:
    for sid in sids:
        end_announce(sid)


def end_announce(sid: UUID) -> None:
    """Tell all processes that a session, or an API key, has ended; call after the commit."""
    services.cache.set(_cache_key(sid), _DEAD, _DEAD_FOR_S)
    news = orjson.dumps({"type": "session_ended", "session_id": str(sid)})
    try:
        services.websocket.publish(f"session:{sid}", news)
    except UnavailableError:
        # The session has ended all the same; sockets also ask from time to time.
        logger.warning("No socket could be told that a session ended")


def _forget(keys: list[str]) -> None:
    try:
        for key in keys:
            services.cache.delete(key)
    except UnavailableError:
        logger.warning("What is remembered of sessions stays for a few seconds")


def _read(sid: UUID) -> dict[str, Any]:
    session = selectors.session_with_user(sid)
    if session is None or not _is_live(session):
        state = _DEAD
    else:
        state = {
            "key": session.user.pk,
            "uid": str(session.user.uid),
            "operator": session.user.is_staff,
            "verified": session.user.email_verified_at is not None,
            "expires": _touched(session).timestamp(),
        }
    return _remembered(sid, state)


def _is_live(session: Session) -> bool:
    return session.revoked_at is None and session.expires_at > now() and session.user.is_active


def _touched(session: Session) -> datetime:
    """Move the end of a session that is in use, at most once a minute."""
    moment = now()
    cutoff = moment - timedelta(seconds=settings.SESSION_TOUCH_EVERY_S)
    if session.last_seen_at > cutoff:
        return session.expires_at
    end = min(
        moment + timedelta(seconds=settings.SESSION_TTL_S),
        session.created_at + timedelta(seconds=settings.SESSION_TTL_ABSOLUTE_S),
    )
    Session.objects.using(GLOBAL_ALIAS).filter(
        sid=session.sid, revoked_at__isnull=True, last_seen_at__lte=cutoff
    ).update(last_seen_at=moment, expires_at=end)
    return end


def _remembered(sid: UUID, state: dict[str, Any]) -> dict[str, Any]:
    # add(), not set(): if the session ended while its row was being read, the end stays.
    try:
        if services.cache.add(_cache_key(sid), state, settings.SESSION_CACHE_S):
            return state
    except UnavailableError:
        return state
    return cast("dict[str, Any]", services.cache.get(_cache_key(sid)) or state)


def _cache_key(sid: UUID) -> str:
    return f"session:{sid}"
