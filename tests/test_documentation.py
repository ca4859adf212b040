"""Does the documentation name everything that exists, and nothing else?"""

import re
import tomllib

import pytest

from tests.project_files import ROOT, modules, name_of, tracked

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


def _document(name: str) -> str:
    return (ROOT / name).read_text()


def test_every_environment_variable_is_in_the_example() -> None:
    from tradingplatform.settings.environment import Environment

    text = _document(".env.example")
    described = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))

    assert {name.upper() for name in Environment.model_fields} - described == set()


def test_the_example_describes_no_unknown_variable() -> None:
    from tradingplatform.settings.environment import Environment

    text = _document(".env.example")
    described = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))
    known = {name.upper() for name in Environment.model_fields}
    numbered = re.compile(r"DATABASE_(GLOBAL|SHARD_\d+)(_REPLICA)?_URL")
    others = {name for name in described - known if not numbered.fullmatch(name)}
    # A few variables are read where they act, before or without Django.
    sources = "\n".join(path.read_text() for path in modules())

    assert {name for name in others if not re.search(rf"\b{name}\b", sources)} == set()


def _direct_dependencies() -> set[str]:
    project = tomllib.loads(_document("pyproject.toml"))
    groups = [project["project"]["dependencies"]]
    groups += project["project"]["optional-dependencies"].values()
    groups += project["dependency-groups"].values()
    return {re.split(r"[\[<>=!~ ;]", line)[0].lower() for group in groups for line in group}


def test_every_dependency_is_justified() -> None:
    text = _document("docs/dependencies.md").lower()
    rows = re.findall(r"^\| `([a-z0-9_.-]+)`", text, re.MULTILINE)

    assert set(rows) == _direct_dependencies()


def test_every_dependency_is_locked_with_hashes() -> None:
    names = (
        "requirements.txt",
        *(f"requirements-{group}.txt" for group in ("mysql", "dev", "node", "yfinance")),
    )
    lock = "\n".join(_document(name) for name in names)
    pinned = {
        name.lower().replace("_", "-")
        for name in re.findall(r"^([A-Za-z0-9_.-]+)==\S+.*\\$", lock, re.MULTILINE)
    }

    assert _direct_dependencies() - pinned == set()


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_locks_hold_pins_and_hashes_only(lock: str) -> None:
    line_forms = re.compile(
        r"[A-Za-z0-9_.-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?"
    )

    odd = [line for line in _document(lock).splitlines() if not line_forms.fullmatch(line)]

    assert odd == []


def test_every_ignored_lint_rule_is_explained() -> None:
    ruff = tomllib.loads(_document("pyproject.toml"))["tool"]["ruff"]["lint"]
    ignored = {*ruff["ignore"], *(r for rules in ruff["per-file-ignores"].values() for r in rules)}
    text = _document("CONTRIBUTING.md")

    assert {rule for rule in ignored if f"`{rule}`" not in text} == set()


def test_every_periodic_job_is_documented() -> None:
    from django.conf import settings

    text = "\n".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))

    assert [name for name in settings.PERIODIC_JOBS if f"`{name}`" not in text] == []


def test_every_command_of_the_makefile_is_described() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", _document("Makefile"), re.MULTILINE))

    assert {"run", "test", "check", "fix", "bench", "stack", "clean", "help"} <= targets
    assert {t for t in targets if f"make {t}" not in _document("CONTRIBUTING.md")} == set()


def test_the_glossary_is_sorted_and_says_each_word_once() -> None:
    words = re.findall(r"^\| ([^|]+?) \|", _document("docs/glossary.md"), re.MULTILINE)[1:]

    assert words == sorted(set(words), key=str.lower)


def test_the_readme_leads_to_every_page_of_documentation() -> None:
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").iterdir() if path.is_file()}
    linked = set(re.findall(r"\]\((docs/[^)#]+)\)", _document("README.md")))

    assert pages - linked == set()


def test_the_changelog_says_nothing_twice() -> None:
    lines = [line for line in _document("CHANGELOG.md").splitlines() if line.startswith("- ")]

    assert sorted(lines) == sorted(set(lines))


def test_the_tree_of_the_readme_names_every_folder() -> None:
    tree = re.findall(r"^(?:[a-z]+/ +)+", _document("README.md"), re.MULTILINE)
    named = {name for line in tree for name in re.findall(r"[a-z]+", line)}
    folders = {name_of(path).split("/")[0] for path in tracked() if path.parent != ROOT}

    assert named == {name for name in folders if not name.startswith(".")}
