import string

from chat.enums import Caveat
from chat.locale import en, ko


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things():
    assert set(en.PHRASES) == set(ko.PHRASES)
    for key, text in en.PHRASES.items():
        assert placeholders(text) == placeholders(ko.PHRASES[key]), key


def test_every_caveat_has_its_sentence():
    assert {f"caveat.{caveat.value}" for caveat in Caveat} <= set(en.PHRASES)
