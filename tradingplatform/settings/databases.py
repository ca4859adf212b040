"""DATABASES from DATABASE_GLOBAL_URL, DATABASE_SHARD_<n>_URL and their _REPLICA_ twins."""

from typing import Any
from urllib.parse import parse_qsl, unquote

from tradingplatform.settings.environment import Environment, database_urls, split_url, stop

GLOBAL_ALIAS = "default"
EMBEDDED_SHARDS = 2
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 2, 30


def databases(env: Environment) -> dict[str, dict[str, Any]]:
    """Return Django's DATABASES; SQLite files under DATA_DIR for what is not configured."""
    urls = database_urls()
    configured = {_alias(name): _from_url(name, url, env) for name, url in urls.items()}
    if any(alias.startswith("shard_") for alias in configured) and GLOBAL_ALIAS not in configured:
        stop("DATABASE_GLOBAL_URL", "must be set when a shard is.")
    if GLOBAL_ALIAS not in configured:
        return _embedded(env)
    if "shard_1" not in configured:
        stop("DATABASE_SHARD_1_URL", "must be set when DATABASE_GLOBAL_URL is.")
    for alias, database in configured.items():
        if alias.endswith("_replica"):
            database["TEST"] = {"MIRROR": alias.removesuffix("_replica")}
    return dict(sorted(configured.items()))


def shard_aliases(configured: dict[str, dict[str, Any]]) -> list[str]:
    """Return the shards' aliases in the order of their numbers."""
    shards = [name for name in configured if name.startswith("shard_") and "replica" not in name]
    return sorted(shards, key=lambda name: int(name.removeprefix("shard_")))


def replica_aliases(configured: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return {primary: replica} for the primaries that have one."""
    replicas = {name: f"{name}_replica" for name in configured}
    return {name: replica for name, replica in replicas.items() if replica in configured}


def sqlite(path: str, env: Environment) -> dict[str, Any]:
    """Return a SQLite database in WAL mode whose transactions take the write lock at once."""
    pragmas = (
        "PRAGMA journal_mode=WAL;"
        f"PRAGMA synchronous={env.sqlite_synchronous};"
        "PRAGMA cache_size=-16000;"
        "PRAGMA temp_store=MEMORY"
    )
    return {
        "ENGINE": "tradingplatform.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 10, "init_command": pragmas},
    }


def _embedded(env: Environment) -> dict[str, dict[str, Any]]:
    folder = env.data_dir / "db"
    names = [GLOBAL_ALIAS, *(f"shard_{number + 1}" for number in range(EMBEDDED_SHARDS))]
    files = {name: "global" if name == GLOBAL_ALIAS else name for name in names}
    return {name: sqlite(str(folder / f"{files[name]}.sqlite3"), env) for name in names}


def _alias(variable: str) -> str:
    name = variable.removeprefix("DATABASE_").removesuffix("_URL").lower()
    return name.replace("global", GLOBAL_ALIAS, 1)


def _from_url(variable: str, url: str, env: Environment) -> dict[str, Any]:
    parts = split_url(variable, url)
    if parts.scheme == "sqlite":
        return sqlite(parts.path, env)
    if parts.scheme != "mysql" or not parts.path.strip("/"):
        stop(variable, "must look like mysql://user:password@host:3306/name.")
    return {
        "ENGINE": "tradingplatform.db.backends.mysql",
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "127.0.0.1",
        "PORT": str(parts.port or 3306),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "charset": "utf8mb4",
            "isolation_level": "read committed",
            "connect_timeout": CONNECT_TIMEOUT_S,
            "read_timeout": READ_TIMEOUT_S,
            "write_timeout": READ_TIMEOUT_S,
            "init_command": "SET sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',"
            " time_zone='+00:00'",
            **dict(parse_qsl(parts.query)),
        },
        "TEST": {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_ci"},
    }
