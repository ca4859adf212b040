"""Signing up, logging in and out."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar, cast
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts import selectors
from accounts.enums import AuditAction, TokenPurpose
from accounts.errors import EmailTakenError, InvalidCredentialsError
from accounts.models import Session, User
from accounts.rules import EMAIL_MAX, PASSWORD_MAX, clean_email, clean_nickname, normalise_email
from accounts.services.audit import audit_append
from accounts.services.mail_tokens import token_issue
from accounts.services.otp_tickets import otp_refuse_without_code, otp_ticket_redeem
from accounts.services.passkey_log_in import ShownPasskey, passkey_redeem
from accounts.services.refresh import TokenPair, tokens_issue
from accounts.services.sessions import session_open, session_revoke
from accounts.types import NOWHERE, Device
from tradingplatform.api.client_ip import rate_identity
from tradingplatform.api.throttling import Place, tries_counted
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import InvalidInputError
from tradingplatform.ids import secret_token

T = TypeVar("T")


@dataclass(frozen=True)
class LoggedIn:
    """A user with the session that was opened."""

    user: User
    session: Session
    tokens: TokenPair


def user_sign_up(
    *, email: str, password: str, nickname: str, language: str = "", is_staff: bool = False
) -> User:
    """Create an account and mail its address a link to be confirmed; it works without that.

    Raises InvalidInputError with the faults of each field, EmailTakenError if the address
    has an account.
    """
    address, name = _clean(email=email, password=password, nickname=nickname)
    user = User(email=address, nickname=name, is_staff=is_staff, is_superuser=is_staff)
    if language:
        user.language = language
    user.set_password(password)
    try:
        global_tx(_sign_up, user)
    except IntegrityError as exc:
        raise EmailTakenError("An account with this address exists.") from exc
    return user


def user_log_in(*, email: str, password: str, device: Device) -> LoggedIn:
    """Check the password and open a session with tokens.

    Raises InvalidCredentialsError, alike for an unknown address and a wrong password, and
    LimitExceededError after too many failures from this place; OtpRequiredError, with a
    ticket for ``otp_log_in``, when the password was right and a second factor is on.
    """
    user = credentials_check(email=email, password=password, device=device)
    otp_refuse_without_code(user)
    return global_tx(_log_in, user, device)


def otp_log_in(*, ticket: str, code: str, device: Device) -> LoggedIn:
    """Open a session for the ticket of a log-in and a code; see ``otp_ticket_redeem``."""
    return otp_ticket_redeem(ticket=ticket, code=code, device=device, then=_with_tokens)


def passkey_log_in(shown: ShownPasskey, *, device: Device) -> LoggedIn:
    """Open a session for a passkey, alone or after a password; see ``passkey_redeem``."""
    return passkey_redeem(shown, device=device, then=_with_tokens)


def user_log_out(*, sid: UUID, device: Device = NOWHERE) -> None:
    """End the session: its tokens stop working at once, on REST and on sockets."""
    session_revoke(sid=sid, action=AuditAction.LOGGED_OUT, device=device)


def credentials_check(*, email: str, password: str, device: Device) -> User:
    """Return the user whose password this is; see ``user_log_in`` for the errors."""
    address = normalise_email(email)[:EMAIL_MAX]
    user = selectors.user_by_email(address)
    places = _places(address, user=user, device=device)
    with tries_counted(places, wrong=InvalidCredentialsError):
        if not _password_is_right(user, password):
            # The address of nobody is not kept: people type their passwords there.
            audit_append(action=AuditAction.LOG_IN_REFUSED, account=user, device=device, actor="")
            raise InvalidCredentialsError("The address or the password is wrong.")
    return cast("User", user)


def _places(address: str, *, user: User | None, device: Device) -> list[Place]:
    """Return what failures are counted by.

    Few are allowed from one address for one account. Many addresses guessing at one account
    are stopped together, except those from which its owner has logged in before: so nobody
    can lock the owner out.
    """
    account = hashlib.sha256(address.encode()).hexdigest()[:32]
    places = [("login_failures", f"{rate_identity(device.ip)}:{account}")]
    # Asked for nobody too, so that time does not tell who has an account.
    if not selectors.is_known_address(account_db_key=user.pk if user else 0, ip=device.ip):
        places.append(("account_failures", account))
    return places


def _password_is_right(user: User | None, password: str) -> bool:
    if len(password) > PASSWORD_MAX:
        return False
    if user is None:
        # The same hash for nobody, so that time does not tell who has an account.
        check_password(password, _nobodys_hash())
        return False
    return user.check_password(password) and user.is_active


@cache
def _nobodys_hash() -> str:
    return make_password(secret_token())


def _sign_up(user: User) -> None:
    user.save(using=GLOBAL_ALIAS, force_insert=True)
    audit_append(action=AuditAction.SIGNED_UP, account=user, is_operator=user.is_staff)
    token_issue(purpose=TokenPurpose.EMAIL_VERIFY, user=user)


def _log_in(user: User, device: Device) -> LoggedIn:
    return _with_tokens(user, session_open(user=user, device=device))


def _with_tokens(user: User, session: Session) -> LoggedIn:
    return LoggedIn(user, session, tokens_issue(session=session, uid=user.uid))


def _clean(*, email: str, password: str, nickname: str) -> tuple[str, str]:
    faults: dict[str, object] = {}
    address = _attempt(clean_email, email, field="email", faults=faults)
    name = _attempt(clean_nickname, nickname, field="nickname", faults=faults)
    _attempt(validate_password, password, field="password", faults=faults)
    if faults:
        raise InvalidInputError("Some fields are not valid.", **faults)
    return cast("str", address), cast("str", name)


def _attempt(
    check: Callable[[str], T], value: str, *, field: str, faults: dict[str, object]
) -> T | None:
    try:
        return check(value)
    except ValidationError as exc:
        faults[field] = list(exc.messages)
        return None
