"""Asks the application named in the settings who a socket speaks for, and what they may."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from tradingplatform.errors import PermissionDeniedError
from tradingplatform.realtime.sources import SocketPrincipal


@dataclass(frozen=True)
class Credentials:
    """What a client showed: an access token, a one-time ticket, a page session's key, an API key.

    ``peer`` and ``forwarded_for`` say where from; an API key may be good from some places only.
    """

    token: str | None = None
    ticket: str | None = None
    session_key: str | None = None
    api_key: str | None = None
    peer: str = ""
    forwarded_for: str = ""

    def __bool__(self) -> bool:
        return any((self.token, self.ticket, self.session_key, self.api_key))


def authenticate(credentials: Credentials) -> SocketPrincipal:
    """Return whom the credentials speak for; raise AuthenticationError if for nobody."""
    principal = _hook(settings.REALTIME_AUTHENTICATOR)(**vars(credentials))
    return cast("SocketPrincipal", principal)


def session_is_live(principal: SocketPrincipal) -> bool:
    """Tell whether the session behind a socket still is."""
    return bool(_hook(settings.REALTIME_SESSION_CHECK)(principal))


def sessions_ended(session_ids: Collection[str]) -> set[str]:
    """Return which of these sessions and API keys let nobody in any more."""
    return cast("set[str]", _hook(settings.REALTIME_SESSIONS_ENDED)(session_ids))


def policy_check(
    principal: SocketPrincipal | None, *, frame: str | None = None, stream: str | None = None
) -> None:
    """Raise unless the policy table lets the principal send a frame, or join a stream."""
    _hook(settings.REALTIME_POLICY)(principal, frame=frame, stream=stream)


def policy_allows(principal: SocketPrincipal, *, stream: str) -> bool:
    """Tell whether ``policy_check`` lets the principal join a stream."""
    try:
        policy_check(principal, stream=stream)
    except PermissionDeniedError:
        return False
    return True


@cache
def _hook(path: str) -> Callable[..., object]:
    return cast("Callable[..., object]", import_string(path))
