"""Keys that users have with brokers and providers: sealed when they come, masked ever after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db import IntegrityError

from accounts import selectors
from accounts.enums import AuditAction, KeyEnvironment, KeyProvider
from accounts.errors import BrokerKeyExistsError
from accounts.models import UserApiKey
from accounts.rules import clean_broker_secrets, masked_secret
from accounts.services.audit import audit_append
from accounts.types import NOWHERE, Account, Device
from tradingplatform.clock import now
from tradingplatform.crypto import Context, seal, unseal
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import NotFoundError
from tradingplatform.services.external.key_trial import key_try


@dataclass(frozen=True)
class BrokerKeyName:
    """Which of a user's keys: there is one for each provider and environment."""

    provider: str
    environment: str


@dataclass(frozen=True)
class KeyTest:
    """What the provider said to a key; ``reason`` is "" or a word of KeyFault."""

    works: bool
    checked_at: datetime
    reason: str


def broker_key_store(
    *, owner: Account, which: BrokerKeyName, given: Mapping[str, str], device: Device = NOWHERE
) -> UserApiKey:
    """Seal and store a key; BrokerKeyExistsError when the user has such a one.

    Raises ValidationError, by field, for what the provider's keys do not look like.
    """
    kind, where = KeyProvider(which.provider), KeyEnvironment(which.environment)
    secrets = clean_broker_secrets(provider=kind, environment=where, given=given)
    row = UserApiKey(
        user_id=owner.pk,
        provider=kind.value,
        environment=where.value,
        masked={name: masked_secret(name, secret) for name, secret in secrets.items()},
    )
    row.sealed = seal(orjson.dumps(secrets), secret_context(row, owner=owner.uid))
    try:
        global_tx(_store, row, owner, device)
    except IntegrityError as exc:
        raise BrokerKeyExistsError("A key of this provider is stored already.") from exc
    return row


def broker_key_delete(*, owner: Account, key_id: UUID, device: Device = NOWHERE) -> None:
    """Forget a key; NotFoundError unless it is the user's."""
    global_tx(_delete, owner, key_id, device)


def broker_key_test(*, owner: Account, key_id: UUID, device: Device = NOWHERE) -> KeyTest:
    """Make one harmless call with a key, outside any transaction, and note that it was made.

    Raises NotFoundError unless the key is the user's; UpstreamError, UnavailableError or
    LimitExceededError when the provider could not be asked, which says nothing about the key.
    """
    row = selectors.broker_key_get(account_db_key=owner.pk, key_id=key_id)
    trial = key_try(row.provider, row.environment, broker_secrets(row))
    global_tx(
        audit_append,
        action=AuditAction.BROKER_KEY_TESTED,
        account=owner,
        device=device,
        key_id=row.pk,
        provider=row.provider,
        works=trial.works,
    )
    return KeyTest(works=trial.works, checked_at=now(), reason=trial.fault.value)


def broker_secrets(row: UserApiKey) -> dict[str, str]:
    """Return the secrets of a key that was read with its user."""
    secrets: dict[str, str] = orjson.loads(
        unseal(row.sealed, secret_context(row, owner=row.user.uid))
    )
    return secrets


def secret_context(row: UserApiKey, *, owner: UUID) -> Context:
    """Return what the secrets of a key are bound to."""
    return Context(owner=owner, purpose=f"broker-key/{row.provider}/{row.environment}")


def _store(row: UserApiKey, owner: Account, device: Device) -> None:
    row.save(using=GLOBAL_ALIAS, force_insert=True)
    audit_append(
        action=AuditAction.BROKER_KEY_STORED,
        account=owner,
        device=device,
        key_id=row.pk,
        provider=row.provider,
        environment=row.environment,
    )


def _delete(owner: Account, key_id: UUID, device: Device) -> None:
    mine = UserApiKey.objects.using(GLOBAL_ALIAS).filter(pk=key_id, user_id=owner.pk)
    deleted, _ = mine.delete()
    if not deleted:
        raise NotFoundError("There is no such key.")
    audit_append(action=AuditAction.BROKER_KEY_DELETED, account=owner, device=device, key_id=key_id)
