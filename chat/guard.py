"""May this question be answered at all? Fixed rules that no model can be talked out of.

They make refusals polite and quick. What keeps users apart and orders impossible is elsewhere:
tools take the user from the context, and no tool writes.
"""

import unicodedata
from typing import Literal

from chat.locale import patterns

Refusal = Literal["", "OTHER_USERS", "TRADE", "SECRETS"]

_INVISIBLE = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x00AD, 0xFEFF]
)


def plain(text: str) -> str:
    """Return a text in its compatibility form, without characters nobody can see."""
    return unicodedata.normalize("NFKC", text).translate(_INVISIBLE)


def refusal_of(question: str) -> Refusal:
    """Return why a question is refused; an empty word when it is not."""
    text = plain(question)
    if patterns.SECRETS.search(text):
        return "SECRETS"
    if patterns.OTHER_USERS.search(text):
        return "OTHER_USERS"
    return "TRADE" if patterns.TRADE.search(text) else ""


def asks_for_advice(question: str) -> bool:
    """Tell whether a question wants to be told what to buy or sell."""
    return bool(patterns.ADVICE.search(plain(question)))


def language_of(question: str) -> Literal["en", "ko"]:
    """Return the language of a question: Korean as soon as it holds a Korean letter."""
    return "ko" if patterns.HANGUL.search(question) else "en"
