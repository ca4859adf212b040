"""The OpenAPI document: names, tags, and the error object on every operation."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from tradingplatform.api.policy import access_for, permits, routes, scope_for
from tradingplatform.api.principal import ANONYMOUS, Scope
from tradingplatform.errors import ErrorCode

API_KEY_SCHEME = "api_key"
_WRITES = frozenset({"post", "put", "patch", "delete"})
_VERBS = _WRITES | {"get"}
_ALWAYS = {
    "400": "The request is not valid.",
    "401": "Sign in first, or again.",
    "403": "You may not do this.",
    "404": "It does not exist, or is not yours.",
    "413": "The request is too large.",
    "429": "Too many requests; wait Retry-After seconds.",
    "500": "Something went wrong on our side.",
    "503": "Try again later.",
}
_ON_WRITES = {
    "409": "The state has moved on; read it and retry.",
    "415": "Only application/json is read.",
    "422": "Well-formed, but a rule forbids it.",
}
_ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["errorCode", "message", "sequence", "request_id"],
    "properties": {
        "errorCode": {"type": "string", "enum": sorted(code.value for code in ErrorCode)},
        "message": {"type": "string"},
        "sequence": {"type": "integer", "format": "int64"},
        "details": {"type": "object", "additionalProperties": True},
        "request_id": {"type": "string"},
    },
}
_HEADERS: dict[str, Any] = {
    "X-Request-ID": {"schema": {"type": "string"}},
    "X-Sequence": {"schema": {"type": "integer", "format": "int64"}},
    "RateLimit-Limit": {"schema": {"type": "integer"}},
    "RateLimit-Remaining": {"schema": {"type": "integer"}},
    "RateLimit-Reset": {"schema": {"type": "integer"}},
}

_COMMON_PARAMETERS: list[dict[str, Any]] = [
    {
        "in": "header",
        "name": "X-Sequence",
        "schema": {"type": "integer", "format": "int64"},
        "description": "Returned in the answer.",
    },
    {
        "in": "header",
        "name": "X-Request-ID",
        "schema": {"type": "string", "maxLength": 64, "pattern": "^[A-Za-z0-9._-]+$"},
        "description": "Returned and logged; made by the server when absent or odd.",
    },
]


class PlatformSchema(AutoSchema):
    """Operation ids from method and path, so that they are unique and stay stable."""

    def get_operation_id(self) -> str:
        words = [word.strip("{}") for word in self.path.split("/")[2:]]
        return "_".join([self.method.lower(), *words]).replace("-", "_")

    def get_tags(self) -> list[str]:
        return [self.path.split("/")[2]]


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # registers itself
    target_class = "accounts.authentication.ApiKeyAuthentication"
    name = API_KEY_SCHEME

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key <key>`; the operation names the scope that a key needs.",
        }


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # registers itself
    target_class = "accounts.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class CookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # registers itself
    target_class = "accounts.authentication.CookieAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        from django.conf import settings

        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


def complete_operations(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the common errors, headers and access to every operation (a spectacular hook)."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Error"] = _ERROR_SCHEMA
    names = _names_by_path()
    for path, operations in result["paths"].items():
        for verb in _VERBS & operations.keys():
            operation = operations[verb]
            _add_errors(operation["responses"], writes=verb in _WRITES)
            operation.setdefault("parameters", []).extend(_COMMON_PARAMETERS)
            if permits(access_for(names.get(path, ""), verb.upper()), ANONYMOUS):
                operation["security"] = [{}]
            _name_scope(operation, scope_for(names.get(path, ""), verb.upper()))
    return result


def _add_errors(responses: dict[str, Any], *, writes: bool) -> None:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    expected = _ALWAYS | (_ON_WRITES if writes else {})
    for status, description in expected.items():
        responses.setdefault(status, {"description": description, "content": content})
    for status, response in responses.items():
        if int(status) >= HTTPStatus.BAD_REQUEST:
            response["content"] = content
        response["headers"] = _HEADERS | response.get("headers", {})


def _name_scope(operation: dict[str, Any], scope: Scope | None) -> None:
    """Say which scope a key needs, or that no key is let in."""
    others = [need for need in operation.get("security", []) if API_KEY_SCHEME not in need]
    keys = [{API_KEY_SCHEME: [scope.value]}] if scope is not None else []
    operation["security"] = [*others, *keys]


def _names_by_path() -> dict[str, str]:
    return {_template(route.path): route.name for route in routes()}


def _template(path: str) -> str:
    """Turn Django's ``<uuid:id>`` into OpenAPI's ``{id}``."""
    pieces = []
    for piece in path.split("<"):
        inside, closed, rest = piece.partition(">")
        pieces.append(f"{{{inside.rpartition(':')[2]}}}{rest}" if closed else piece)
    return "".join(pieces)
