"""What the databases hold, so that a refusal can be shown to have changed nothing."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import connections, transaction

# A refusal is noted, and a session or key that was used says when: none is the caller's doing.
NOTES = {"table_audit_entries", "table_audit_heads"}
USE = {"last_seen_at", "last_used_at", "last_used_ip"}


def fingerprints() -> dict[str, tuple[int, str]]:
    """Return of every table of every database how many rows it has and their hash."""
    found = {}
    for alias in connections:
        connection = connections[alias]
        with connection.cursor() as cursor:
            for table in sorted(set(connection.introspection.table_names(cursor)) - NOTES):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
                names = [column[0] for column in cursor.description]
                kept = [number for number, name in enumerate(names) if name not in USE]
                rows = sorted(repr([row[n] for n in kept]) for row in cursor.fetchall())
                digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
                found[f"{alias}.{table}"] = (len(rows), digest)
    return found


def changed(before: dict[str, tuple[int, str]]) -> list[str]:
    """Return the tables that are not as they were."""
    after = fingerprints()
    return sorted(name for name in after if after[name] != before.get(name))


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever the block writes, in every database."""
    with ExitStack() as stack:
        for alias in connections:
            stack.enter_context(transaction.atomic(using=alias))
        yield
        for alias in connections:
            transaction.set_rollback(True, using=alias)
