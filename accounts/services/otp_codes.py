"""Spending a code of the second factor: each works once, whoever is first."""

import hmac
from base64 import b32encode
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from accounts import selectors
from accounts.enums import AuditAction
from accounts.errors import OtpCodeError, OtpNotOnError
from accounts.models import BackupCode, OtpFactor
from accounts.services.audit import audit_append
from accounts.totp import is_totp_code, matching_step
from accounts.types import Account, Device
from tradingplatform.api.client_ip import rate_identity
from tradingplatform.api.throttling import Place, tries_counted
from tradingplatform.clock import now
from tradingplatform.crypto import Context, unseal
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx
from tradingplatform.ids import secret_bytes

T = TypeVar("T")

BACKUP_CODES = 10
_HALF = 5


def code_spend(*, owner: Account, code: str, device: Device, then: Callable[[], T]) -> T:
    """Use a code up and do ``then`` in the same transaction; return what it returned.

    Raises OtpCodeError for a code that is wrong or was used before, OtpNotOnError without a
    confirmed factor, LimitExceededError after too many wrong ones.
    """
    with tries_counted(_places(owner, device), wrong=OtpCodeError):
        try:
            return global_tx(_spend_then, owner, code, then)
        except OtpCodeError:
            audit_append(action=AuditAction.OTP_REFUSED, account=owner, device=device, actor="")
            raise


def backup_codes_make(factor: OtpFactor, *, uid: UUID) -> list[str]:
    """Replace the backup codes of a factor; call inside a transaction."""
    codes = [_new_code() for _ in range(BACKUP_CODES)]
    seed = seed_of(factor, uid=uid)
    rows = BackupCode.objects.using(GLOBAL_ALIAS)
    rows.filter(factor=factor).delete()
    rows.bulk_create([BackupCode(factor=factor, code_hash=_hash(seed, code)) for code in codes])
    return codes


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


def _spend_then(owner: Account, code: str, then: Callable[[], T]) -> T:
    factor = selectors.otp_factor_get(owner.pk)
    if factor is None or factor.confirmed_at is None:
        raise OtpNotOnError("There is no second factor.")
    plain = plain_code(code)
    spend = totp_spend if is_totp_code(plain) else _backup_spend
    if not spend(factor, uid=owner.uid, code=plain):
        raise OtpCodeError("The code is wrong or was used before.")
    return then()


def plain_code(code: str) -> str:
    """Return a code without what people put in between."""
    return code.replace(" ", "").replace("-", "").lower()


def _backup_spend(factor: OtpFactor, *, uid: UUID, code: str) -> bool:
    code_hash = _hash(seed_of(factor, uid=uid), code)
    unused = BackupCode.objects.using(GLOBAL_ALIAS).filter(
        factor=factor, code_hash=code_hash, used_at__isnull=True
    )
    return bool(unused.update(used_at=now()))


def _places(owner: Account, device: Device) -> list[Place]:
    """Return what wrong codes are counted by: as for passwords, the owner's places stay open."""
    places = [("otp_failures", f"{rate_identity(device.ip)}:{owner.uid}")]
    if not selectors.is_known_address(account_db_key=owner.pk, ip=device.ip):
        places.append(("otp_account_failures", str(owner.uid)))
    return places


def _new_code() -> str:
    word = b32encode(secret_bytes(10)).decode().lower()
    return f"{word[:_HALF]}-{word[_HALF : 2 * _HALF]}"


def _hash(seed: bytes, code: str) -> str:
    # Keyed with the seed, which the database holds only sealed: 50 bits alone could be tried.
    text = b"backup-code:" + plain_code(code).encode(errors="surrogatepass")
    return hmac.digest(seed, text, "sha256").hex()
