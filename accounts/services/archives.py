"""Turn rows into a ZIP of JSON and CSV."""

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import orjson
from django.conf import settings
from django.utils.module_loading import import_string

_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
# A spreadsheet would run a cell that begins so.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def archive_build(account_db_key: int) -> bytes:
    """Return everything that settings.EXPORTERS hold about a user, each table in two formats."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in _tables(account_db_key):
            archive.writestr(f"{name}.json", orjson.dumps(rows, default=str, option=_OPTIONS))
            archive.writestr(f"{name}.csv", _csv(rows))
    return content.getvalue()


def _tables(account_db_key: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for path in settings.EXPORTERS:
        yield from import_string(path)(account_db_key).items()


def _csv(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=names)
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return "\ufeff" + text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, dict | list):
        value = orjson.dumps(value, default=str).decode()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
