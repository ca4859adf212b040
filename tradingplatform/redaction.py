"""What never appears in a log line: secrets, tokens, account numbers, e-mail addresses."""

import re
from collections.abc import Mapping
from typing import Any

from structlog.typing import EventDict, WrappedLogger

HIDDEN = "[hidden]"
DEPTH_MAX = 6
TEXT_CHARACTERS_MAX = 20_000

_SECRET_WORDS = (
    "password",
    "passwd",
    "secret",
    "token",
    "ticket",
    "authorization",
    "cookie",
    "api_key",
    "apikey",
    "app_key",
    "appkey",
    "private_key",
    "credential",
    "otp",
    "pin",
    "account_number",
    "account_no",
    "card_number",
)
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:" + "|".join(_SECRET_WORDS) + r")s?(?:$|_)(?!(?:count|id|kind|type)$)",
    re.IGNORECASE,
)
_NAMED = "|".join(word.replace("_", "[-_ ]?") for word in _SECRET_WORDS)

# The order matters: what is introduced by a name goes first, bare shapes after it.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # user:password@ in any address
    (re.compile(r"(?<=://)[^\s/@:]{0,256}:[^\s/@]{0,256}(?=@)"), HIDDEN),
    (re.compile(r"\b(Bearer|Basic|Api-Key)\s+[\w.~+/=:-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        re.compile(
            rf"(\b[\w-]{{0,40}}(?:{_NAMED})[\"']?\s{{0,4}}[:=]\s{{0,4}}[\"']?)[^\s\"',;&)}}\]]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    # JSON web tokens, provider keys, AWS key ids
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"), HIDDEN),
    (re.compile(r"\b(?:sk|pk|rk|tp)[-_][A-Za-z0-9_-]{16,}"), HIDDEN),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), HIDDEN),
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), "[e-mail]"),
    # resident registration, securities account (8-2) and card numbers
    (re.compile(r"\b\d{6}-[1-8]\d{6}\b"), HIDDEN),
    (re.compile(r"\b\d{8}-\d{2}\b"), "[account]"),
    (re.compile(r"\b\d{4}[- ]\d{4}[- ]\d{4}[- ]\d{4}\b"), HIDDEN),
)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide in every part of a log event what must not be written down."""
    return {name: redacted(value, name=str(name)) for name, value in event.items()}


def redacted(value: Any, *, name: str = "", depth: int = 0) -> Any:
    """Return ``value`` without secrets; ``name`` alone can make all of it one."""
    if name and _SECRET_NAME.search(name):
        return HIDDEN if value not in (None, "") else value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping) and depth < DEPTH_MAX:
        return {key: redacted(part, name=str(key), depth=depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < DEPTH_MAX:
        return [redacted(part, depth=depth + 1) for part in value]
    return redact_text(str(value))


def redact_text(text: str) -> str:
    """Hide the secrets inside a text, and cut what no reader could use.

    Every pattern is bounded, so a hostile text costs no more than its length.
    """
    if len(text) > TEXT_CHARACTERS_MAX:
        text = f"{text[:TEXT_CHARACTERS_MAX]}… ({len(text)} characters)"
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
