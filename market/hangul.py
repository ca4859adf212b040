"""Search Korean names by their initial consonants, as Korean keyboards invite to. Pure."""

_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3
_SYLLABLES_PER_INITIAL = 21 * 28
_INITIALS = (
    "\u3131\u3132\u3134\u3137\u3138\u3139\u3141\u3142\u3143\u3145"
    "\u3146\u3147\u3148\u3149\u314a\u314b\u314c\u314d\u314e"
)
"""The nineteen consonants that a syllable can begin with, in the order of Unicode."""


def initials_of(text: str) -> str:
    """Return the text with each Korean syllable cut to its first consonant, without spaces."""
    return "".join(map(_initial, "".join(text.split()))).upper()


def is_initials(text: str) -> bool:
    """Tell whether somebody typed nothing but initial consonants, at least one."""
    return bool(text) and all(letter in _INITIALS for letter in text)


def _initial(letter: str) -> str:
    code = ord(letter)
    if not _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE:
        return letter
    return _INITIALS[(code - _FIRST_SYLLABLE) // _SYLLABLES_PER_INITIAL]
