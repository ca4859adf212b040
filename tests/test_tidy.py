"""House rules that no off-the-shelf tool checks: sizes, seams, layers by text, documentation."""

import ast
import re
from pathlib import Path

import pytest

from tests.project_files import (
    APPS,
    ROOT,
    FunctionNode,
    body_lines,
    calls_in,
    functions_of,
    imported_by,
    is_in,
    modules,
    name_of,
    tracked,
    tree_of,
)

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

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


def _report(breaches: list[str]) -> str:
    return "\n".join(["", *breaches])


# Sizes


def test_modules_are_short() -> None:
    sizes = {name_of(path): path.read_text().count("\n") for path in modules(with_tests=True)}

    breaches = [
        f"{name}: {lines} lines"
        for name, lines in sizes.items()
        if lines > MAX_MODULE_LINES and name not in ACCEPTED
    ]

    assert not breaches, _report(breaches)


def test_functions_and_classes_are_short() -> None:
    breaches = []
    for path in modules():
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, FunctionNode | ast.ClassDef):
                continue
            limit = MAX_CLASS_LINES if isinstance(node, ast.ClassDef) else MAX_FUNCTION_LINES
            place = f"{name_of(path)}::{node.name}"
            if body_lines(node) > limit and place not in ACCEPTED:
                breaches.append(f"{place}: {body_lines(node)} > {limit} lines")

    assert not breaches, _report(breaches)


def test_test_functions_are_short() -> None:
    breaches = [
        f"{name_of(path)}::{node.name}: {body_lines(node)} lines"
        for path in modules(with_tests=True)
        for node in functions_of(tree_of(path))
        if node.name.startswith("test_") and body_lines(node) > MAX_TEST_LINES
    ]

    assert not breaches, _report(breaches)


def test_view_methods_only_parse_call_and_render() -> None:
    breaches = []
    for path in modules():
        if path.name != "views.py" or "api" not in path.parts:
            continue
        for view in (n for n in ast.walk(tree_of(path)) if isinstance(n, ast.ClassDef)):
            breaches += [
                f"{name_of(path)}::{view.name}.{method.name}: {body_lines(method)} lines"
                for method in view.body
                if isinstance(method, FunctionNode)
                and method.name in VERBS
                and body_lines(method) > MAX_VIEW_LINES
            ]

    assert not breaches, _report(breaches)


def test_accepted_breaches_still_exist() -> None:
    names = {name_of(path) for path in tracked()}

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
        f"{name_of(path)}:{call.lineno}: {name}() belongs in tradingplatform/{home}.py"
        for path in modules()
        if not is_in(path, f"tradingplatform/{home}.py")
        for name, call in calls_in(tree_of(path))
        if name in banned
    ]

    assert not breaches, _report(breaches)


def test_randomness_comes_from_ids_or_a_seed() -> None:
    breaches = [
        f"{name_of(path)}:{line}: import of {name}"
        for path in modules()
        if not is_in(path, "tradingplatform/ids.py")
        for name, line in imported_by(tree_of(path))
        if name.split(".")[0] in {"random", "secrets"}
    ]
    breaches += [
        f"{name_of(path)}:{call.lineno}: default_rng() without a seed"
        for path in modules()
        for name, call in calls_in(tree_of(path))
        if name.endswith("default_rng") and not (call.args or call.keywords)
    ]

    assert not breaches, _report(breaches)


def test_transactions_are_opened_by_tx_only() -> None:
    breaches = [
        f"{name_of(path)}:{line}: {name}; use tradingplatform.db.transactions"
        for path in modules()
        if not is_in(path, "tradingplatform/db")
        for name, line in imported_by(tree_of(path))
        if name.startswith("django.db.transaction") or name == "django.db.transaction.atomic"
    ]

    assert not breaches, _report(breaches)


def test_rows_are_locked_in_locks_modules_only() -> None:
    breaches = [
        f"{name_of(path)}:{call.lineno}: select_for_update()"
        for path in modules()
        if path.name != "locks.py" and not is_in(path, "tradingplatform/db")
        for name, call in calls_in(tree_of(path))
        if name.endswith("select_for_update")
    ]

    assert not breaches, _report(breaches)


def test_interfaces_do_not_query() -> None:
    interfaces = {"api", "streams", "tasks", "tools", "streams.py", "tasks.py", "tools.py"}
    breaches = []
    for path in modules():
        parts = path.relative_to(ROOT).parts
        if parts[0] not in APPS or not interfaces & set(parts[1:]):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"\.objects\.(?!for_user\()", line):
                breaches.append(f"{name_of(path)}:{number}: {line.strip()}")

    assert not breaches, _report(breaches)


def test_jobs_have_names_and_accept_later_arguments() -> None:
    breaches = []
    for path in modules():
        for node in functions_of(tree_of(path)):
            for decorator in node.decorator_list:
                if not re.match(r"(jobs\.)?(job|shared_task)\b", ast.unparse(decorator)):
                    continue
                named = isinstance(decorator, ast.Call) and (
                    bool(decorator.args) or any(k.arg == "name" for k in decorator.keywords)
                )
                if not named or node.args.kwarg is None:
                    breaches.append(
                        f"{name_of(path)}:{node.lineno}: {node.name} needs name and **_"
                    )

    assert not breaches, _report(breaches)


def test_money_never_becomes_a_float_in_the_ledger() -> None:
    exact = re.compile(r"portfolio/(ledger|accounting|fills|costs|locks|models|rules)")
    breaches = [
        f"{name_of(path)}:{call.lineno}: float()"
        for path in modules()
        if exact.match(name_of(path))
        for name, call in calls_in(tree_of(path))
        if name == "float"
    ]

    assert not breaches, _report(breaches)


def test_production_code_does_not_assert_or_print() -> None:
    breaches = [
        f"{name_of(path)}:{node.lineno}: assert is stripped by -O; use invariant()"
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Assert)
    ]

    assert not breaches, _report(breaches)


def test_every_module_says_what_it_is() -> None:
    silent = [
        name_of(path)
        for path in modules()
        if path.name != "__init__.py" and path.read_text().strip()
        if ast.get_docstring(tree_of(path)) is None
    ]

    assert not silent, _report(silent)


def test_services_take_keywords() -> None:
    breaches = []
    for path in modules():
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] not in APPS or "services" not in parts:
            continue
        for node in tree_of(path).body:
            if not isinstance(node, FunctionNode) or node.name.startswith("_"):
                continue
            if len([*node.args.posonlyargs, *node.args.args]) > MAX_POSITIONAL:
                breaches.append(f"{name_of(path)}:{node.lineno}: {node.name}")

    assert not breaches, _report(breaches)


# Text


HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
# Where Korean is data: message catalogues, company names, words the analyst knows, tests.
HANGUL_HOMES = re.compile(
    r"(^locale/|/locale/|(^|/)tests/|^benchmarks/|(^|/)data/|\.po$|lexicon|vocabulary|sample)"
)


def test_korean_stands_in_catalogues_and_data_only() -> None:
    breaches = [
        f"{name_of(path)}:{number}"
        for path in tracked()
        if path.suffix in {".py", ".html", ".ts", ".css", ".md", ".toml", ".yml"}
        if not HANGUL_HOMES.search(name_of(path)) and name_of(path) not in HANGUL_ACCEPTED
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if HANGUL.search(line)
    ]

    assert not breaches, _report(breaches)


def _places_of_this_machine() -> re.Pattern[str]:
    options = ("--index-url", "--extra-index-url", "--find-links", "--trusted-host")
    patterns = (
        r"https?://[^\s/]*(?:registry|pypi|pythonhosted)",
        r"(?<![\w./:-])/(?:home|opt|root|srv|work)/\w",
        r"https?://[^\s/]*@",
        r"resolved\":\s*\"http",
    )
    return re.compile("|".join([*map(re.escape, options), *patterns]))


def test_no_file_names_a_registry_or_this_machine() -> None:
    pattern = _places_of_this_machine()
    breaches = []
    for path in tracked():
        if path == Path(__file__) or path.suffix in {".png", ".ico", ".woff2", ".gz", ".npz"}:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if found := pattern.search(line):
                breaches.append(f"{name_of(path)}:{number}: {found.group()}")

    assert not breaches, _report(breaches)


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    breaches = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in tracked()
        if path != Path(__file__) and path.suffix in {".py", ".ts", ".html", ".css", ".sh", ""}
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if later.search(line)
    ]

    assert not breaches, _report(breaches)
