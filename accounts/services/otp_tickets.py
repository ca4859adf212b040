"""The way from a right password to a log-in where a second factor is on."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import F, QuerySet

from accounts.enums import FactorMethod
from accounts.errors import InvalidTokenError, OtpRequiredError
from accounts.models import LogInTicket, Session, User
from accounts.selectors import factor_methods
from accounts.services.otp_codes import code_spend
from accounts.services.sessions import session_open
from accounts.services.step_up import factor_note
from accounts.types import Device
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx
from tradingplatform.ids import secret_token

T = TypeVar("T")


def otp_refuse_without_code(user: User) -> None:
    """Raise OtpRequiredError, with a ticket, when a password alone does not log a user in."""
    methods = factor_methods(user.pk)
    if methods:
        raise OtpRequiredError(global_tx(_issue, user), methods)


def otp_ticket_redeem(
    *, ticket: str, code: str, device: Device, then: Callable[[User, Session], T]
) -> T:
    """Open a session for a ticket and a code, and return what ``then`` makes of it.

    Raises InvalidTokenError for a ticket that is unknown, spent or too old, and what
    ``code_spend`` raises for the code. A ticket allows settings.LOG_IN_TICKET_TRIES codes.
    """
    claimed = otp_ticket_claim(ticket)

    def finish() -> T:
        return then(claimed.user, otp_ticket_spend(claimed, device=device))

    return code_spend(owner=claimed.user, code=code, device=device, then=finish)


def otp_ticket_get(ticket: str) -> LogInTicket:
    """Return a ticket that still works, with its user; InvalidTokenError otherwise."""
    row = _good(_hash(ticket)).select_related("user").first()
    if row is None or not _is_current(row):
        raise _refused()
    return row


def otp_ticket_methods(ticket: str) -> list[FactorMethod]:
    """Return what the owner of a ticket can show; nothing when the ticket does not work."""
    row = _good(_hash(ticket)).first()
    return factor_methods(row.user_id) if row else []


def otp_ticket_claim(ticket: str) -> LogInTicket:
    """Use up one try of a ticket and return it with its user; InvalidTokenError otherwise."""
    return global_tx(_claim, _hash(ticket))


def otp_ticket_spend(claimed: LogInTicket, *, device: Device) -> Session:
    """Turn a ticket into a session that has shown its factor; call inside a transaction."""
    unused = LogInTicket.objects.using(GLOBAL_ALIAS).filter(pk=claimed.pk, used_at__isnull=True)
    if not unused.update(used_at=now()):
        raise _refused()
    session = session_open(user=claimed.user, device=device)
    factor_note(session.sid, owner=claimed.user, device=device)
    return session


def _issue(user: User) -> str:
    ticket = secret_token()
    rows = LogInTicket.objects.using(GLOBAL_ALIAS)
    rows.filter(user=user, expires_at__lt=now()).delete()
    rows.create(
        user=user,
        ticket_hash=_hash(ticket),
        password_mark=user.get_session_auth_hash(),
        expires_at=now() + timedelta(seconds=settings.LOG_IN_TICKET_TTL_S),
    )
    return ticket


def _claim(ticket_hash: str) -> LogInTicket:
    if not _good(ticket_hash).update(tries=F("tries") + 1):
        raise _refused()
    rows = LogInTicket.objects.using(GLOBAL_ALIAS).filter(ticket_hash=ticket_hash)
    ticket = rows.select_related("user").get()
    if not _is_current(ticket):
        raise _refused()
    return ticket


def _good(ticket_hash: str) -> QuerySet[LogInTicket]:
    return LogInTicket.objects.using(GLOBAL_ALIAS).filter(
        ticket_hash=ticket_hash,
        used_at__isnull=True,
        expires_at__gt=now(),
        tries__lt=settings.LOG_IN_TICKET_TRIES,
    )


def _is_current(ticket: LogInTicket) -> bool:
    is_same = hmac.compare_digest(ticket.password_mark, ticket.user.get_session_auth_hash())
    return is_same and ticket.user.is_active


def _refused() -> InvalidTokenError:
    return InvalidTokenError("The ticket is not valid; log in again.")


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode(errors="surrogatepass")).hexdigest()
