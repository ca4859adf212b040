"""Codes for the day the phone is lost: ten of them, each good once."""

import hmac
from base64 import b32encode
from uuid import UUID

from accounts.models import BackupCode, BackupKey
from accounts.selectors import has_second_factor
from accounts.types import Account
from tradingplatform.clock import now
from tradingplatform.crypto import Context, seal, unseal
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.ids import secret_bytes

BACKUP_CODES = 10
_HALF = 5
_KEY_BYTES = 32


def backup_codes_make(owner: Account) -> list[str]:
    """Replace the backup codes of a user; call inside a transaction that locks the user."""
    codes = [_new_code() for _ in range(BACKUP_CODES)]
    secret = secret_bytes(_KEY_BYTES)
    BackupCode.objects.using(GLOBAL_ALIAS).filter(key_id=owner.pk).delete()
    key = BackupKey(user_id=owner.pk, sealed=seal(secret, backup_context(owner.uid)))
    key.save(using=GLOBAL_ALIAS)
    BackupCode.objects.using(GLOBAL_ALIAS).bulk_create(
        [BackupCode(key=key, code_hash=_hash(secret, code)) for code in codes]
    )
    return codes


def backup_codes_drop_if_alone(owner: Account) -> None:
    """Forget the codes of a user who has just lost the last factor: they open nothing more."""
    if not has_second_factor(owner.pk):
        BackupKey.objects.using(GLOBAL_ALIAS).filter(pk=owner.pk).delete()


def backup_codes_left(account_db_key: int) -> int:
    """Return how many codes a user has not used."""
    codes = BackupCode.objects.using(GLOBAL_ALIAS).filter(key_id=account_db_key)
    return codes.filter(used_at__isnull=True).count()


def backup_code_spend(owner: Account, code: str) -> bool:
    """Use a code up by a conditional update; False when it is wrong or was used."""
    key = BackupKey.objects.using(GLOBAL_ALIAS).filter(pk=owner.pk).first()
    if key is None:
        return False
    secret = unseal(key.sealed, backup_context(owner.uid))
    unused = BackupCode.objects.using(GLOBAL_ALIAS).filter(
        key=key, code_hash=_hash(secret, code), used_at__isnull=True
    )
    return bool(unused.update(used_at=now()))


def backup_context(uid: UUID) -> Context:
    """Return what the key of a user's backup codes is bound to."""
    return Context(owner=uid, purpose="backup-codes")


def plain_code(code: str) -> str:
    """Return a code without what people put in between."""
    return code.replace(" ", "").replace("-", "").lower()


def _new_code() -> str:
    word = b32encode(secret_bytes(10)).decode().lower()
    return f"{word[:_HALF]}-{word[_HALF : 2 * _HALF]}"


def _hash(secret: bytes, code: str) -> str:
    # Keyed with what the database holds only sealed: 50 bits alone could be tried.
    text = b"backup-code:" + plain_code(code).encode(errors="surrogatepass")
    return hmac.digest(secret, text, "sha256").hex()
