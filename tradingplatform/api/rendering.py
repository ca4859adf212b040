"""JSON in and out, by orjson."""

from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

import orjson
from django.utils.functional import Promise
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

from tradingplatform.api.errors import MalformedBodyError
from tradingplatform.errors import PayloadTooLargeError
from tradingplatform.money import decimal_text

DEPTH_MAX = 32
_CONTENT_TYPE_MAX = 256


def to_json(value: object) -> bytes:
    """Return JSON: decimals and lazy texts as strings, times in ISO 8601."""
    return orjson.dumps(value, default=_default, option=orjson.OPT_NON_STR_KEYS)


def _default(value: object) -> object:
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else to_json(data)


class OrjsonParser(BaseParser):
    """A strict reader of one JSON object.

    Refuses what parsers disagree about (NaN, duplicate names, broken UTF-8, lone
    surrogates) and what only serves to hurt (too large, too deep).
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        view = (parser_context or {}).get("view")
        limit: int | None = getattr(view, "body_bytes_max", None)
        raw = stream.read() if limit is None else stream.read(limit + 1)
        if limit is not None and len(raw) > limit:
            raise PayloadTooLargeError("The body is too large.", limit_bytes=limit)
        return parse_object(raw)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in ``raw``; MalformedBodyError for anything else."""
    if not raw.strip():
        return {}
    if _depth_exceeds(raw, DEPTH_MAX):
        raise MalformedBodyError("The JSON is nested too deeply.", depth_max=DEPTH_MAX)
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError as exc:
        raise MalformedBodyError("The body is not valid JSON.") from exc
    if not isinstance(parsed, dict):
        raise MalformedBodyError("The body must be a JSON object.")
    _refuse_duplicate_names(raw)
    return parsed


def _depth_exceeds(raw: bytes, limit: int) -> bool:
    # Brackets inside strings may be counted too: it errs on the side of asking below.
    if raw.count(b"{") + raw.count(b"[") <= limit:
        return False
    depth, in_string, escaped = 0, False, False
    for byte in raw:
        if in_string:
            in_string = escaped or byte != 0x22
            escaped = byte == 0x5C and not escaped
        elif byte == 0x22:
            in_string = True
        elif byte in b"{[":
            depth += 1
            if depth > limit:
                return True
        elif byte in b"}]":
            depth -= 1
    return False


def _refuse_duplicate_names(raw: bytes) -> None:
    import json  # only for its hook: orjson keeps the last of two equal names in silence

    def once(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) != len(pairs):
            raise MalformedBodyError("The JSON object repeats a name.")

    json.loads(raw, object_pairs_hook=once, parse_int=str, parse_float=str)


class JsonNegotiation(BaseContentNegotiation):
    """Answer JSON whatever the Accept header says; read only what a view can parse."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        content_type = request.content_type or ""
        if len(content_type) > _CONTENT_TYPE_MAX:
            return None
        for parser in parsers:
            if media_type_matches(parser.media_type, content_type):
                return parser
        return None

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type
