"""House rules that no off-the-shelf tool checks: sizes, seams, layers by text, documentation."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

ROOT = Path(__file__).resolve().parent.parent
APPS = (
    "accounts",
    "market",
    "crawler",
    "portfolio",
    "notifications",
    "tutorial",
    "autotrade",
    "chat",
    "dashboard",
    "adminpanel",
)
PACKAGES = ("tradingplatform", "quant", *APPS)

MAX_MODULE_LINES = 500
MAX_FUNCTION_LINES = 60
MAX_CLASS_LINES = 250
MAX_TEST_LINES = 60
MAX_VIEW_LINES = 15
MAX_POSITIONAL = 3
VERBS = {"get", "post", "put", "patch", "delete", "list", "retrieve", "create", "destroy"}

# Breaches that were accepted, "path" or "path::name", each with its reason; may only shrink.
ACCEPTED: dict[str, str] = {}

# Files in which Korean may stand, beside catalogues, data and tests.
HANGUL_ACCEPTED = {
    "templates/site/menu.html": "the language switch names each language in itself",
    "tradingplatform/settings/pages.py": "the language switch names each language in itself",
    "tradingplatform/services/roundtrips.py": "the round trips prove that Korean survives them",
    "tradingplatform/services/search.py": "an example of how Korean is indexed",
}

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def _tracked() -> tuple[Path, ...]:
    """List the files of the project: tracked, or new and not ignored."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in done.stdout.splitlines())
    return tuple(sorted(path for path in paths if path.is_file()))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _modules(*, with_tests: bool = False) -> list[Path]:
    """List the Python files of our packages, without migrations."""
    found = []
    for path in _tracked():
        parts = path.relative_to(ROOT).parts
        if path.suffix != ".py" or "migrations" in parts:
            continue
        is_test = "tests" in parts or path.name == "conftest.py"
        if is_test and not with_tests:
            continue
        if parts[0] in PACKAGES or (is_test and parts[0] == "tests"):
            found.append(path)
    return found


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _functions(tree: ast.AST) -> Iterator[FunctionNode]:
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            yield node


def _body_lines(node: FunctionNode | ast.ClassDef) -> int:
    """Count the lines of a body without its docstring."""
    has_docstring = ast.get_docstring(node) is not None
    if has_docstring and len(node.body) == 1:
        return 0
    first = node.body[1] if has_docstring else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def _imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each imported dotted name, wherever in the module it is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def _in(path: Path, *places: str) -> bool:
    return any(_name(path) == place or _name(path).startswith(place + "/") for place in places)


def _report(breaches: list[str]) -> str:
    return "\n".join(["", *breaches])


# Sizes


def test_modules_are_short() -> None:
    sizes = {_name(path): path.read_text().count("\n") for path in _modules(with_tests=True)}

    breaches = [
        f"{name}: {lines} lines"
        for name, lines in sizes.items()
        if lines > MAX_MODULE_LINES and name not in ACCEPTED
    ]

    assert not breaches, _report(breaches)


def test_functions_and_classes_are_short() -> None:
    breaches = []
    for path in _modules():
        for node in ast.walk(_tree(path)):
            if not isinstance(node, FunctionNode | ast.ClassDef):
                continue
            limit = MAX_CLASS_LINES if isinstance(node, ast.ClassDef) else MAX_FUNCTION_LINES
            place = f"{_name(path)}::{node.name}"
            if _body_lines(node) > limit and place not in ACCEPTED:
                breaches.append(f"{place}: {_body_lines(node)} > {limit} lines")

    assert not breaches, _report(breaches)


def test_test_functions_are_short() -> None:
    breaches = [
        f"{_name(path)}::{node.name}: {_body_lines(node)} lines"
        for path in _modules(with_tests=True)
        for node in _functions(_tree(path))
        if node.name.startswith("test_") and _body_lines(node) > MAX_TEST_LINES
    ]

    assert not breaches, _report(breaches)


def test_view_methods_only_parse_call_and_render() -> None:
    breaches = []
    for path in _modules():
        if path.name != "views.py" or "api" not in path.parts:
            continue
        for view in (n for n in ast.walk(_tree(path)) if isinstance(n, ast.ClassDef)):
            breaches += [
                f"{_name(path)}::{view.name}.{method.name}: {_body_lines(method)} lines"
                for method in view.body
                if isinstance(method, FunctionNode)
                and method.name in VERBS
                and _body_lines(method) > MAX_VIEW_LINES
            ]

    assert not breaches, _report(breaches)


def test_accepted_breaches_still_exist() -> None:
    names = {_name(path) for path in _tracked()}

    assert [place for place in ACCEPTED if place.split("::")[0] not in names] == []


# Seams: one place for time, identity, transactions and locks


@pytest.mark.parametrize(
    ("banned", "home"),
    [
        ({"datetime.now", "datetime.utcnow", "timezone.now", "date.today"}, "clock"),
        ({"time.time", "time.monotonic", "time.perf_counter", "datetime.datetime.now"}, "clock"),
        ({"uuid4", "uuid.uuid4", "uuid1", "uuid.uuid1", "uuid5", "uuid.uuid5"}, "ids"),
    ],
)
def test_time_and_identity_come_from_one_place(banned: set[str], home: str) -> None:
    breaches = [
        f"{_name(path)}:{call.lineno}: {name}() belongs in tradingplatform/{home}.py"
        for path in _modules()
        if not _in(path, f"tradingplatform/{home}.py")
        for name, call in _calls(_tree(path))
        if name in banned
    ]

    assert not breaches, _report(breaches)


def test_randomness_comes_from_ids_or_a_seed() -> None:
    breaches = [
        f"{_name(path)}:{line}: import of {name}"
        for path in _modules()
        if not _in(path, "tradingplatform/ids.py")
        for name, line in _imported(_tree(path))
        if name.split(".")[0] in {"random", "secrets"}
    ]
    breaches += [
        f"{_name(path)}:{call.lineno}: default_rng() without a seed"
        for path in _modules()
        for name, call in _calls(_tree(path))
        if name.endswith("default_rng") and not (call.args or call.keywords)
    ]

    assert not breaches, _report(breaches)


def test_transactions_are_opened_by_tx_only() -> None:
    breaches = [
        f"{_name(path)}:{line}: {name}; use tradingplatform.db.transactions"
        for path in _modules()
        if not _in(path, "tradingplatform/db")
        for name, line in _imported(_tree(path))
        if name.startswith("django.db.transaction") or name == "django.db.transaction.atomic"
    ]

    assert not breaches, _report(breaches)


def test_rows_are_locked_in_locks_modules_only() -> None:
    breaches = [
        f"{_name(path)}:{call.lineno}: select_for_update()"
        for path in _modules()
        if path.name != "locks.py" and not _in(path, "tradingplatform/db")
        for name, call in _calls(_tree(path))
        if name.endswith("select_for_update")
    ]

    assert not breaches, _report(breaches)


def test_interfaces_do_not_query() -> None:
    interfaces = {"api", "streams", "tasks", "tools", "streams.py", "tasks.py", "tools.py"}
    breaches = []
    for path in _modules():
        parts = path.relative_to(ROOT).parts
        if parts[0] not in APPS or not interfaces & set(parts[1:]):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"\.objects\.(?!for_user\()", line):
                breaches.append(f"{_name(path)}:{number}: {line.strip()}")

    assert not breaches, _report(breaches)


def test_jobs_have_names_and_accept_later_arguments() -> None:
    breaches = []
    for path in _modules():
        for node in _functions(_tree(path)):
            for decorator in node.decorator_list:
                if not re.match(r"(jobs\.)?(job|shared_task)\b", ast.unparse(decorator)):
                    continue
                named = isinstance(decorator, ast.Call) and (
                    bool(decorator.args) or any(k.arg == "name" for k in decorator.keywords)
                )
                if not named or node.args.kwarg is None:
                    breaches.append(f"{_name(path)}:{node.lineno}: {node.name} needs name and **_")

    assert not breaches, _report(breaches)


def test_money_never_becomes_a_float_in_the_ledger() -> None:
    exact = re.compile(r"portfolio/(ledger|accounting|fills|costs|locks|models|rules)")
    breaches = [
        f"{_name(path)}:{call.lineno}: float()"
        for path in _modules()
        if exact.match(_name(path))
        for name, call in _calls(_tree(path))
        if name == "float"
    ]

    assert not breaches, _report(breaches)


def test_production_code_does_not_assert_or_print() -> None:
    breaches = [
        f"{_name(path)}:{node.lineno}: assert is stripped by -O; use invariant()"
        for path in _modules()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Assert)
    ]

    assert not breaches, _report(breaches)


def test_every_module_says_what_it_is() -> None:
    silent = [
        _name(path)
        for path in _modules()
        if path.name != "__init__.py" and path.read_text().strip()
        if ast.get_docstring(_tree(path)) is None
    ]

    assert not silent, _report(silent)


def test_services_take_keywords() -> None:
    breaches = []
    for path in _modules():
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] not in APPS or "services" not in parts:
            continue
        for node in _tree(path).body:
            if not isinstance(node, FunctionNode) or node.name.startswith("_"):
                continue
            if len([*node.args.posonlyargs, *node.args.args]) > MAX_POSITIONAL:
                breaches.append(f"{_name(path)}:{node.lineno}: {node.name}")

    assert not breaches, _report(breaches)


# Text


HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
# Where Korean is data: message catalogues, company names, words the analyst knows, tests.
HANGUL_HOMES = re.compile(
    r"(^locale/|/locale/|(^|/)tests/|^benchmarks/|(^|/)data/|\.po$|lexicon|vocabulary|sample)"
)


def test_korean_stands_in_catalogues_and_data_only() -> None:
    breaches = [
        f"{_name(path)}:{number}"
        for path in _tracked()
        if path.suffix in {".py", ".html", ".ts", ".css", ".md", ".toml", ".yml"}
        if not HANGUL_HOMES.search(_name(path)) and _name(path) not in HANGUL_ACCEPTED
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if HANGUL.search(line)
    ]

    assert not breaches, _report(breaches)


def _places_of_this_machine() -> re.Pattern[str]:
    hosts = ("pypi.org", "pythonhosted.org", "registry.npmjs.org", "registry.yarnpkg.com")
    options = ("--index-url", "--extra-index-url", "--find-links", "--trusted-host")
    paths = ("/opt/pypi", "/opt/wheels", "/root/", "/work/main", "/work/shared")
    words = [re.escape(word) for word in (*hosts, *options, *paths)]
    return re.compile("|".join([*words, r"https?://[^\s/]*@", r"resolved\":\s*\"http"]))


def test_no_file_names_a_registry_or_this_machine() -> None:
    pattern = _places_of_this_machine()
    breaches = []
    for path in _tracked():
        if path == Path(__file__) or path.suffix in {".png", ".ico", ".woff2", ".gz", ".npz"}:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if found := pattern.search(line):
                breaches.append(f"{_name(path)}:{number}: {found.group()}")

    assert not breaches, _report(breaches)


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    breaches = [
        f"{_name(path)}:{number}: {line.strip()}"
        for path in _tracked()
        if path != Path(__file__) and path.suffix in {".py", ".ts", ".html", ".css", ".sh", ""}
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if later.search(line)
    ]

    assert not breaches, _report(breaches)


# Documentation


def _document(name: str) -> str:
    return (ROOT / name).read_text()


def _documented_errors() -> set[tuple[str, int]]:
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \| (\d{3}) \|", _document("docs/errors.md"), re.M)
    return {(code, int(status)) for code, status in rows}


def test_every_error_code_is_documented_and_no_other() -> None:
    from tradingplatform.errors import ErrorCode

    assert {code for code, _ in _documented_errors()} == {code.value for code in ErrorCode}


def test_errors_are_documented_with_their_status() -> None:
    from tradingplatform.errors import TradingPlatformError

    known = dict(_documented_errors())
    classes = _subclasses(TradingPlatformError)
    ours = [
        c
        for c in classes
        if c.__module__.split(".")[0] in PACKAGES and ".tests." not in c.__module__
    ]

    assert [c.__name__ for c in ours if known.get(c.code.value) != c.status.value] == []


def _subclasses(parent: type[Any]) -> list[type[Any]]:
    direct = parent.__subclasses__()
    return direct + [below for child in direct for below in _subclasses(child)]


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

    assert {name for name in described - known if not numbered.fullmatch(name)} == set()


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
        *(f"requirements-{group}.txt" for group in ("mysql", "dev", "node")),
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
