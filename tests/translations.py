"""The texts of the sources and their Korean catalogues.

``.venv/bin/python -m tests.translations`` brings locale/ko up to date: new texts get an empty
translation to be filled in, texts that nothing uses any more go.
"""

import io
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"))
IN_TEMPLATE = re.compile(r"""\{%\s*translate\s+(["'])(.*?)\1""")
IN_COMPONENT = re.compile(r"""\b_\(\s*'((?:[^'\\]|\\.)*)'""")
# Babel writes who and when, which says nothing and changes with every run.
NOISE = re.compile(
    r'"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By'
    r'|Report-Msgid-Bugs-To).*\\n"\n'
)

Places = dict[str, str]


def tracked(*patterns: str) -> list[Path]:
    """List files of the project: tracked, or new and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (ROOT / name for name in sorted(set(done.stdout.splitlines())))
    return [path for path in paths if path.is_file()]


@cache
def django_texts() -> Places:
    """Return the texts of templates and Python, each with a file that uses it."""
    found: Places = {}
    for path in tracked("templates/*.html"):
        for _quote, text in IN_TEMPLATE.findall(path.read_text()):
            found.setdefault(text, path.relative_to(ROOT).as_posix())
    for path in tracked("*.py"):
        if "tests" in path.parts:
            continue
        for _line, text, *_ in extract("python", io.BytesIO(path.read_bytes()), keywords=KEYWORDS):
            found.setdefault(str(text), path.relative_to(ROOT).as_posix())
    return found


@cache
def component_texts() -> Places:
    """Return the texts of the components, each with a file that uses it."""
    found: Places = {}
    for path in tracked("frontend/src/*.ts"):
        for text in IN_COMPONENT.findall(path.read_text()):
            found.setdefault(text.replace("\\'", "'"), path.relative_to(ROOT).as_posix())
    return found


USED = {"django": django_texts, "djangojs": component_texts}


def catalogue_path(domain: str) -> Path:
    """Return where the Korean texts of a domain stand."""
    return ROOT / "locale" / "ko" / "LC_MESSAGES" / f"{domain}.po"


@cache
def catalogue(domain: str) -> Catalog:
    """Return the Korean catalogue of a domain."""
    return read_po(io.BytesIO(catalogue_path(domain).read_bytes()), locale="ko")


def translations(domain: str) -> dict[str, str]:
    """Return the Korean text by English text."""
    return {str(one.id): str(one.string) for one in catalogue(domain) if one.id}


def refresh(domain: str) -> list[str]:
    """Rewrite a catalogue from the sources and return the texts that want a translation."""
    known, used = translations(domain), USED[domain]()
    fresh = Catalog(
        locale="ko",
        domain=domain,
        project="AI Trading Platform",
        version="1.0",
        header_comment=catalogue(domain).header_comment,
        fuzzy=False,
    )
    for text, place in sorted(used.items(), key=lambda one: (one[1], one[0])):
        # Without line numbers, which would change with every edit.
        where = [(place, None)]
        fresh.add(text, known.get(text, ""), locations=where)  # type: ignore[arg-type]
    output = io.BytesIO()
    write_po(output, fresh, width=100)
    catalogue_path(domain).write_text(NOISE.sub("", output.getvalue().decode()))
    return [text for text in used if not known.get(text)]


if __name__ == "__main__":
    for one_domain in USED:
        for wanting in refresh(one_domain):
            sys.stdout.write(f"{one_domain}: {wanting!r} wants a translation\n")
