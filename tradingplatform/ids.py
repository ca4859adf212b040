"""Where identifiers and randomness come from."""

import os
import secrets
import threading
import time
from uuid import UUID, uuid5

_NAMESPACE = UUID("6f1de8a6-6c0e-5b0e-9d5c-0a3c3f7d9b11")
_MAX_STEP = 0xFFF
_lock = threading.Lock()
_last_tick = 0


def uuid7() -> UUID:
    """Return a time-ordered UUID (RFC 9562 version 7) that only rises within this process.

    The 12 bits after the millisecond count up when several ids fall into one
    millisecond (method 1 of the RFC); the last 62 bits are random.
    """
    global _last_tick  # noqa: PLW0603 - the monotonic counter is per process by design
    with _lock:
        tick = max((time.time_ns() // 1_000_000) << 12, _last_tick + 1)
        _last_tick = tick
    milliseconds, step = tick >> 12, tick & _MAX_STEP
    random_62 = int.from_bytes(os.urandom(8), "big") >> 2
    value = (milliseconds << 80) | (0x7 << 76) | (step << 64) | (0b10 << 62) | random_62
    return UUID(int=value)


def derived_id(*parts: object) -> UUID:
    """Return the UUID (version 5) that the same parts always give."""
    return uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts))


def secret_token(n_bytes: int = 32) -> str:
    """Return ``n_bytes`` of unguessable randomness as URL-safe text."""
    return secrets.token_urlsafe(n_bytes)


def secret_bytes(n_bytes: int) -> bytes:
    """Return ``n_bytes`` of unguessable randomness, for keys, seeds and nonces."""
    return os.urandom(n_bytes)


def random_fraction() -> float:
    """Return a number in [0, 1) for jitter; never for data shown to anyone."""
    return secrets.randbelow(1 << 53) / (1 << 53)
