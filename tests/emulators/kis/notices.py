"""Own-order notices: AES-256-CBC with PKCS#7, key and iv from the reply to the registration."""

import base64

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Record = list[str]
BLOCK_BITS = 128


def sealed(tr_id: str, record: Record, secrets: tuple[str, str]) -> str:
    payload = encrypt("^".join(record), *secrets)
    return f"1|{tr_id}|001|{payload}"


def encrypt(text: str, key: str, iv: str) -> str:
    padder = padding.PKCS7(BLOCK_BITS).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key.encode()), modes.CBC(iv.encode())).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def early(tr_id: str) -> str:
    """Return a frame that nobody has a key for yet."""
    return sealed(tr_id, ["early"], ("0" * 32, "0" * 16))
