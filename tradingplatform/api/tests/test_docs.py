"""The OpenAPI document, the pages that show it, and other origins."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from drf_spectacular.validation import validate_schema

pytestmark = pytest.mark.django_db(databases="__all__")
ERRORS = {"400", "401", "403", "404", "413", "429", "500", "503"}


@pytest.fixture
def schema(api: Client) -> dict[str, Any]:
    response = api.get("/api/schema")
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


def operations(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{verb.upper()} {path}": operation
        for path, verbs in schema["paths"].items()
        if path.startswith("/api/account/")
        for verb, operation in verbs.items()
    }


def test_the_document_is_valid(schema: dict[str, Any]) -> None:
    validate_schema(schema)


def test_every_operation_has_the_error_object(schema: dict[str, Any]) -> None:
    found = operations(schema)
    assert set(found) >= {"POST /api/account/login", "GET /api/account/me"}
    for operation in found.values():
        refused = {status for status in operation["responses"] if int(status) >= 400}
        assert refused >= ERRORS
        for status in refused:
            content = operation["responses"][status]["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Error"}


def test_the_document_says_who_may_call(schema: dict[str, Any]) -> None:
    found = operations(schema)
    assert found["POST /api/account/login"]["security"] == [{}]
    assert {"bearer": []} in found["GET /api/account/me"]["security"]
    assert set(schema["components"]["securitySchemes"]) == {"api_key", "bearer", "session"}
    assert not any("api_key" in need for need in found["GET /api/account/me"]["security"])


def test_operation_names_are_unique(schema: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(schema).values()]
    assert len(set(names)) == len(names)
    assert "post_account_token_refresh" in names


class Loaded(HTMLParser):
    """Collects what a page loads and whether any script stands inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        address = values.get("src") or (values.get("href") if tag == "link" else None)
        if address:
            self.addresses.append(address)
        self.inline += tag == "style" or (tag == "script" and not values.get("src"))


@pytest.mark.parametrize(("path", "count"), [("/api/docs", 5), ("/api/redoc", 1)])
def test_the_pages_load_local_files_only(api: Client, path: str, count: int) -> None:
    response = api.get(path)
    page = Loaded()
    page.feed(response.content.decode())

    assert (response.status_code, page.inline, len(page.addresses)) == (200, 0, count)
    for address in page.addresses:
        assert address.startswith("/")
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/"))
        else:
            script = api.get(address)
            assert script["Content-Type"] == "text/javascript"
            assert b'"/api/schema"' in script.content


def test_the_pages_keep_scripts_to_files(api: Client) -> None:
    for path in ("/api/docs", "/api/redoc"):
        policy = api.get(path)["Content-Security-Policy"]
        parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert parts["script-src"] == "'self'"


def test_only_listed_origins_may_read(api: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    for origin, allowed in (
        ("https://app.example.com", "https://app.example.com"),
        ("https://app.example.com.evil.example", None),
        ("null", None),
    ):
        response = api.get("/api/probe/echo", headers={"Origin": origin})
        assert response.headers.get("Access-Control-Allow-Origin") == allowed
        assert "Access-Control-Allow-Credentials" not in response


def test_a_preflight_names_our_headers(api: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    response = api.options(
        "/api/probe/money",
        headers={
            "Origin": "https://app.example.com",
            "Access-Control-Request-Method": "POST",
        },
    )
    assert response.status_code == 200
    assert "idempotency-key" in response["Access-Control-Allow-Headers"]
