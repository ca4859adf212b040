"""docs/errors.md says exactly what the code does."""

import re
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings

from tradingplatform.errors import ErrorCode, TradingPlatformError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

PAGE = Path(settings.BASE_DIR) / "docs" / "errors.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| (\d{3}) \| (.+) \|$", re.MULTILINE)
ROWS = [(code, int(status), meaning) for code, status, meaning in ROW.findall(PAGE.read_text())]


def modules_with_codes() -> Iterator[str]:
    for package in ("tradingplatform", *settings.PROJECT_APPS):
        root = Path(settings.BASE_DIR)
        for path in (root / package).rglob("*.py"):
            if "tests" not in path.parts and "= ErrorCode." in path.read_text():
                yield ".".join(path.relative_to(root).with_suffix("").parts)


def statuses() -> dict[str, set[int]]:
    for name in modules_with_codes():
        import_module(name)
    found: dict[str, set[int]] = defaultdict(set)
    waiting: list[type[TradingPlatformError]] = [TradingPlatformError]
    while waiting:
        error = waiting.pop()
        waiting.extend(error.__subclasses__())
        found[error.code.value].add(int(error.status))
    return found


def test_the_page_names_every_code_once() -> None:
    assert sorted(code for code, _, _ in ROWS) == sorted(code.value for code in ErrorCode)


def test_every_code_has_the_one_status_of_the_page() -> None:
    assert statuses() == {code: {status} for code, status, _ in ROWS}


def test_no_two_codes_mean_the_same() -> None:
    meanings = [meaning for _, _, meaning in ROWS]
    assert len(set(meanings)) == len(meanings)


def test_codes_are_their_own_names() -> None:
    assert all(code.name == code.value for code in ErrorCode)
