"""The log of a test run is searched for the secrets of its tests (bin/run_tests.py)."""

import re
from pathlib import Path

import pytest
from log_scan import CANARIES, leaks, lines_in

from tests.project_files import ROOT

pytestmark = pytest.mark.embedded
TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


@pytest.mark.parametrize("secret", [*CANARIES, TOKEN, f"tp_{'a1' * 20}"])
def test_a_secret_is_found_with_file_and_line(secret: str, tmp_path: Path) -> None:
    (tmp_path / "worker.log").write_text(f'{{"event": "fine"}}\n{{"event": "password {secret}"}}\n')

    (found,) = leaks(tmp_path)

    assert found.startswith("worker.log:2: ")
    assert secret not in found
    assert lines_in(tmp_path) == 2


def test_what_is_hidden_or_ordinary_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "worker.log").write_text("password=[hidden]\ntp_short eyJ.eyJ\ncorrect horse\n")

    assert list(leaks(tmp_path)) == []


def test_every_password_of_test_people_is_looked_for() -> None:
    folders = [ROOT / "tests", *ROOT.glob("*/tests")]
    texts = [path.read_text() for folder in folders for path in folder.rglob("*.py")]
    constants = {
        found[1]
        for text in texts
        for found in re.finditer(r'^PASSWORD = "(.+)"$', text, re.MULTILINE)
    }

    assert constants != set()
    assert constants - set(CANARIES) == set()
