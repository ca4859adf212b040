"""Logging in by a passkey: after the password, or in its place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from accounts import selectors
from accounts.enums import PasskeyPurpose
from accounts.models import LogInTicket, Session, User
from accounts.services.otp_tickets import otp_ticket_claim, otp_ticket_get, otp_ticket_spend
from accounts.services.passkey_challenges import (
    ChallengeFor,
    PasskeyOptions,
    challenge_bytes,
    challenge_claim,
    challenge_issue,
)
from accounts.services.passkey_checks import request_options
from accounts.services.passkeys import passkey_named, passkey_prove, passkey_spend
from accounts.services.sessions import session_open
from accounts.services.step_up import factor_note
from accounts.types import Device

T = TypeVar("T")


@dataclass(frozen=True)
class ShownPasskey:
    """What a browser answers a challenge with; ``ticket`` if a password was right before."""

    challenge_id: UUID
    credential: dict[str, Any]
    ticket: str = ""


def passkey_log_in_options(*, ticket: str = "") -> PasskeyOptions:
    """Return what a device needs to show a passkey at a log-in; InvalidTokenError.

    Which passkeys an account has is told to those with a ticket only. Without one the device
    itself offers what it has for this site, and must know its user: that counts for the
    password.
    """
    row_of = otp_ticket_get(ticket) if ticket else None
    known = selectors.passkeys_get(row_of.user_id) if row_of else []
    row = challenge_issue(ChallengeFor(PasskeyPurpose.LOG_IN, ticket=row_of))
    return PasskeyOptions(
        row.pk, request_options(challenge_bytes(row), known, must_verify=row_of is None)
    )


def passkey_redeem(shown: ShownPasskey, *, device: Device, then: Callable[[User, Session], T]) -> T:
    """Open a session for a passkey, and return what ``then`` makes of it.

    Raises PasskeyChallengeError, PasskeyInvalidError, and InvalidTokenError for a ticket that
    is unknown, spent or too old.
    """
    claimed = otp_ticket_claim(shown.ticket) if shown.ticket else None
    challenge = challenge_claim(
        shown.challenge_id, ChallengeFor(PasskeyPurpose.LOG_IN, ticket=claimed)
    )
    passkey = passkey_named(
        shown.credential, account_db_key=claimed.user_id if claimed else None, device=device
    )
    proof = passkey_prove(
        passkey, shown.credential, challenge, device=device, must_verify=claimed is None
    )
    user = passkey.user
    return passkey_spend(passkey, proof, then=lambda: then(user, _session(user, claimed, device)))


def _session(user: User, claimed: LogInTicket | None, device: Device) -> Session:
    if claimed is not None:
        return otp_ticket_spend(claimed, device=device)
    session = session_open(user=user, device=device)
    factor_note(session.sid, owner=user, device=device)
    return session
