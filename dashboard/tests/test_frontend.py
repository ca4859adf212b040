"""The components: types, unit tests, and texts that never become markup."""

import re
import shutil
import subprocess

import pytest
from django.conf import settings

FRONTEND = settings.BASE_DIR / "frontend"
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")

needs_node = pytest.mark.skipif(
    shutil.which("npm") is None or not (FRONTEND / "node_modules").is_dir(),
    reason="needs Node 20 and frontend/node_modules: run `npm --prefix frontend ci`",
)


def _npm(script: str) -> None:
    command = ["npm", "run", "--silent", script]
    done = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_node
def test_types_hold() -> None:
    _npm("check")


@needs_node
def test_units() -> None:
    _npm("test")


def test_components_never_make_markup_of_text() -> None:
    sources = list((FRONTEND / "src").rglob("*.ts"))
    offenders = [path.name for path in sources if MARKUP.search(path.read_text())]

    assert len(sources) > 20
    assert offenders == []


def test_the_lock_names_no_registry() -> None:
    lock = (FRONTEND / "package-lock.json").read_text()

    assert '"resolved"' not in lock
    assert '"integrity"' in lock
