"""Wrapping every stored secret with the newest key."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import QuerySet

from accounts.models import BackupKey, OtpFactor, UserApiKey
from accounts.services.backup_codes import backup_context
from accounts.services.broker_keys import secret_context
from accounts.services.otp_codes import seed_context
from tradingplatform.crypto import Context, SealBrokenError, is_wrapped_anew, rewrap
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx

logger = logging.getLogger(__name__)

_READ_AT_ONCE = 500
Sealed = UserApiKey | OtpFactor | BackupKey
Row = TypeVar("Row", UserApiKey, OtpFactor, BackupKey)


@dataclass
class Rotation:
    """How many secrets a rotation has wrapped anew, found done, and could not open."""

    rewrapped: int = 0
    current: int = 0
    broken: int = 0


def secrets_rewrap() -> Rotation:
    """Wrap every secret with the newest key; may be broken off and run again at any time."""
    rotation = Rotation()
    for row in _rows():
        try:
            if is_wrapped_anew(row.sealed):
                rotation.current += 1
            else:
                rotation.rewrapped += global_tx(_rewrap, row)
        except SealBrokenError:
            rotation.broken += 1
            logger.exception("A secret cannot be opened", extra={"row": str(row.pk)})
    return rotation


def _rows() -> Iterator[Sealed]:
    yield from _pages(UserApiKey.objects.using(GLOBAL_ALIAS))
    yield from _pages(OtpFactor.objects.using(GLOBAL_ALIAS))
    yield from _pages(BackupKey.objects.using(GLOBAL_ALIAS))


def _pages(everything: QuerySet[Row]) -> Iterator[Row]:
    rows = everything.select_related("user").order_by("pk")
    found = list(rows[:_READ_AT_ONCE])
    while found:
        yield from found
        found = list(rows.filter(pk__gt=found[-1].pk)[:_READ_AT_ONCE])


def _rewrap(row: Sealed) -> int:
    # Only if nobody stored another secret meanwhile, which is wrapped anew anyway.
    sealed = rewrap(row.sealed, _context(row))
    if isinstance(row, OtpFactor):
        factors = OtpFactor.objects.using(GLOBAL_ALIAS).filter(pk=row.pk, sealed=row.sealed)
        return factors.update(sealed=sealed)
    if isinstance(row, BackupKey):
        backups = BackupKey.objects.using(GLOBAL_ALIAS).filter(pk=row.pk, sealed=row.sealed)
        return backups.update(sealed=sealed)
    keys = UserApiKey.objects.using(GLOBAL_ALIAS).filter(pk=row.pk, sealed=row.sealed)
    return keys.update(sealed=sealed)


def _context(row: Sealed) -> Context:
    if isinstance(row, OtpFactor):
        return seed_context(row.user.uid)
    if isinstance(row, BackupKey):
        return backup_context(row.user.uid)
    return secret_context(row, owner=row.user.uid)
