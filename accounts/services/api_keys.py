"""Keys for programs: shown once, kept as hashes, limited by scope, address and time."""

import hashlib
import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from ipaddress import ip_address, ip_network
from uuid import UUID

from django.conf import settings

from accounts import selectors
from accounts.enums import AuditAction
from accounts.errors import ApiKeyLimitError, InvalidApiKeyError
from accounts.locks import user_for_update
from accounts.models import ApiKey
from accounts.rules import clean_key_name, clean_networks
from accounts.services.audit import audit_append
from accounts.services.sessions import end_announce
from accounts.types import NOWHERE, Account, Device
from tradingplatform.api.principal import Principal, Scope
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import after_commit, global_tx
from tradingplatform.errors import NotFoundError, UnavailableError
from tradingplatform.ids import secret_token
from tradingplatform.services import services

logger = logging.getLogger(__name__)

_MARK = "tp_"
_PREFIX_LENGTH = 10
_LENGTH_MAX = 128


@dataclass(frozen=True)
class NewApiKey:
    """A key as its owner sees it once: ``secret`` is written nowhere."""

    row: ApiKey
    secret: str


@dataclass(frozen=True)
class KeyTerms:
    """What a key may do, from where, and for how long."""

    scopes: Collection[str]
    allowed_ips: Collection[str] = ()
    expires_in_days: int = 90


def api_key_create(
    *, owner: Account, name: str, terms: KeyTerms, device: Device = NOWHERE
) -> NewApiKey:
    """Make a key; ApiKeyLimitError when the user has settings.API_KEYS_MAX live ones.

    Raises ValidationError for a name or an address that is not one.
    """
    secret = f"{_MARK}{secret_token()}"
    row = ApiKey(
        user_id=owner.pk,
        name=clean_key_name(name),
        prefix=secret[:_PREFIX_LENGTH],
        secret_hash=_hash(secret),
        scopes=sorted({Scope(scope).value for scope in terms.scopes}),
        allowed_ips=clean_networks(terms.allowed_ips),
        expires_at=now() + timedelta(days=terms.expires_in_days),
    )
    global_tx(_create, row, owner, device)
    logger.info("An API key was made", extra={"key": str(row.pk), "scopes": row.scopes})
    return NewApiKey(row=row, secret=secret)


def api_key_revoke(*, owner: Account, key_id: UUID, device: Device = NOWHERE) -> None:
    """End a key: its next request is refused, and its sockets close.

    NotFoundError unless it is the user's.
    """
    global_tx(_revoke, owner, key_id, device)


def api_keys_end(*, owner: Account) -> None:
    """End all keys of a user and close their sockets; call inside a transaction."""
    live = ApiKey.objects.using(GLOBAL_ALIAS).filter(user_id=owner.pk, revoked_at__isnull=True)
    for key_id in list(live.values_list("pk", flat=True)):
        after_commit(None, partial(end_announce, key_id))
    live.update(revoked_at=now())


def api_key_principal(*, secret: str, address: str) -> Principal:
    """Return whom a key speaks for; InvalidApiKeyError, whatever is wrong with it.

    The row is read each time, so that the end of a key counts from the next request.
    """
    row = selectors.api_key_with_user(_hash(secret)) if _looks_like_one(secret) else None
    if row is None:
        raise InvalidApiKeyError("The API key is not valid.")
    fault = _fault(row, address)
    if fault:
        _note_refusal(row, address, fault)
        raise InvalidApiKeyError("The API key is not valid.")
    _touch(row, address)
    return Principal(
        account_db_key=row.user.pk,
        uid=row.user.uid,
        session_id=row.pk,
        is_verified=row.user.email_verified_at is not None,
        method="api_key",
        scopes=frozenset(row.scopes),
        expires_at=row.expires_at,
    )


def _create(row: ApiKey, owner: Account, device: Device) -> None:
    # The lock makes rivals count one after the other.
    user_for_update(row.user_id)
    live = ApiKey.objects.using(GLOBAL_ALIAS).filter(
        user_id=row.user_id, revoked_at__isnull=True, expires_at__gt=now()
    )
    if live.count() >= settings.API_KEYS_MAX:
        raise ApiKeyLimitError(
            f"An account may have {settings.API_KEYS_MAX} live API keys.",
            limit=settings.API_KEYS_MAX,
        )
    row.save(using=GLOBAL_ALIAS, force_insert=True)
    audit_append(
        action=AuditAction.API_KEY_MADE,
        account=owner,
        device=device,
        key_id=row.pk,
        scopes=row.scopes,
        allowed_ips=row.allowed_ips,
    )


def _revoke(owner: Account, key_id: UUID, device: Device) -> None:
    mine = ApiKey.objects.using(GLOBAL_ALIAS).filter(
        pk=key_id, user_id=owner.pk, revoked_at__isnull=True
    )
    if not mine.update(revoked_at=now()):
        raise NotFoundError("There is no such key.")
    audit_append(action=AuditAction.API_KEY_REVOKED, account=owner, device=device, key_id=key_id)
    after_commit(None, lambda: end_announce(key_id))


def _note_refusal(row: ApiKey, address: str, fault: str) -> None:
    """Write a refusal down, once a minute for a key: a program does not stop by itself."""
    logger.warning("An API key was refused", extra={"key": str(row.pk), "reason": fault})
    mark = f"api-key-refused:{row.pk}:{fault}"
    try:
        is_news = services.cache.add(mark, 1, settings.API_KEY_TOUCH_EVERY_S)
    except UnavailableError:
        return
    if is_news:
        audit_append(
            action=AuditAction.API_KEY_REFUSED,
            account=row.user,
            device=Device(ip=address),
            actor="",
            key_id=row.pk,
            reason=fault,
        )


def _fault(row: ApiKey, address: str) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at <= now():
        return "expired"
    if not row.user.is_active:
        return "account closed"
    return "" if _is_allowed(address, row.allowed_ips) else "address"


def _is_allowed(address: str, networks: list[str]) -> bool:
    if not networks:
        return True
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in ip_network(network) for network in networks)


def _touch(row: ApiKey, address: str) -> None:
    """Note the use, at most once a minute; a new address also in the audit log."""
    moment = now()
    cutoff = moment - timedelta(seconds=settings.API_KEY_TOUCH_EVERY_S)
    if row.last_used_at is not None and row.last_used_at > cutoff:
        return
    # Of requests at the same time one writes.
    stale = ApiKey.objects.using(GLOBAL_ALIAS).filter(pk=row.pk, last_used_at=row.last_used_at)
    is_mine = stale.update(last_used_at=moment, last_used_ip=address[:45])
    if is_mine and row.last_used_ip != address[:45]:
        audit_append(
            action=AuditAction.API_KEY_USED,
            account=row.user,
            device=Device(ip=address),
            key_id=row.pk,
        )


def _looks_like_one(secret: str) -> bool:
    return secret.startswith(_MARK) and len(secret) <= _LENGTH_MAX


def _hash(secret: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
