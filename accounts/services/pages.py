"""Logging in and out of the pages: Django's session cookie on top of a platform session."""

from typing import cast
from uuid import UUID

from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest

from accounts.enums import AuditAction
from accounts.errors import SessionEndedError
from accounts.models import Session, User
from accounts.services.otp_tickets import otp_refuse_without_code, otp_ticket_redeem
from accounts.services.passkey_log_in import ShownPasskey, passkey_redeem
from accounts.services.sessions import session_open, session_principal, session_revoke
from accounts.services.users import credentials_check
from accounts.types import Device
from tradingplatform.api.client_ip import client_ip
from tradingplatform.api.principal import Principal
from tradingplatform.db.transactions import global_tx

SESSION_KEY = "platform_sid"
_KNOWN = "_platform_principal"
_UNSET = object()


def page_log_in(request: HttpRequest, *, email: str, password: str) -> User:
    """Log a browser in and return the user; the errors are those of ``user_log_in``."""
    user = credentials_check(email=email, password=password, device=device_of(request))
    otp_refuse_without_code(user)
    page_session_open(request, user=user)
    return user


def page_otp_log_in(request: HttpRequest, *, ticket: str, code: str) -> User:
    """Log a browser in by the ticket of ``page_log_in`` and a code."""
    user, session = otp_ticket_redeem(
        ticket=ticket, code=code, device=device_of(request), then=_opened
    )
    _enter(request, user, session)
    return user


def page_passkey_log_in(request: HttpRequest, *, shown: ShownPasskey) -> User:
    """Log a browser in by a passkey; the errors are those of ``passkey_redeem``."""
    user, session = passkey_redeem(shown, device=device_of(request), then=_opened)
    _enter(request, user, session)
    return user


def page_session_open(request: HttpRequest, *, user: User) -> Session:
    """Log a browser in as a user whose password was checked already, as after a sign-up."""
    session = global_tx(session_open, user=user, device=device_of(request))
    _enter(request, user, session)
    return session


def _opened(user: User, session: Session) -> tuple[User, Session]:
    return user, session


def _enter(request: HttpRequest, user: User, session: Session) -> None:
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session[SESSION_KEY] = str(session.sid)
    page_principal_forget(request)


def page_session_keep(request: HttpRequest, *, user: User) -> None:
    """Let a browser stay logged in after its user's password was changed."""
    update_session_auth_hash(request, user)


def page_log_out(request: HttpRequest) -> None:
    """End the platform session and forget the cookie.

    Django's signal calls ``page_session_end``, so that the admin site's own log-out does too.
    """
    logout(request)
    page_principal_forget(request)


def page_session_end(*, request: HttpRequest | None, **_: object) -> None:
    """End the platform session that a browser logs out of."""
    sid = page_session_id(request) if request is not None else None
    if request is not None and sid is not None:
        session_revoke(sid=sid, action=AuditAction.LOGGED_OUT, device=device_of(request))


def page_principal(request: HttpRequest) -> Principal | None:
    """Return whom the session cookie of a page speaks for (asked once per request)."""
    known = getattr(request, _KNOWN, _UNSET)
    if known is _UNSET:
        known = _page_principal(request)
        setattr(request, _KNOWN, known)
    return cast("Principal | None", known)


def page_principal_forget(request: HttpRequest) -> None:
    """Ask again: the browser has logged in or out during this request."""
    if hasattr(request, _KNOWN):
        delattr(request, _KNOWN)


def _page_principal(request: HttpRequest) -> Principal | None:
    sid = page_session_id(request) if hasattr(request, "session") else None
    if sid is None:
        return None
    try:
        return session_principal(sid=sid, method="cookie")
    except SessionEndedError:
        return None


def page_session_id(request: HttpRequest) -> UUID | None:
    """Return the platform session that the cookie of a browser names."""
    return session_id_in(request.session)


def session_id_in(django_session: object) -> UUID | None:
    """Return the platform session that a Django session names."""
    text = django_session.get(SESSION_KEY) if hasattr(django_session, "get") else None
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def device_of(request: HttpRequest) -> Device:
    """Return where a request comes from."""
    return Device(ip=client_ip(request), user_agent=request.headers.get("User-Agent", ""))
