"""The number of SQL queries of each endpoint, written down so that a change is seen.

    with query_budget("portfolio:order-list"):
        client.get(url)

compares with tests/query_budget.json; ``RECORD_BUDGET=1 pytest ...`` writes the file anew.
Warm what is kept per process first (one call before), and count steady state.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson
from django.db import connections
from django.test.utils import CaptureQueriesContext

BUDGET_FILE = Path(__file__).with_name("query_budget.json")
# Transactions are framed differently inside a test, and per database.
_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET ", "PRAGMA")


@contextmanager
def query_budget(name: str) -> Iterator[None]:
    """Fail unless the block asks all databases exactly as often as recorded."""
    with ExitStack() as stack:
        captured = [
            stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in connections
        ]
        yield
    queries = [
        query["sql"]
        for capture in captured
        for query in capture.captured_queries
        if not query["sql"].lstrip().upper().startswith(_CONTROL)
    ]
    if os.environ.get("RECORD_BUDGET"):
        _record(name, len(queries))
        return
    budget = read_budget().get(name)
    listing = "\n".join(queries)
    assert len(queries) == budget, f"{name}: {len(queries)} queries, {budget} recorded\n{listing}"


def read_budget() -> dict[str, int]:
    """Return the recorded numbers."""
    if not BUDGET_FILE.exists():
        return {}
    budget: dict[str, int] = orjson.loads(BUDGET_FILE.read_bytes())
    return budget


def _record(name: str, count: int) -> None:
    budget = read_budget() | {name: count}
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    BUDGET_FILE.write_bytes(orjson.dumps(budget, option=options))
