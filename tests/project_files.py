"""What the tidy and documentation tests read: the files of the project and their syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

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

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tracked() -> tuple[Path, ...]:
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


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def modules(*, with_tests: bool = False) -> list[Path]:
    """List the Python files of our packages, without migrations."""
    found = []
    for path in tracked():
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
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def functions_of(tree: ast.AST) -> Iterator[FunctionNode]:
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            yield node


def body_lines(node: FunctionNode | ast.ClassDef) -> int:
    """Count the lines of a body without its docstring."""
    has_docstring = ast.get_docstring(node) is not None
    if has_docstring and len(node.body) == 1:
        return 0
    first = node.body[1] if has_docstring else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1


def calls_in(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def imported_by(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each imported dotted name, wherever in the module it is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def is_in(path: Path, *places: str) -> bool:
    return any(name_of(path) == place or name_of(path).startswith(place + "/") for place in places)
