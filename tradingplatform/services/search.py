"""Find documents by words: SQLite FTS5 over character bigrams, which suit Korean."""

import sqlite3
import threading
import unicodedata
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tradingplatform.errors import InvalidInputError, NotConfiguredError

LIMIT_MAX = 200
QUERY_CHARACTERS_MAX = 200
BODY_CHARACTERS_MAX = 200_000
EXCERPT_CHARACTERS = 240

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, owner INTEGER,
    title TEXT NOT NULL, body TEXT NOT NULL, url TEXT NOT NULL
);
CREATE VIRTUAL TABLE IF NOT EXISTS bigram USING fts5(
    title, body, content='', tokenize="unicode61 remove_diacritics 0"
);
"""


@dataclass(frozen=True)
class SearchDocument:
    """A text that can be found; ``owner`` None means that everybody may."""

    key: str
    kind: str
    title: str
    body: str
    url: str = ""
    owner: int | None = None


@dataclass(frozen=True)
class SearchHit:
    """A found document; a higher score fits better, scores of two queries do not compare."""

    key: str
    kind: str
    title: str
    excerpt: str
    url: str
    score: float


class Search(Protocol):
    """An index that can be thrown away and built again from the databases."""

    def index(self, document: SearchDocument) -> None:
        """Add the document, or replace the one with the same key."""
        ...

    def delete(self, key: str) -> None:
        """Take the document out."""
        ...

    def search(
        self, query: str, limit: int = 20, *, owner: int | None = None, kind: str | None = None
    ) -> list[SearchHit]:
        """Return the best hits among public documents and those of ``owner``.

        All words must occur, in any order.
        """
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


class SqliteSearch:
    """An index in one file. Title words weigh three times as much as body words."""

    def __init__(self, *, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            path, timeout=5, check_same_thread=False, isolation_level=None
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    def index(self, document: SearchDocument) -> None:
        body = document.body[:BODY_CHARACTERS_MAX]
        values = (document.kind, document.owner, document.title, body, document.url)
        with self._lock, closing(self._connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                self._remove(cursor, document.key)
                cursor.execute(
                    "INSERT INTO document (key, kind, owner, title, body, url)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (document.key, *values),
                )
                cursor.execute(
                    "INSERT INTO bigram (rowid, title, body) VALUES (?, ?, ?)",
                    (cursor.lastrowid, bigrams(document.title), bigrams(body)),
                )
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    def delete(self, key: str) -> None:
        with self._lock, closing(self._connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                self._remove(cursor, key)
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    def search(
        self, query: str, limit: int = 20, *, owner: int | None = None, kind: str | None = None
    ) -> list[SearchHit]:
        match = match_expression(query)
        if not match:
            return []
        # The owner is part of the statement, so no caller can forget to filter.
        with self._lock, closing(self._connection.cursor()) as cursor:
            rows = cursor.execute(
                "SELECT d.key, d.kind, d.title, d.body, d.url, -bm25(bigram, 3.0, 1.0)"
                " FROM bigram JOIN document d ON d.id = bigram.rowid"
                " WHERE bigram MATCH ? AND (d.owner IS NULL OR d.owner = ?)"
                " AND (? IS NULL OR d.kind = ?)"
                " ORDER BY bm25(bigram, 3.0, 1.0), d.id LIMIT ?",
                (match, owner, kind, kind, max(1, min(limit, LIMIT_MAX))),
            ).fetchall()
        return [
            SearchHit(key, found_kind, title, _excerpt(body, query), url, score)
            for key, found_kind, title, body, url, score in rows
        ]

    def ping(self) -> None:
        with self._lock:
            self._connection.execute("SELECT count(*) FROM document").fetchone()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def describe(self) -> str:
        return f"SQLite FTS5 over character bigrams, {Path(self._path).name}"

    def _remove(self, cursor: sqlite3.Cursor, key: str) -> None:
        row = cursor.execute(
            "SELECT id, title, body FROM document WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            return
        number, title, body = row
        # A contentless index forgets a document only when it is shown its words again.
        cursor.execute(
            "INSERT INTO bigram (bigram, rowid, title, body) VALUES ('delete', ?, ?, ?)",
            (number, bigrams(title), bigrams(body)),
        )
        cursor.execute("DELETE FROM document WHERE id = ?", (number,))


class OpenSearch:
    """OpenSearch, not configured in this version: it says so instead of finding nothing."""

    def index(self, document: SearchDocument) -> None:
        raise _not_configured()

    def delete(self, key: str) -> None:
        raise _not_configured()

    def search(
        self, query: str, limit: int = 20, *, owner: int | None = None, kind: str | None = None
    ) -> list[SearchHit]:
        raise _not_configured()

    def ping(self) -> None:
        raise _not_configured()

    def close(self) -> None:
        return

    def describe(self) -> str:
        return "OpenSearch (not configured)"


def bigrams(text: str) -> str:
    """Write each word as its overlapping pairs: "삼성전자" becomes "삼성 성전 전자 자"."""
    return " ".join(
        " ".join(word[start : start + 2] for start in range(len(word))) for word in _words(text)
    )


def match_expression(query: str) -> str:
    """Return the FTS5 query in which every word of ``query`` must occur; "" for no words."""
    if len(query) > QUERY_CHARACTERS_MAX:
        msg = f"A search is at most {QUERY_CHARACTERS_MAX} characters long."
        raise InvalidInputError(msg)
    return " AND ".join(_phrase(word) for word in _words(query))


def _phrase(word: str) -> str:
    """Quote the pairs of one word as a phrase; words hold letters and digits only."""
    if len(word) == 1:
        return f'"{word}"*'
    pairs = " ".join(word[start : start + 2] for start in range(len(word) - 1))
    return f'"{pairs}"'


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char if char.isalnum() else " " for char in plain).split()


def _excerpt(body: str, query: str) -> str:
    """Cut the body around the first word of the query that it holds."""
    lowered = body.casefold()
    places = [place for word in _words(query) if (place := lowered.find(word)) >= 0]
    start = max(0, min(places, default=0) - EXCERPT_CHARACTERS // 4)
    text = body[start : start + EXCERPT_CHARACTERS].strip()
    return ("… " if start else "") + text


def _not_configured() -> NotConfiguredError:
    return NotConfiguredError("Search through OpenSearch is not configured.")
