"""Registering, naming, removing and showing passkeys."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError

from accounts import selectors
from accounts.enums import AuditAction, PasskeyPurpose
from accounts.errors import (
    OtpNotOnError,
    PasskeyExistsError,
    PasskeyInvalidError,
    PasskeyLimitError,
)
from accounts.locks import user_for_update
from accounts.models import Passkey
from accounts.rules import clean_key_name
from accounts.services.audit import audit_append
from accounts.services.backup_codes import backup_codes_drop_if_alone, backup_codes_make
from accounts.services.passkey_challenges import (
    ChallengeFor,
    PasskeyOptions,
    challenge_bytes,
    challenge_claim,
    challenge_issue,
)
from accounts.services.passkey_checks import (
    Assertion,
    assertion_check,
    creation_options,
    credential_hash,
    credential_made,
    hash_of,
    request_options,
    transports_of,
)
from accounts.services.passwords import identity_confirm
from accounts.services.step_up import factor_note, fresh_factor_required
from accounts.types import Device
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx

T = TypeVar("T")
Json = dict[str, Any]


def passkey_options(*, owner: Principal, password: str, device: Device) -> PasskeyOptions:
    """Return what a device needs to make a passkey.

    It takes the password, or a fresh factor where there is one: a borrowed session must not
    leave a key of its own behind. Raises what ``identity_confirm`` does, PasskeyLimitError.
    """
    identity_confirm(owner=owner, password=password, device=device)
    user = selectors.user_by_key(owner.pk)
    known = selectors.passkeys_get(owner.pk)
    _refuse_too_many(len(known))
    row = challenge_issue(_meant(PasskeyPurpose.REGISTER, owner))
    return PasskeyOptions(row.pk, creation_options(user, challenge_bytes(row), known))


def passkey_register(
    *, owner: Principal, challenge_id: UUID, name: str, credential: Json, device: Device
) -> tuple[Passkey, list[str]]:
    """Store what a device made; return it with the backup codes if it is the first factor.

    Raises PasskeyChallengeError, PasskeyInvalidError, PasskeyExistsError, PasskeyLimitError,
    FreshFactorRequiredError, and ValidationError for a name that is none.
    """
    title = clean_key_name(name)
    challenge = challenge_claim(challenge_id, _meant(PasskeyPurpose.REGISTER, owner))
    made = credential_made(credential, challenge)
    row = Passkey(
        user_id=owner.pk,
        name=title,
        credential_id=made.credential_id,
        credential_hash=hash_of(made.credential_id),
        public_key=made.public_key,
        sign_count=made.sign_count,
        transports=transports_of(credential),
        aaguid=made.aaguid,
        is_syncable=made.is_syncable,
        is_synced=made.is_synced,
    )
    try:
        return row, global_tx(_register, owner, row, device)
    except IntegrityError as exc:
        raise PasskeyExistsError("This passkey is registered already.") from exc


def passkey_rename(*, owner: Principal, passkey_id: UUID, name: str) -> Passkey:
    """Give a passkey another name; NotFoundError unless it is the user's."""
    title = clean_key_name(name)
    mine = Passkey.objects.using(GLOBAL_ALIAS).filter(pk=passkey_id, user_id=owner.pk)
    global_tx(mine.update, name=title)
    return selectors.passkey_get(account_db_key=owner.pk, passkey_id=passkey_id)


def passkey_remove(*, owner: Principal, passkey_id: UUID, device: Device) -> None:
    """Forget a passkey, and the backup codes with the last factor; needs a fresh factor."""
    fresh_factor_required(owner)
    global_tx(_remove, owner, passkey_id, device)


def passkey_verify_options(*, owner: Principal) -> PasskeyOptions:
    """Return what a device needs to show a passkey within a session."""
    known = selectors.passkeys_get(owner.pk)
    if not known:
        raise OtpNotOnError("There is no passkey.")
    row = challenge_issue(_meant(PasskeyPurpose.STEP_UP, owner))
    return PasskeyOptions(row.pk, request_options(challenge_bytes(row), known, must_verify=False))


def passkey_verify(
    *, owner: Principal, challenge_id: UUID, credential: Json, device: Device
) -> None:
    """Show the second factor within a session; see ``passkey_spend`` for the errors."""
    challenge = challenge_claim(challenge_id, _meant(PasskeyPurpose.STEP_UP, owner))
    passkey = passkey_named(credential, account_db_key=owner.pk, device=device)

    def note() -> None:
        factor_note(owner.session_id, owner=owner, device=device)
        audit_append(
            action=AuditAction.PASSKEY_SHOWN,
            account=owner,
            device=device,
            session_id=owner.session_id,
            passkey_id=passkey.pk,
        )

    proof = passkey_prove(passkey, credential, challenge, device=device, must_verify=False)
    passkey_spend(passkey, proof, then=note)


def passkey_named(credential: Json, *, account_db_key: int | None, device: Device) -> Passkey:
    """Return the passkey that an answer names, of one user if that is known already."""
    rows = Passkey.objects.using(GLOBAL_ALIAS).select_related("user")
    if account_db_key is not None:
        rows = rows.filter(user_id=account_db_key)
    passkey = rows.filter(credential_hash=credential_hash(credential)).first()
    if passkey is None:
        audit_append(action=AuditAction.PASSKEY_REFUSED, account=None, device=device)
        raise PasskeyInvalidError("This passkey does not prove it.")
    return passkey


def passkey_prove(
    passkey: Passkey, credential: Json, challenge: bytes, *, device: Device, must_verify: bool
) -> Assertion:
    """Check a device's answer; a refusal is noted before PasskeyInvalidError is raised."""
    try:
        proof = assertion_check(passkey, credential, challenge, must_verify=must_verify)
    except PasskeyInvalidError:
        _note(AuditAction.PASSKEY_REFUSED, passkey, device)
        raise
    if (proof.sign_count or passkey.sign_count) and proof.sign_count <= passkey.sign_count:
        # Two devices count for one passkey: somebody has a copy of it.
        _note(AuditAction.PASSKEY_CLONED, passkey, device)
        raise PasskeyInvalidError("This passkey does not prove it.")
    return proof


def passkey_spend(passkey: Passkey, proof: Assertion, *, then: Callable[[], T]) -> T:
    """Note a use by compare-and-swap and do ``then`` in the same transaction."""
    return global_tx(_spend, passkey, proof, then)


def _spend(passkey: Passkey, proof: Assertion, then: Callable[[], T]) -> T:
    # The user first, as everywhere: who removes a passkey waits here instead of crosswise.
    user_for_update(passkey.user_id)
    same = Passkey.objects.using(GLOBAL_ALIAS).filter(pk=passkey.pk, sign_count=passkey.sign_count)
    used = same.update(sign_count=proof.sign_count, is_synced=proof.is_synced, last_used_at=now())
    if not used:
        # Removed meanwhile, or another answer of it was faster.
        raise PasskeyInvalidError("This passkey does not prove it.")
    return then()


def _register(owner: Principal, row: Passkey, device: Device) -> list[str]:
    # The lock makes rivals count one after the other.
    user_for_update(owner.pk)
    is_first = not selectors.has_second_factor(owner.pk)
    if not is_first:
        fresh_factor_required(owner)
    _refuse_too_many(Passkey.objects.using(GLOBAL_ALIAS).filter(user_id=owner.pk).count())
    row.save(using=GLOBAL_ALIAS, force_insert=True)
    factor_note(owner.session_id, owner=owner, device=device)
    audit_append(
        action=AuditAction.PASSKEY_ADDED,
        account=owner,
        device=device,
        session_id=owner.session_id,
        passkey_id=row.pk,
    )
    return backup_codes_make(owner) if is_first else []


def _remove(owner: Principal, passkey_id: UUID, device: Device) -> None:
    user_for_update(owner.pk)
    selectors.passkey_get(account_db_key=owner.pk, passkey_id=passkey_id).delete(using=GLOBAL_ALIAS)
    backup_codes_drop_if_alone(owner)
    audit_append(
        action=AuditAction.PASSKEY_REMOVED,
        account=owner,
        device=device,
        session_id=owner.session_id,
        passkey_id=passkey_id,
    )


def _refuse_too_many(count: int) -> None:
    if count >= settings.PASSKEYS_MAX:
        raise PasskeyLimitError(
            f"An account may have {settings.PASSKEYS_MAX} passkeys.", limit=settings.PASSKEYS_MAX
        )


def _meant(purpose: PasskeyPurpose, owner: Principal) -> ChallengeFor:
    return ChallengeFor(purpose, session_id=owner.session_id)


def _note(action: AuditAction, passkey: Passkey, device: Device) -> None:
    audit_append(
        action=action, account=passkey.user, device=device, actor="", passkey_id=passkey.pk
    )
