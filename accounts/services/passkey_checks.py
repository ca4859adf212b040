"""What a device says about a passkey: the options it is asked with, and whether it is proof.

The library checks type, challenge, origin, domain, flags and signature; what comes from
outside may make it fail in any way, and every way means: no proof.
"""

import hashlib
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.errors import PasskeyInvalidError
from accounts.models import Passkey, User

Json = dict[str, Any]
TRANSPORTS = ("usb", "nfc", "ble", "smart-card", "internal", "cable", "hybrid")
_ID_MAX = 1023


@dataclass(frozen=True)
class NewCredential:
    """What a device made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: UUID
    is_syncable: bool
    is_synced: bool


@dataclass(frozen=True)
class Assertion:
    """What a device proved."""

    sign_count: int
    is_synced: bool


def creation_options(user: User, challenge: bytes, known: Iterable[Passkey]) -> Json:
    """Return what ``navigator.credentials.create`` is called with."""
    import webauthn
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.cose import COSEAlgorithmIdentifier as Algorithm
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = webauthn.generate_registration_options(
        rp_id=settings.PASSKEY_RP_ID,
        rp_name="AI Trading Platform",
        user_id=user.uid.bytes,
        user_name=user.email,
        user_display_name=user.nickname,
        challenge=challenge,
        timeout=settings.PASSKEY_CHALLENGE_TTL_S * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[_descriptor(passkey) for passkey in known],
        supported_pub_key_algs=[
            Algorithm.ECDSA_SHA_256,
            Algorithm.EDDSA,
            Algorithm.RSASSA_PKCS1_v1_5_SHA_256,
        ],
    )
    return options_to_json_dict(options)


def request_options(challenge: bytes, known: Iterable[Passkey], *, must_verify: bool) -> Json:
    """Return what ``navigator.credentials.get`` is called with."""
    import webauthn
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import UserVerificationRequirement as Verification

    options = webauthn.generate_authentication_options(
        rp_id=settings.PASSKEY_RP_ID,
        challenge=challenge,
        timeout=settings.PASSKEY_CHALLENGE_TTL_S * 1000,
        allow_credentials=[_descriptor(passkey) for passkey in known],
        user_verification=Verification.REQUIRED if must_verify else Verification.PREFERRED,
    )
    return options_to_json_dict(options)


def credential_made(credential: Json, challenge: bytes) -> NewCredential:
    """Return the credential that answers a challenge; PasskeyInvalidError otherwise."""
    import webauthn
    from webauthn.helpers.cose import COSEAlgorithmIdentifier as Algorithm

    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=settings.PASSKEY_RP_ID,
            expected_origin=settings.PASSKEY_ORIGINS,
            supported_pub_key_algs=[
                Algorithm.ECDSA_SHA_256,
                Algorithm.EDDSA,
                Algorithm.RSASSA_PKCS1_v1_5_SHA_256,
            ],
        )
        aaguid = UUID(made.aaguid)
    except Exception as exc:
        raise _no_proof() from exc
    if not 0 < len(made.credential_id) <= _ID_MAX:
        raise _no_proof()
    return NewCredential(
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        aaguid=aaguid,
        is_syncable=made.credential_device_type == "multi_device",
        is_synced=made.credential_backed_up,
    )


def assertion_check(
    passkey: Passkey, credential: Json, challenge: bytes, *, must_verify: bool
) -> Assertion:
    """Return what a passkey's answer proves; PasskeyInvalidError otherwise.

    The sign count is the caller's to compare: one that runs backwards is news of its own.
    """
    import webauthn

    try:
        is_named = _is_of(passkey.user, credential["response"].get("userHandle"))
        shown = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=settings.PASSKEY_RP_ID,
            expected_origin=settings.PASSKEY_ORIGINS,
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=0,
            require_user_verification=must_verify,
        )
    except Exception as exc:
        raise _no_proof() from exc
    if not is_named:
        raise _no_proof()
    return Assertion(shown.new_sign_count, shown.credential_backed_up)


def credential_hash(credential: Json) -> str:
    """Return under which hash the credential that an answer names would be stored."""
    named = credential.get("rawId")
    if not isinstance(named, str) or not named.isascii():
        raise _no_proof()
    try:
        return hash_of(urlsafe_b64decode(f"{named}==="))
    except ValueError as exc:
        raise _no_proof() from exc


def hash_of(credential_id: bytes) -> str:
    """Return the hash under which a credential is stored."""
    return hashlib.sha256(credential_id).hexdigest()


def transports_of(credential: Json) -> list[str]:
    """Return how a device says it can be reached: what browsers know, nothing else."""
    response = credential.get("response")
    named = response.get("transports") if isinstance(response, dict) else None
    return [word for word in TRANSPORTS if isinstance(named, list) and word in named]


def _is_of(user: User, handle: object) -> bool:
    # Only discoverable credentials name their user.
    if handle is None:
        return True
    return isinstance(handle, str) and urlsafe_b64decode(f"{handle}===") == user.uid.bytes


def _descriptor(passkey: Passkey) -> Any:
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    return PublicKeyCredentialDescriptor(
        id=bytes(passkey.credential_id),
        transports=[AuthenticatorTransport(word) for word in passkey.transports],
    )


def _no_proof() -> PasskeyInvalidError:
    return PasskeyInvalidError("This passkey does not prove it.")
