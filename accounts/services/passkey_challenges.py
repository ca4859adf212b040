"""What a device has to sign, each time something else."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.enums import PasskeyPurpose
from accounts.errors import PasskeyChallengeError
from accounts.models import LogInTicket, PasskeyChallenge
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx
from tradingplatform.ids import secret_bytes

_BYTES = 32
_PRUNE_MAX = 1000


@dataclass(frozen=True)
class PasskeyOptions:
    """What a browser is asked with, and the name under which it answers."""

    challenge_id: UUID
    public_key: dict[str, Any]


@dataclass(frozen=True)
class ChallengeFor:
    """What a challenge is good for; a log-in without a password has neither session nor ticket."""

    purpose: PasskeyPurpose
    session_id: UUID | None = None
    ticket: LogInTicket | None = None


def challenge_issue(meant: ChallengeFor) -> PasskeyChallenge:
    """Write a challenge that is good for settings.PASSKEY_CHALLENGE_TTL_S."""
    return global_tx(
        PasskeyChallenge.objects.using(GLOBAL_ALIAS).create,
        purpose=meant.purpose,
        challenge=secret_bytes(_BYTES).hex(),
        session_id=meant.session_id,
        ticket=meant.ticket,
        expires_at=now() + timedelta(seconds=settings.PASSKEY_CHALLENGE_TTL_S),
    )


def challenge_claim(challenge_id: UUID, meant: ChallengeFor) -> bytes:
    """Use a challenge up and return it; PasskeyChallengeError otherwise.

    It is spent whatever the answer is worth: of any number of rivals one gets here, once.
    """
    return global_tx(_claim, challenge_id, meant)


def challenges_prune() -> int:
    """Delete challenges that have run out; return how many."""
    rows = PasskeyChallenge.objects.using(GLOBAL_ALIAS)
    old = rows.filter(expires_at__lt=now()).order_by("expires_at")
    ids = list(old.values_list("pk", flat=True)[:_PRUNE_MAX])
    return rows.filter(pk__in=ids).delete()[0]


def challenge_bytes(row: PasskeyChallenge) -> bytes:
    """Return what has to be signed."""
    return bytes.fromhex(row.challenge)


def _claim(challenge_id: UUID, meant: ChallengeFor) -> bytes:
    rows = PasskeyChallenge.objects.using(GLOBAL_ALIAS).filter(
        pk=challenge_id, purpose=meant.purpose, session=meant.session_id, ticket=meant.ticket
    )
    if not rows.filter(used_at__isnull=True, expires_at__gt=now()).update(used_at=now()):
        raise PasskeyChallengeError("This challenge is not good any more; ask for another.")
    return challenge_bytes(rows.get())
