"""Everything that an installation has written down, as named texts to be searched."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.roles import REDIS_VARIABLES, Platform
from tradingplatform.services.redis_client import redis_client

# Where a machine without ENCRYPTION_KEYS and the like keeps its keys; here all are given.
KEYS = "keys"


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Return every file of a data folder: logs, databases with their journals, uploads."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and KEYS not in path.relative_to(folder).parts:
            yield str(path.relative_to(folder)), path.read_bytes()


def sqlite_columns(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Return every column of every table of the SQLite files of a folder."""
    for path in sorted(folder.rglob("*.sqlite3")):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in names.fetchall():
                rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608
                yield f"{path.stem}.{table}", _text(rows.fetchall())


def mysql_columns(platform: Platform) -> Iterator[tuple[str, bytes]]:
    """Return every column of every table of the databases of the roles."""
    for database in platform.databases():
        for (table,) in platform.query(f"SHOW TABLES FROM {database}"):
            name = f"{database}.{table}"
            yield name, _text(platform.query(f"SELECT * FROM {name}"))  # noqa: S608


def redis_values(urls: dict[str, str], prefix: str) -> Iterator[tuple[str, bytes]]:
    """Return every key and value of an installation in its caches, queues and locks."""
    for url in {urls[name] for name in REDIS_VARIABLES}:
        with redis_client(url) as client:
            for key in client.scan_iter(match=f"{prefix}:*", count=1000):
                yield f"Redis {key!r}", _text([(key, _value(client, key))])


def _value(client: Any, key: bytes) -> Any:
    kind = client.type(key)
    readers = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"list": lambda name: client.lrange(name, 0, -1),
        b"zset": lambda name: client.zrange(name, 0, -1),
        b"stream": client.xrange,
    }
    name = kind if isinstance(kind, bytes) else str(kind).encode()
    return readers[name](key) if name in readers else b""


def _text(rows: Any) -> bytes:
    """Return rows as text in which the characters of every value stand as they are."""
    return b"\n".join(
        value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row
    )
