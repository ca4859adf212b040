"""Codes of authenticator apps (RFC 6238: SHA-1, 6 digits, 30 seconds)."""

import hmac
from base64 import b32encode
from datetime import datetime
from urllib.parse import quote, urlencode

SEED_BYTES = 20
DIGITS = 6
STEP_S = 30
# How many steps a clock may be off, before and behind.
DRIFT_STEPS = 1
ISSUER = "AI Trading Platform"


def step_at(moment: datetime) -> int:
    """Return the number of the 30 seconds that a moment falls into."""
    return int(moment.timestamp()) // STEP_S


def code_at(seed: bytes, step: int) -> str:
    """Return the code that an app shows during one step."""
    mac = hmac.digest(seed, step.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(seed: bytes, code: str, *, moment: datetime, after: int) -> int | None:
    """Return the step whose code this is, of those around now that come after ``after``."""
    middle = step_at(moment)
    found = None
    for step in range(middle - DRIFT_STEPS, middle + DRIFT_STEPS + 1):
        is_right = hmac.compare_digest(code_at(seed, step).encode(), code.encode())
        if is_right and step > after and found is None:
            found = step
    return found


def is_totp_code(text: str) -> bool:
    """Whether this looks like a code of an app, rather than a backup code."""
    return len(text) == DIGITS and text.isascii() and text.isdigit()


def seed_text(seed: bytes) -> str:
    """Return a seed as people type it."""
    return b32encode(seed).decode()


def otpauth_uri(seed: bytes, *, account: str) -> str:
    """Return the address that an authenticator app reads from a QR code."""
    query = {
        "secret": seed_text(seed),
        "issuer": ISSUER,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_S,
    }
    label = f"{quote(ISSUER)}:{quote(account)}"
    return f"otpauth://totp/{label}?{urlencode(query, quote_via=quote)}"


def qr_svg(text: str) -> str:
    """Return a QR code as one SVG element."""
    import qrcode
    from qrcode.image.svg import SvgPathImage

    image = qrcode.make(text, image_factory=SvgPathImage)
    return str(image.to_string(encoding="unicode"))
