"""Find instruments by what a text calls them: each name is kept under its first word. Pure."""

import re

from market.hangul import initials_of

KEY_MAX = 20
WORDS_MAX = 300
"""Of a text; a question is much shorter."""
_ALNUM = re.compile(r"[0-9a-z]+")
_WORD = re.compile(r"[0-9a-z\uac00-\ud7a3]+")
_SYMBOL = re.compile(r"[0-9a-z]+(?:[.-][0-9a-z]+)*")
_NO_KEYS = frozenset(
    {"the", "inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited"}
    | {"plc", "group", "holding", "holdings", "class"}
)
"""Words that people leave out of a name."""


def name_fields(name_en: str, name_ko: str) -> dict[str, str]:
    """Return the columns of an instrument that its names are found by."""
    return {
        "initials_ko": initials_of(name_ko),
        "key_en": name_key(name_en),
        "key_ko": name_key(name_ko),
    }


def name_key(name: str) -> str:
    """Return what a name is kept under: the front of its first word that says something."""
    words = _WORD.findall(name.lower())
    return next((_front(word) for word in words if word not in _NO_KEYS), "")


def text_keys(text: str) -> set[str]:
    """Return the keys of all names that a text may have; Korean words carry their particles."""
    lower = text.lower()
    words = [*_WORD.findall(lower)[:WORDS_MAX], *_ALNUM.findall(lower)[:WORDS_MAX]]
    return {_front(word) for word in words}


def text_symbols(text: str) -> set[str]:
    """Return all that may be symbols in a text, in capitals."""
    lower = text.lower()
    words = [*_SYMBOL.findall(lower)[:WORDS_MAX], *_ALNUM.findall(lower)[:WORDS_MAX]]
    return {word.upper() for word in words if len(word) <= 16}


def _front(word: str) -> str:
    """Return the Latin front of a word, else its first two syllables."""
    latin = _ALNUM.match(word)
    return latin.group()[:KEY_MAX] if latin else word[:2]
