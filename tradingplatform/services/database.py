"""Whether the databases are there, up to date and safely configured."""

from collections.abc import Iterable
from typing import Protocol

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

LOCK_WAIT_TIMEOUT_S_MAX = 5

# reliability §5.13: (variable, values that are safe, what goes wrong otherwise)
_SAFE_VALUES = (
    ("innodb_rollback_on_timeout", {"1", "ON"}, "a lock time-out keeps half a transaction"),
    ("innodb_flush_log_at_trx_commit", {"1"}, "a power cut loses committed orders"),
    ("sync_binlog", {"1"}, "a crash can lose what replicas need"),
    ("character_set_server", {"utf8mb4"}, "new tables cannot hold every character"),
)
_STRICT_MODES = {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"}


class Database(Protocol):
    """The SQL databases by alias; queries themselves go through the models."""

    def aliases(self) -> list[str]:
        """Return every alias, replicas included."""
        ...

    def ping_alias(self, alias: str) -> None:
        """Ask one database for an answer; raises what the driver raises."""
        ...

    def pending_migrations(self) -> dict[str, int]:
        """Return how many migrations each primary still needs."""
        ...

    def server_warnings(self) -> list[str]:
        """Return one sentence per server setting that endangers data."""
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


class DjangoDatabase:
    """The databases of ``settings.DATABASES``."""

    def __init__(self) -> None:
        self._is_up_to_date = False

    def aliases(self) -> list[str]:
        return list(settings.DATABASES)

    def ping(self) -> None:
        """Ask the primaries; a replica that is away only leaves the rotation."""
        for alias in self._primaries():
            self.ping_alias(alias)

    def ping_alias(self, alias: str) -> None:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()

    def pending_migrations(self) -> dict[str, int]:
        # Reading the migrations costs a tenth of a second, and probes ask every second;
        # a process that has found its tables once does not outgrow them.
        if self._is_up_to_date:
            return dict.fromkeys(self._primaries(), 0)
        pending = {alias: _pending(connections[alias]) for alias in self._primaries()}
        self._is_up_to_date = not any(pending.values())
        return pending

    def server_warnings(self) -> list[str]:
        found: list[str] = []
        for alias in self._primaries():
            connection = connections[alias]
            if connection.vendor == "mysql":
                found += [f"{alias}: {text}" for text in mysql_warnings(_variables(connection))]
        return list(dict.fromkeys(found))

    def close(self) -> None:
        # Django owns one connection per thread; only this thread's can be closed here.
        connections.close_all()

    def describe(self) -> str:
        return ", ".join(f"{alias} ({connections[alias].vendor})" for alias in self.aliases())

    def _primaries(self) -> list[str]:
        replicas = set(settings.REPLICA_ALIASES.values())
        return [alias for alias in settings.DATABASES if alias not in replicas]


def mysql_warnings(variables: dict[str, str]) -> list[str]:
    """Judge the variables of a MySQL or MariaDB server; empty means safe."""
    found = [
        f"{name} is {variables.get(name, 'unknown')}: {danger}"
        for name, safe, danger in _SAFE_VALUES
        if variables.get(name, "").upper() not in {value.upper() for value in safe}
    ]
    wait_s = variables.get("innodb_lock_wait_timeout", "")
    if not wait_s.isdigit() or int(wait_s) > LOCK_WAIT_TIMEOUT_S_MAX:
        found.append(f"innodb_lock_wait_timeout is {wait_s or 'unknown'}: a lock holds up requests")
    modes = set(variables.get("sql_mode", "").upper().split(","))
    if not modes & _STRICT_MODES:
        found.append("sql_mode is not strict: wrong values are cut to fit without an error")
    return found


def _variables(connection: BaseDatabaseWrapper) -> dict[str, str]:
    names = [name for name, _, _ in _SAFE_VALUES] + ["innodb_lock_wait_timeout", "sql_mode"]
    return dict(_show(connection, names))


def _show(connection: BaseDatabaseWrapper, names: Iterable[str]) -> Iterable[tuple[str, str]]:
    wanted = list(names)
    marks = ", ".join(["%s"] * len(wanted))
    with connection.cursor() as cursor:
        # Global: the session's sql_mode is the one that our own init_command has set. Only the
        # number of marks is put together here; the names travel as parameters.
        cursor.execute(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({marks})", wanted)
        return [(str(name), str(value)) for name, value in cursor.fetchall()]


def _pending(connection: BaseDatabaseWrapper) -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
