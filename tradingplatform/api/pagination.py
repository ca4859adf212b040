"""Lists in pages: ``{"results": [...], "next": url or null}`` with signed cursors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from tradingplatform.api.errors import InvalidCursorError
from tradingplatform.errors import InvalidInputError

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
_CURSOR_MAX = 1024

ModelT = TypeVar("ModelT", bound=Model)


@dataclass(frozen=True)
class Page(Generic[ModelT]):
    """Some rows and the address of the next ones."""

    rows: list[ModelT]
    next_url: str | None


class CursorPages:
    """Cut a queryset by the values of its ordering, so that new rows never shift a page.

    ``order`` names fields, a leading ``-`` for descending; the last must be unique.
    Fields must not be null.
    """

    def __init__(self, *order: str, limit_default: int = LIMIT_DEFAULT) -> None:
        if not order:
            message = "CursorPages needs an order."
            raise TypeError(message)
        self._order = order
        self._limit_default = limit_default

    def page(self, rows: QuerySet[ModelT], request: Request) -> Page[ModelT]:
        """Return the page that ``?limit=`` and ``?cursor=`` ask for."""
        limit = parse_limit(request.query_params.get("limit"), default=self._limit_default)
        ordered = rows.order_by(*self._order)
        cursor = request.query_params.get("cursor")
        if cursor is not None:
            ordered = ordered.filter(self._after(rows.model, self._read(cursor, request)))
        found = list(ordered[: limit + 1])
        if len(found) <= limit:
            return Page(rows=found, next_url=None)
        return Page(rows=found[:limit], next_url=self._next_url(found[limit - 1], request))

    def response(
        self,
        rows: QuerySet[ModelT],
        request: Request,
        *,
        render: Callable[[Sequence[ModelT]], Any],
    ) -> Response:
        """Answer with one page; ``render`` turns rows into plain data."""
        page = self.page(rows, request)
        return Response({"results": render(page.rows), "next": page.next_url})

    def _names(self) -> list[str]:
        return [entry.removeprefix("-") for entry in self._order]

    def _salt(self, request: Request) -> str:
        # A cursor belongs to one list: it is refused on any other.
        return f"cursor:{request.path}:{','.join(self._order)}"

    def _read(self, cursor: str, request: Request) -> list[str]:
        if len(cursor) > _CURSOR_MAX:
            raise InvalidCursorError("The cursor is not valid.")
        try:
            values = signing.loads(cursor, salt=self._salt(request))
        except signing.BadSignature as exc:
            raise InvalidCursorError("The cursor is not valid.") from exc
        return [str(value) for value in values]

    def _after(self, model: type[Model], values: list[str]) -> Q:
        condition, equal = Q(), Q()
        for entry, name, text in zip(self._order, self._names(), values, strict=True):
            value = _to_python(model, name, text)
            beyond = f"{name}__lt" if entry.startswith("-") else f"{name}__gt"
            condition |= equal & Q(**{beyond: value})
            equal &= Q(**{name: value})
        return condition

    def _next_url(self, last: Model, request: Request) -> str:
        values = [str(getattr(last, name)) for name in self._names()]
        query = {key: value for key, value in request.query_params.items() if key != "cursor"}
        query["cursor"] = signing.dumps(values, salt=self._salt(request))
        return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")


def parse_limit(text: str | None, *, default: int = LIMIT_DEFAULT) -> int:
    """Return how many rows a client wants; 400 unless it is a number from 1 to 200."""
    if text is None or text == "":
        return default
    if len(text) > 3 or not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= LIMIT_MAX:
        raise InvalidInputError(
            "Some fields are not valid.", limit=[f"A number from 1 to {LIMIT_MAX}."]
        )
    return int(text)


def _to_python(model: type[Model], name: str, text: str) -> Any:
    try:
        field = model._meta.get_field(name)
        return field.to_python(text)  # type: ignore[union-attr] # relations are not ordered by
    except (FieldDoesNotExist, ValidationError) as exc:
        raise InvalidCursorError("The cursor is not valid.") from exc
