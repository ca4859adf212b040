"""Logging in and out of the pages: Django's session cookie on top of a platform session."""

from uuid import UUID

from django.contrib.auth import login, logout
from django.http import HttpRequest

from accounts.models import Session, User
from accounts.services.sessions import Device, session_open, session_revoke
from accounts.services.users import credentials_check
from tradingplatform.api.client_ip import client_ip
from tradingplatform.db.transactions import global_tx

SESSION_KEY = "platform_sid"


def page_log_in(request: HttpRequest, *, email: str, password: str) -> User:
    """Log a browser in and return the user; the errors are those of ``user_log_in``."""
    user = credentials_check(email=email, password=password, device=device_of(request))
    page_session_open(request, user=user)
    return user


def page_session_open(request: HttpRequest, *, user: User) -> Session:
    """Log a browser in as a user whose password was checked already, as after a sign-up."""
    session = global_tx(session_open, user=user, device=device_of(request))
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session[SESSION_KEY] = str(session.sid)
    return session


def page_log_out(request: HttpRequest) -> None:
    """End the platform session and forget the cookie."""
    sid = page_session_id(request)
    if sid is not None:
        session_revoke(sid=sid)
    logout(request)


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
