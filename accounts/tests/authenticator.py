"""An authenticator in software: makes passkeys and answers challenges, honestly unless told."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from webauthn.helpers import encode_cbor

from tradingplatform.ids import secret_bytes

Json = dict[str, Any]
ORIGIN = "http://localhost:8000"
RP_ID = "localhost"
PRESENT, VERIFIED, SYNCABLE, SYNCED, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def text(raw: bytes) -> str:
    """Write bytes as base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(word: str) -> bytes:
    """Read base64url without padding."""
    return urlsafe_b64decode(f"{word}===")


@dataclass
class Authenticator:
    """One passkey on one device; its fields may be changed to lie."""

    algorithm: str = "ES256"
    origin: str = ORIGIN
    rp_id: str = RP_ID
    sign_count: int = 0
    step: int = 1
    flags: int = PRESENT | VERIFIED
    credential_id: bytes = field(default_factory=lambda: secret_bytes(32))
    user_handle: bytes = b""

    def __post_init__(self) -> None:
        makers: Json = {
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
            "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
        }
        self._key = makers[self.algorithm]()

    def create(self, options: Json) -> Json:
        """Answer ``navigator.credentials.create``."""
        self.user_handle = raw(options["user"]["id"])
        body = encode_cbor(
            {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED, self._attested())}
        )
        client = self._client("webauthn.create", options["challenge"])
        return self._answer(
            {
                "clientDataJSON": text(client),
                "attestationObject": text(body),
                "transports": ["internal", "hybrid", "carrier-pigeon"],
            }
        )

    def get(self, options: Json) -> Json:
        """Answer ``navigator.credentials.get``."""
        self.sign_count += self.step
        client = self._client("webauthn.get", options["challenge"])
        data = self._data(0, b"")
        signature = self._sign(data + hashlib.sha256(client).digest())
        return self._answer(
            {
                "clientDataJSON": text(client),
                "authenticatorData": text(data),
                "signature": text(signature),
                "userHandle": text(self.user_handle) if self.user_handle else None,
            }
        )

    def _answer(self, response: Json) -> Json:
        name = text(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}

    def _client(self, kind: str, challenge: str) -> bytes:
        return orjson.dumps({"type": kind, "challenge": challenge, "origin": self.origin})

    def _data(self, more: int, tail: bytes) -> bytes:
        domain = hashlib.sha256(self.rp_id.encode()).digest()
        return domain + bytes([self.flags | more]) + self.sign_count.to_bytes(4, "big") + tail

    def _attested(self) -> bytes:
        length = len(self.credential_id).to_bytes(2, "big")
        return bytes(16) + length + self.credential_id + encode_cbor(self._public())

    def _public(self) -> dict[int, Any]:
        public = self._key.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}
        numbers = public.public_numbers()
        if isinstance(public, rsa.RSAPublicKey):
            return {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: b"\x01\x00\x01"}
        size, kind, curve = (66, -36, 3) if self.algorithm == "ES512" else (32, -7, 1)
        x, y = numbers.x.to_bytes(size, "big"), numbers.y.to_bytes(size, "big")
        return {1: 2, 3: kind, -1: curve, -2: x, -3: y}

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(data)
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return bytes(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
