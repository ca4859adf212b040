"""Turning an authenticator app on and off, and showing it again within a session."""

from dataclasses import dataclass
from datetime import datetime

from accounts import selectors
from accounts.enums import AuditAction
from accounts.errors import OtpAlreadyOnError, OtpCodeError, OtpNotOnError
from accounts.locks import user_for_update
from accounts.models import OtpFactor
from accounts.services.audit import audit_append
from accounts.services.backup_codes import (
    backup_codes_drop_if_alone,
    backup_codes_left,
    backup_codes_make,
    plain_code,
)
from accounts.services.otp_codes import code_spend, seed_context, totp_spend
from accounts.services.passwords import password_confirm
from accounts.services.step_up import factor_note, fresh_factor_required
from accounts.totp import SEED_BYTES, otpauth_uri, qr_svg, seed_text
from accounts.types import Device
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.crypto import seal
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx
from tradingplatform.ids import secret_bytes


@dataclass(frozen=True)
class OtpSeed:
    """What an authenticator app needs; shown once."""

    secret: str
    otpauth_uri: str
    qr_svg: str


@dataclass(frozen=True)
class OtpState:
    """Whether there is an app, any second factor at all, and how many backup codes are left."""

    enabled: bool
    has_second_factor: bool
    confirmed_at: datetime | None
    backup_codes_left: int


def otp_state(*, account_db_key: int) -> OtpState:
    """Return how a user's authenticator app and backup codes stand."""
    factor = selectors.otp_factor_get(account_db_key)
    confirmed_at = factor.confirmed_at if factor else None
    return OtpState(
        enabled=confirmed_at is not None,
        has_second_factor=selectors.has_second_factor(account_db_key),
        confirmed_at=confirmed_at,
        backup_codes_left=backup_codes_left(account_db_key),
    )


def otp_start(*, owner: Principal, password: str, device: Device) -> OtpSeed:
    """Make a new seed for an app; the factor counts once ``otp_confirm`` has seen a code.

    The password is asked for, so that a borrowed session cannot shut its owner out, and
    beside a passkey that too must be fresh. Raises what ``password_confirm`` does,
    FreshFactorRequiredError, OtpAlreadyOnError.
    """
    user = password_confirm(owner=owner, password=password, device=device)
    fresh_factor_required(owner)
    seed = secret_bytes(SEED_BYTES)
    global_tx(_start, owner, seal(seed, seed_context(owner.uid)))
    uri = otpauth_uri(seed, account=user.email)
    return OtpSeed(secret=seed_text(seed), otpauth_uri=uri, qr_svg=qr_svg(uri))


def otp_confirm(*, owner: Principal, code: str, device: Device) -> list[str]:
    """Turn an app on with a first code; return the backup codes, shown once.

    Beside a passkey there are codes already: then there are none to show. Raises
    OtpCodeError, OtpNotOnError when none was started, OtpAlreadyOnError.
    """
    return global_tx(_confirm, owner, code, device)


def otp_verify(*, owner: Principal, code: str, device: Device) -> None:
    """Show the second factor within a session; see ``code_spend`` for the errors."""

    def note() -> None:
        factor_note(owner.session_id, owner=owner, device=device)
        audit_append(
            action=AuditAction.OTP_SHOWN,
            account=owner,
            device=device,
            session_id=owner.session_id,
        )

    code_spend(owner=owner, code=code, device=device, then=note)


def otp_turn_off(*, owner: Principal, device: Device) -> None:
    """Forget the app, and the backup codes with the last factor; needs a fresh factor."""
    fresh_factor_required(owner)
    global_tx(_turn_off, owner, device)


def otp_backup_codes_renew(*, owner: Principal, device: Device) -> list[str]:
    """Replace the backup codes; needs a fresh factor."""
    fresh_factor_required(owner)
    return global_tx(_renew, owner, device)


def _start(owner: Principal, sealed: str) -> None:
    user_for_update(owner.pk)
    factor = selectors.otp_factor_get(owner.pk)
    if factor is not None and factor.confirmed_at is not None:
        raise OtpAlreadyOnError("The second factor is on.")
    OtpFactor(user_id=owner.pk, sealed=sealed).save(using=GLOBAL_ALIAS)


def _confirm(owner: Principal, code: str, device: Device) -> list[str]:
    user_for_update(owner.pk)
    factor = selectors.otp_factor_get(owner.pk)
    if factor is None:
        raise OtpNotOnError("Start with POST /api/account/otp.")
    if factor.confirmed_at is not None:
        raise OtpAlreadyOnError("The second factor is on.")
    is_first = not selectors.has_second_factor(owner.pk)
    if not totp_spend(factor, uid=owner.uid, code=plain_code(code), confirmed_at=now()):
        raise OtpCodeError("The code is wrong.")
    factor_note(owner.session_id, owner=owner, device=device)
    audit_append(action=AuditAction.OTP_ON, account=owner, device=device)
    return backup_codes_make(owner) if is_first else []


def _turn_off(owner: Principal, device: Device) -> None:
    user_for_update(owner.pk)
    factor = selectors.otp_factor_get(owner.pk)
    if factor is None or factor.confirmed_at is None:
        raise OtpNotOnError("There is no authenticator app.")
    factor.delete(using=GLOBAL_ALIAS)
    backup_codes_drop_if_alone(owner)
    audit_append(action=AuditAction.OTP_OFF, account=owner, device=device)


def _renew(owner: Principal, device: Device) -> list[str]:
    # The user's lock: of two renewals at once the second one's codes count, whole.
    user_for_update(owner.pk)
    if not selectors.has_second_factor(owner.pk):
        raise OtpNotOnError("There is no second factor.")
    codes = backup_codes_make(owner)
    audit_append(action=AuditAction.BACKUP_CODES_MADE, account=owner, device=device)
    return codes
