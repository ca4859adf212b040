"""Who is asking: by bearer token, by page cookie, or over a socket."""

from collections.abc import Collection
from importlib import import_module
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.functional import SimpleLazyObject
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import selectors
from accounts.errors import InvalidTokenError
from accounts.services import sessions
from accounts.services.api_keys import api_key_principal
from accounts.services.pages import page_principal, session_id_in
from accounts.services.sessions import session_principal
from accounts.services.tickets import ws_ticket_redeem
from accounts.tokens import access_token_read
from tradingplatform.api.client_ip import client_ip, resolve_client_ip
from tradingplatform.api.errors import CsrfFailedError
from tradingplatform.api.principal import Principal
from tradingplatform.errors import AuthenticationError

__all__ = [
    "ApiKeyAuthentication",
    "BearerAuthentication",
    "CookieAuthentication",
    "PageUserMiddleware",
    "authenticate_socket",
    "bearer_principal",
    "page_principal",
    "session_is_live",
    "sessions_ended",
]


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Api-Key <key>``, for programs; policy.py says what a key may call."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "api-key":
            return None
        address = client_ip(request._request)  # noqa: SLF001 - DRF offers no other way
        return api_key_principal(secret=secret.strip(), address=address), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer <access>``; with this header no cookie is looked at."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise InvalidTokenError("Send Authorization: Bearer <access> or Api-Key <key>.")
        return bearer_principal(token.strip()), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class CookieAuthentication(BaseAuthentication):
    """The session cookie of a page, with Django's CSRF check on every write."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        http = request._request  # noqa: SLF001 - DRF offers no other way
        principal = page_principal(http)
        if principal is None:
            return None
        reason = _CsrfCheck(_no_view).reason(http)
        if reason:
            raise CsrfFailedError("The CSRF token is missing or wrong.")
        return principal, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _no_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check, asked for its reason instead of for a page."""

    def reason(self, request: HttpRequest) -> str | None:
        self.process_request(request)
        return cast("str | None", self.process_view(request, _no_view, (), {}))

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


class PageUserMiddleware(AuthenticationMiddleware):
    """Set ``request.user`` for pages: the user, while the platform session behind it lives."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        load = request.user
        request.user = SimpleLazyObject(  # type: ignore[assignment] # as Django itself does
            lambda: load if page_principal(request) else AnonymousUser()
        )


def bearer_principal(token: str) -> Principal:
    """Return whom an access token speaks for; AuthenticationError otherwise."""
    claims = access_token_read(token)
    principal = session_principal(sid=claims.sid, method="bearer")
    if principal.uid != claims.uid:
        raise InvalidTokenError("The access token is not valid.")
    return principal


def authenticate_socket(
    *,
    token: str | None = None,
    ticket: str | None = None,
    session_key: str | None = None,
    api_key: str | None = None,
    peer: str = "",
    forwarded_for: str = "",
) -> Principal:
    """Return whom a socket speaks for (settings.REALTIME_AUTHENTICATOR).

    ``session_key`` is the value of the page's session cookie; where an API key is used from
    follows from ``peer`` and ``forwarded_for``. AuthenticationError when nothing shown is good.
    """
    if token:
        return bearer_principal(token)
    if api_key:
        address = resolve_client_ip(
            peer=peer, forwarded_for=forwarded_for, trusted=settings.TRUSTED_PROXIES
        )
        return api_key_principal(secret=api_key, address=address)
    if ticket:
        return ws_ticket_redeem(ticket=ticket)
    if session_key:
        store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
        sid = session_id_in(store)
        if sid is not None:
            return session_principal(sid=sid, method="cookie")
    raise AuthenticationError("Sign in first.")


def session_is_live(principal: Principal) -> bool:
    """Whether what opened a socket still lives (settings.REALTIME_SESSION_CHECK)."""
    if principal.is_program:
        return selectors.api_key_is_live(principal.session_id)
    return sessions.session_is_live(sid=principal.session_id)


def sessions_ended(session_ids: Collection[str]) -> set[str]:
    """Which sessions and API keys let nobody in any more (settings.REALTIME_SESSIONS_ENDED)."""
    live = selectors.holders_live([UUID(one) for one in session_ids])
    return {one for one in session_ids if UUID(one) not in live}
