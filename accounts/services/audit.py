"""The audit log: who did what, when and from where, in chains that show every change.

Each entry carries the hash of the one before it, so an entry that is changed, removed or
slipped in later breaks its chain; the head of a chain shows when its end is cut off. The
hash of every entry is also logged, which keeps a copy out of the database's reach.
"""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from uuid import UUID

import orjson
from django.conf import settings

from accounts.audit_models import AuditEntry, AuditHead
from accounts.enums import AuditAction
from accounts.locks import audit_head_for_update
from accounts.services.alerts import alert_note
from accounts.types import NOWHERE, Account, Device
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx
from tradingplatform.logs import current_request_id

logger = logging.getLogger(__name__)

_READ_AT_ONCE = 1000


def audit_append(
    *,
    action: AuditAction,
    account: Account | None,
    device: Device = NOWHERE,
    session_id: UUID | None = None,
    actor: str | None = None,
    **details: object,
) -> AuditEntry:
    """Add an entry, in the same transaction as what it tells of if there is one.

    Where services.alerts says so, the owner of the account is mailed about it.

    ``account`` is whose security it is about, None when that is not known. ``actor`` is
    who did it, by uid; the owner of the account unless it is said. ``details`` must hold
    nothing secret and nothing personal: entries are never deleted.
    """
    entry = AuditEntry(
        occurred_at=now(),
        action=action.value,
        account_db_key=account.pk if account else None,
        account_uid=account.uid if account else None,
        actor=(str(account.uid) if account else "") if actor is None else actor,
        session_id=session_id,
        ip=device.ip[:45],
        user_agent=device.user_agent[:255],
        request_id=current_request_id()[:64],
        details=orjson.dumps(details, option=orjson.OPT_SORT_KEYS, default=str).decode(),
    )
    return global_tx(_append_and_alert, entry, account, details)


def entry_hash(entry: AuditEntry) -> str:
    """Return the hash over everything an entry says and the hash of the one before it."""
    said = {
        "chain": entry.chain,
        "seq": entry.seq,
        "occurred_at": _instant(entry.occurred_at),
        "action": entry.action,
        "account_db_key": entry.account_db_key,
        "account_uid": str(entry.account_uid or ""),
        "actor": entry.actor,
        "session_id": str(entry.session_id or ""),
        "ip": entry.ip,
        "user_agent": entry.user_agent,
        "request_id": entry.request_id,
        "details": entry.details,
        "prev_hash": entry.prev_hash,
    }
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def audit_breaches() -> Iterator[str]:
    """Check every chain from its first entry on; name each entry that does not fit."""
    heads = list(AuditHead.objects.using(GLOBAL_ALIAS).order_by("chain"))
    for head in heads:
        yield from _chain_breaches(head)
    entries = AuditEntry.objects.using(GLOBAL_ALIAS)
    headless = entries.exclude(chain__in=AuditHead.objects.using(GLOBAL_ALIAS).values("chain"))
    for chain in headless.order_by("chain").values_list("chain", flat=True).distinct():
        yield f"audit chain {chain} has entries but no head"


def _instant(moment: datetime | None) -> str:
    # SQLite returns None for a column that is no instant any more.
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else ""


def _append_and_alert(
    entry: AuditEntry, account: Account | None, details: Mapping[str, object]
) -> AuditEntry:
    _append(entry)
    alert_note(entry, account, details)
    return entry


def _append(entry: AuditEntry) -> None:
    head = audit_head_for_update(_chain_of(entry.account_db_key))
    entry.chain, entry.seq, entry.prev_hash = head.chain, head.seq + 1, head.hash
    entry.hash = entry_hash(entry)
    entry.save(using=GLOBAL_ALIAS, force_insert=True)
    head.seq, head.hash = entry.seq, entry.hash
    head.save(using=GLOBAL_ALIAS, update_fields=["seq", "hash"])
    logger.info(
        "audit %s",
        entry.action,
        extra={"audit_chain": entry.chain, "audit_seq": entry.seq, "audit_hash": entry.hash},
    )


def _chain_of(account_db_key: int | None) -> int:
    # Several chains, so that people who log in at once do not wait for each other.
    return 0 if account_db_key is None else 1 + account_db_key % int(settings.AUDIT_CHAINS)


def _chain_breaches(head: AuditHead) -> Iterator[str]:
    expected_seq, previous = 1, ""
    for seq, entry in _chain_entries(head.chain):
        name = f"audit entry {head.chain}/{seq}"
        if seq != expected_seq:
            yield f"{name} follows {expected_seq - 1}: entries are missing"
        if entry is None:
            yield f"{name} cannot be read"
        elif entry.hash != entry_hash(entry):
            yield f"{name} ({entry.pk}) was changed"
        elif seq == expected_seq and entry.prev_hash != previous:
            yield f"{name} ({entry.pk}) does not follow the entry before it"
        if entry is not None and seq == head.seq and entry.hash != head.hash:
            yield f"{name} ({entry.pk}) is not the one that its head names"
        expected_seq, previous = seq + 1, entry.hash if entry else ""
    if expected_seq <= head.seq:
        yield f"audit chain {head.chain} ends at {expected_seq - 1}, its head says {head.seq}"


def _chain_entries(chain: int) -> Iterator[tuple[int, AuditEntry | None]]:
    """Walk a chain; an entry whose columns cannot even be read comes as None."""
    rows = AuditEntry.objects.using(GLOBAL_ALIAS).filter(chain=chain)
    last = -1
    while True:
        following = rows.filter(seq__gt=last).order_by("seq")
        seqs = list(following.values_list("seq", flat=True)[:_READ_AT_ONCE])
        if not seqs:
            return
        try:
            found = {entry.seq: entry for entry in rows.filter(seq__in=seqs)}
        except ValueError:
            found = {}
        for seq in seqs:
            yield seq, found.get(seq) or _readable(chain, seq)
        last = seqs[-1]


def _readable(chain: int, seq: int) -> AuditEntry | None:
    try:
        return AuditEntry.objects.using(GLOBAL_ALIAS).filter(chain=chain, seq=seq).first()
    except ValueError:
        return None
