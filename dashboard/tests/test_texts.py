"""Every text that a user can meet has a Korean translation that fits it."""

import io
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings

ROOT: Path = settings.BASE_DIR
KEYWORDS = dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"))
IN_TEMPLATE = re.compile(r"""\{%\s*translate\s+(["'])(.*?)\1""")
IN_COMPONENT = re.compile(r"""\b_\(\s*'((?:[^'\\]|\\.)*)'""")
PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[sd]|%[sd]")


def _tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.split("\n") if name and (ROOT / name).is_file()]


def _django_texts() -> set[str]:
    texts = {
        match[1]
        for path in _tracked("templates/*.html", "templates/**/*.html")
        for match in IN_TEMPLATE.findall(path.read_text())
    }
    for path in _tracked("*.py"):
        if "tests" not in path.parts:
            found = extract("python", io.BytesIO(path.read_bytes()), keywords=KEYWORDS)
            texts |= {message for _, message, _, _ in found if isinstance(message, str)}
    return texts


def _component_texts() -> set[str]:
    return {
        text.replace("\\'", "'")
        for path in _tracked("frontend/src/*.ts", "frontend/src/**/*.ts")
        for text in IN_COMPONENT.findall(path.read_text())
    }


USED = {"django": _django_texts, "djangojs": _component_texts}


@cache
def _catalogue(domain: str) -> Catalog:
    path = ROOT / "locale" / "ko" / "LC_MESSAGES" / f"{domain}.po"
    return read_po(io.BytesIO(path.read_bytes()), locale="ko")


def _translations(domain: str) -> dict[str, str]:
    return {str(one.id): str(one.string) for one in _catalogue(domain) if one.id}


@pytest.mark.parametrize("domain", list(USED))
def test_every_text_is_translated(domain: str) -> None:
    translated = {text for text, korean in _translations(domain).items() if korean}

    assert USED[domain]() - translated == set()


@pytest.mark.parametrize("domain", list(USED))
def test_no_translation_is_left_over(domain: str) -> None:
    assert set(_translations(domain)) - USED[domain]() == set()


@pytest.mark.parametrize("domain", list(USED))
def test_placeholders_are_those_of_the_text(domain: str) -> None:
    differing = {
        text: korean
        for text, korean in _translations(domain).items()
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(korean))
    }

    assert differing == {}


@pytest.mark.parametrize("domain", list(USED))
def test_nothing_is_fuzzy(domain: str) -> None:
    assert [one.id for one in _catalogue(domain) if one.fuzzy and one.id] == []


def test_the_search_for_texts_finds_them() -> None:
    assert "Log in" in _django_texts()
    assert "Available cash" in _component_texts()
