"""Changing a password, and getting back in without one."""

import hashlib

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts import selectors
from accounts.enums import AuditAction, TokenPurpose
from accounts.errors import PasswordRequiredError, PasswordWrongError
from accounts.models import User
from accounts.rules import EMAIL_MAX, PASSWORD_MAX, normalise_email
from accounts.services.audit import audit_append
from accounts.services.mail_tokens import token_issue, token_spend, tokens_void
from accounts.services.sessions import sessions_end
from accounts.services.step_up import fresh_factor_required
from accounts.types import Device
from tradingplatform.api.principal import Principal
from tradingplatform.api.throttling import rate_count, tries_counted
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import ConflictError, InvalidInputError


def password_change(
    *, owner: Principal, current_password: str, new_password: str, device: Device
) -> User:
    """Replace the password and end every other session; return the user as it is now.

    Raises FreshFactorRequiredError, PasswordWrongError, InvalidInputError for a new password
    that is too weak, and LimitExceededError after too many wrong ones in this session.
    """
    fresh_factor_required(owner)
    user = password_confirm(owner=owner, password=current_password, device=device)
    _check_new(new_password)
    global_tx(_change, owner, user, make_password(new_password), device)
    return selectors.user_by_key(owner.pk)


def password_confirm(*, owner: Principal, password: str, device: Device) -> User:
    """Return the user if this is the password; for steps that a stolen token must not take."""
    # Counted per session: a thief uses up the tries of the stolen session only.
    place = ("login_failures", f"confirm:{owner.session_id}")
    user = selectors.user_by_key(owner.pk)
    with tries_counted([place], wrong=PasswordWrongError):
        if len(password) > PASSWORD_MAX or not user.check_password(password):
            audit_append(
                action=AuditAction.PASSWORD_REFUSED,
                account=owner,
                device=device,
                session_id=owner.session_id,
            )
            raise PasswordWrongError("This is not your password.")
    return user


def identity_confirm(*, owner: Principal, password: str, device: Device) -> None:
    """Ask for what a stolen session lacks: a fresh factor, or the password where none is on.

    Raises FreshFactorRequiredError, PasswordRequiredError, and what ``password_confirm`` does.
    """
    if selectors.has_second_factor(owner.pk):
        fresh_factor_required(owner)
    elif password:
        password_confirm(owner=owner, password=password, device=device)
    else:
        raise PasswordRequiredError("This step takes your password: send it as password.")


def password_reset_ask(*, email: str, device: Device) -> None:
    """Send a link for a new password, if the address has an account.

    Known or not, the same is asked, counted and written, and the mail itself is the work of
    a job: neither answer nor time tells which it was.
    """
    address = normalise_email(email)[:EMAIL_MAX]
    user = selectors.user_by_email(address)
    counted = hashlib.sha256(address.encode(errors="surrogatepass")).hexdigest()[:32]
    window = rate_count(rate_class="mails", identity=f"reset:{counted}")
    if window is None or window.remaining >= 0:
        global_tx(_ask_reset, user if user is not None and user.is_active else None, device)


def password_reset(*, token: str, new_password: str, device: Device) -> None:
    """Set a new password by a mailed link and end every session.

    Raises InvalidTokenError, or InvalidInputError for a weak password, which leaves the
    link as it was.
    """
    _check_new(new_password)
    global_tx(_reset, token, make_password(new_password), device)


def _check_new(password: str) -> None:
    try:
        validate_password(password)
    except ValidationError as exc:
        raise InvalidInputError(
            "Some fields are not valid.", new_password=list(exc.messages)
        ) from exc


def _change(owner: Principal, user: User, encoded: str, device: Device) -> None:
    # Only over the password that was checked: of two changes at once, one is refused.
    same = User.objects.using(GLOBAL_ALIAS).filter(
        pk=user.pk, password=user.password, is_active=True
    )
    if not same.update(password=encoded):
        raise ConflictError("The password was changed meanwhile.")
    tokens_void(user_id=user.pk)
    audit_append(
        action=AuditAction.PASSWORD_CHANGED,
        account=user,
        device=device,
        session_id=owner.session_id,
    )
    sessions_end(owner=user, keep=owner.session_id, device=device)


def _ask_reset(user: User | None, device: Device) -> None:
    token_issue(purpose=TokenPurpose.PASSWORD_RESET, user=user)
    audit_append(action=AuditAction.PASSWORD_RESET_ASKED, account=user, device=device, actor="")


def _reset(token: str, encoded: str, device: Device) -> None:
    row = token_spend(purpose=TokenPurpose.PASSWORD_RESET, token=token)
    user = row.user
    if user is None:
        return
    User.objects.using(GLOBAL_ALIAS).filter(pk=user.pk).update(password=encoded)
    tokens_void(user_id=user.pk)
    audit_append(action=AuditAction.PASSWORD_RESET, account=user, device=device, actor="")
    sessions_end(owner=user, device=device)
