"""Every text that a user can meet has a Korean translation that fits it."""

import re

import pytest

from tests.translations import USED, catalogue, component_texts, django_texts, translations

PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[sd]|%[sd]")

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize("domain", list(USED))
def test_every_text_is_translated(domain: str) -> None:
    """What is missing is found and added by `.venv/bin/python -m tests.translations`."""
    translated = {text for text, korean in translations(domain).items() if korean}

    assert set(USED[domain]()) - translated == set()


@pytest.mark.parametrize("domain", list(USED))
def test_no_translation_is_left_over(domain: str) -> None:
    assert set(translations(domain)) - set(USED[domain]()) == set()


@pytest.mark.parametrize("domain", list(USED))
def test_placeholders_are_those_of_the_text(domain: str) -> None:
    differing = {
        text: korean
        for text, korean in translations(domain).items()
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(korean))
    }

    assert differing == {}


@pytest.mark.parametrize("domain", list(USED))
def test_nothing_is_fuzzy(domain: str) -> None:
    assert [one.id for one in catalogue(domain) if one.fuzzy and one.id] == []


def test_the_search_for_texts_finds_them() -> None:
    assert "Log in" in django_texts()
    assert "Available cash" in component_texts()
