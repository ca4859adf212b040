"""Wrapping every stored secret with the newest key."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from accounts.models import UserApiKey
from accounts.services.broker_keys import secret_context
from tradingplatform.crypto import SealBrokenError, is_wrapped_anew, rewrap
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx

logger = logging.getLogger(__name__)

_READ_AT_ONCE = 500


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


def _rows() -> Iterator[UserApiKey]:
    rows = UserApiKey.objects.using(GLOBAL_ALIAS).select_related("user").order_by("pk")
    found = list(rows[:_READ_AT_ONCE])
    while found:
        yield from found
        found = list(rows.filter(pk__gt=found[-1].pk)[:_READ_AT_ONCE])


def _rewrap(row: UserApiKey) -> int:
    # Only if nobody stored another secret meanwhile, which is wrapped anew anyway.
    same = UserApiKey.objects.using(GLOBAL_ALIAS).filter(pk=row.pk, sealed=row.sealed)
    return same.update(sealed=rewrap(row.sealed, secret_context(row, owner=row.user.uid)))
