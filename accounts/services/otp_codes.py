"""Spending a code of the second factor: each works once, whoever is first."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from accounts import selectors
from accounts.enums import AuditAction
from accounts.errors import OtpCodeError, OtpNotOnError
from accounts.models import OtpFactor
from accounts.services.audit import audit_append
from accounts.services.backup_codes import backup_code_spend, backup_codes_left, plain_code
from accounts.totp import is_totp_code, matching_step
from accounts.types import Account, Device
from tradingplatform.api.client_ip import rate_identity
from tradingplatform.api.throttling import Place, tries_counted
from tradingplatform.clock import now
from tradingplatform.crypto import Context, unseal
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx

T = TypeVar("T")


def code_spend(*, owner: Account, code: str, device: Device, then: Callable[[], T]) -> T:
    """Use a code up and do ``then`` in the same transaction; return what it returned.

    Raises OtpCodeError for a code that is wrong or was used before, OtpNotOnError without a
    second factor, LimitExceededError after too many wrong ones.
    """
    with tries_counted(_places(owner, device), wrong=OtpCodeError):
        try:
            return global_tx(_spend_then, owner, plain_code(code), device, then)
        except OtpCodeError:
            audit_append(action=AuditAction.OTP_REFUSED, account=owner, device=device, actor="")
            raise


def seed_of(factor: OtpFactor, *, uid: UUID) -> bytes:
    """Return the seed that the user's app shares with us."""
    return unseal(factor.sealed, seed_context(uid))


def seed_context(uid: UUID) -> Context:
    """Return what the seed of a user is bound to."""
    return Context(owner=uid, purpose="otp-seed")


def totp_spend(factor: OtpFactor, *, uid: UUID, code: str, **changes: object) -> bool:
    """Use the code of an app up by compare-and-swap; False when it is wrong or was used."""
    seed = seed_of(factor, uid=uid)
    step = matching_step(seed, code, moment=now(), after=factor.last_used_step)
    if step is None:
        return False
    unused = OtpFactor.objects.using(GLOBAL_ALIAS).filter(
        pk=factor.pk, created_at=factor.created_at, last_used_step__lt=step
    )
    return bool(unused.update(last_used_step=step, **changes))


def _spend_then(owner: Account, code: str, device: Device, then: Callable[[], T]) -> T:
    if not selectors.has_second_factor(owner.pk):
        raise OtpNotOnError("There is no second factor.")
    is_backup = not is_totp_code(code)
    spend = backup_code_spend if is_backup else _app_spend
    if not spend(owner, code):
        raise OtpCodeError("The code is wrong or was used before.")
    result = then()
    if is_backup:
        # After ``then``, which locks the user: the audit log is locked last.
        audit_append(
            action=AuditAction.BACKUP_CODE_USED,
            account=owner,
            device=device,
            codes_left=backup_codes_left(owner.pk),
        )
    return result


def _app_spend(owner: Account, code: str) -> bool:
    factor = selectors.otp_factor_get(owner.pk)
    if factor is None or factor.confirmed_at is None:
        return False
    return totp_spend(factor, uid=owner.uid, code=code)


def _places(owner: Account, device: Device) -> list[Place]:
    """Return what wrong codes are counted by: as for passwords, the owner's places stay open."""
    places = [("otp_failures", f"{rate_identity(device.ip)}:{owner.uid}")]
    if not selectors.is_known_address(account_db_key=owner.pk, ip=device.ip):
        places.append(("otp_account_failures", str(owner.uid)))
    return places
