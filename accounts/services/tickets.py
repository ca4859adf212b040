"""One-time tickets with which a browser opens a socket."""

import hashlib
from uuid import UUID

from django.conf import settings

from accounts.errors import InvalidTokenError
from accounts.services.sessions import session_principal
from tradingplatform.api.principal import Principal
from tradingplatform.errors import UnavailableError
from tradingplatform.ids import secret_token
from tradingplatform.services import services

_LENGTH_MAX = 128


def ws_ticket_issue(*, sid: UUID) -> str:
    """Return a ticket for the session, good once and for settings.WS_TICKET_TTL_S."""
    ticket = secret_token()
    services.cache.set(_key(ticket), str(sid), settings.WS_TICKET_TTL_S)
    return ticket


def ws_ticket_redeem(*, ticket: str) -> Principal:
    """Use a ticket up and return whom it speaks for; InvalidTokenError otherwise."""
    if len(ticket) > _LENGTH_MAX:
        raise InvalidTokenError("The ticket is not valid.")
    key = _key(ticket)
    sid = services.cache.get(key)
    if sid is None or not _is_first_use(key):
        raise InvalidTokenError("The ticket is not valid.")
    services.cache.delete(key)
    return session_principal(sid=UUID(sid), method="ticket")


def _is_first_use(key: str) -> bool:
    # add() decides among rivals; the mark outlives the ticket.
    try:
        return services.cache.add(f"{key}:used", 1, 2 * settings.WS_TICKET_TTL_S)
    except UnavailableError:
        return False


def _key(ticket: str) -> str:
    return f"ws-ticket:{hashlib.sha256(ticket.encode(errors='surrogatepass')).hexdigest()}"
