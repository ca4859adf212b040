"""Every failure has the documented shape."""

import json
import logging
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tradingplatform.api.errors import MalformedBodyError
from tradingplatform.api.rendering import parse_object, to_json

pytestmark = pytest.mark.django_db(databases="__all__")
JSON = "application/json"


def check_envelope(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == JSON
    body: dict[str, Any] = response.json()
    assert set(body) - {"details"} == {"errorCode", "message", "sequence", "request_id"}
    assert body["errorCode"] == code
    assert body["message"]
    assert body["request_id"] == response["X-Request-ID"]
    assert str(body["sequence"]) == response["X-Sequence"]
    return body


@pytest.mark.parametrize(
    ("_case", "kind", "status", "code"),
    [
        ("a bug", "bug", 500, "INTERNAL_ERROR"),
        ("no database", "database", 503, "UNAVAILABLE"),
        ("too often", "full", 429, "RATE_LIMITED"),
        ("a rule", "rule", 422, "UNPROCESSABLE"),
        ("away", "away", 503, "UNAVAILABLE"),
    ],
)
def test_exceptions_become_the_envelope(
    api: Client, _case: str, kind: str, status: int, code: str
) -> None:
    response = api.get(f"/api/probe/fail/{kind}")

    body = check_envelope(response, status, code)
    assert "secret" not in str(body)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("deadlock", "nothing was changed"),
        ("database", "it is not known whether this was done"),
    ],
)
def test_it_says_nothing_was_changed_only_when_that_is_known(
    api: Client, kind: str, said: str
) -> None:
    body = check_envelope(api.get(f"/api/probe/fail/{kind}"), 503, "UNAVAILABLE")
    assert said in body["message"]


def test_details_hold_the_figures(api: Client) -> None:
    assert api.get("/api/probe/fail/rule").json()["details"] == {"figure": "12.5"}


@pytest.mark.parametrize(("kind", "seconds"), [("full", "7"), ("away", "3")])
def test_retry_after_says_how_long(api: Client, kind: str, seconds: str) -> None:
    assert api.get(f"/api/probe/fail/{kind}")["Retry-After"] == seconds


def test_a_bug_is_logged_once(api: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="tradingplatform.api"):
        api.get("/api/probe/fail/bug")

    logged = [record for record in caplog.records if record.exc_info]
    assert [record.getMessage() for record in logged] == ["Unhandled exception in an API view"]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing/here", "/api/probe/echo/"])
def test_unknown_address_is_json_404(api: Client, method: str, path: str) -> None:
    check_envelope(getattr(api, method)(path), 404, "NOT_FOUND")


def test_unknown_address_is_json_with_debug_on(api: Client, settings: Any) -> None:
    settings.DEBUG = True
    check_envelope(api.get("/api/nothing"), 404, "NOT_FOUND")


def test_unknown_page_is_not_json(api: Client) -> None:
    response = api.get("/nothing")
    assert response.status_code == 404
    assert response["Content-Type"] != JSON


@pytest.mark.parametrize(
    ("template", "content_type", "content"),
    [
        ("<p>{{ error.message }}</p>", "text/html", "<p>There is nothing at this address.</p>"),
        ("{% include 'missing.html' %}", "text/plain", "There is nothing at this address."),
    ],
)
def test_the_error_page_appears_even_if_it_is_broken(
    api: Client, settings: Any, template: str, content_type: str, content: str
) -> None:
    loader = ("django.template.loaders.locmem.Loader", {"error.html": template})
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": [loader]},
        }
    ]
    response = api.get("/nothing")
    assert response.status_code == 404
    assert response["Content-Type"] == f"{content_type}; charset=utf-8"
    assert response.content.decode().startswith(content)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_wrong_method_is_405(api: Client, method: str) -> None:
    response = getattr(api, method)("/api/probe/echo")
    check_envelope(response, 405, "METHOD_NOT_ALLOWED")
    assert response["Allow"] == "GET, POST, HEAD"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "x" * 300,
    ],
)
def test_other_content_is_415(api: Client, content_type: str) -> None:
    response = api.post("/api/probe/echo", b"a=1", content_type=content_type)
    check_envelope(response, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_accept_header_never_fails(api: Client) -> None:
    response = api.get("/api/probe/echo", headers={"Accept": "image/png"})
    assert (response.status_code, response["Content-Type"]) == (200, JSON)


@pytest.mark.parametrize(
    ("_case", "raw"),
    [
        ("not json", b"{"),
        ("nan", b'{"amount": NaN}'),
        ("infinity", b'{"amount": Infinity}'),
        ("list", b"[1]"),
        ("string", b'"x"'),
        ("duplicate name", b'{"amount": "1", "amount": "2"}'),
        ("nested duplicate", b'{"amount": "1", "words": [{"a": 1, "a": 2}]}'),
        ("broken utf-8", b'{"amount": "\xff"}'),
        ("lone surrogate", b'{"amount": "\\ud800"}'),
        ("deep list", b'{"amount": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
        ("deep object", b'{"a":' * 5000 + b"1" + b"}" * 5000),
        ("endless integer", b'{"amount": ' + b"9" * 6000 + b"}"),
        ("unclosed depth", b"[" * 60000),
    ],
)
def test_malformed_json_is_400(api: Client, _case: str, raw: bytes) -> None:
    response = api.post("/api/probe/echo", raw, content_type=JSON)
    check_envelope(response, 400, "MALFORMED_BODY")


@pytest.mark.parametrize(
    ("_case", "raw"),
    [
        ("huge exponent", b'{"amount": 1e308}'),
        ("overflow", b'{"amount": "1e999999999"}'),
        ("long integer", b'{"amount": ' + b"9" * 300 + b"}"),
        ("wrong type", b'{"amount": {"a": []}}'),
        ("nul", b'{"amount": "1", "words": ["a\\u0000"]}'),
        ("null", b'{"amount": null}'),
        ("empty", b""),
        ("spaces", b"  \n "),
        ("too long a word", b'{"amount": "1", "words": ["abcd"]}'),
    ],
)
def test_invalid_fields_are_400_with_details(api: Client, _case: str, raw: bytes) -> None:
    response = api.post("/api/probe/echo", raw, content_type=JSON)
    body = check_envelope(response, 400, "INVALID_INPUT")
    assert set(body["details"]) <= {"amount", "words"}
    assert body["details"]


def test_brackets_in_text_do_not_count_as_depth(api: Client) -> None:
    raw = b'{"amount": "1.5", "other": "' + b"[" * 100 + b'"}'
    assert api.post("/api/probe/echo", raw, content_type=JSON).json() == {"amount": "1.5"}


def test_large_body_is_413(api: Client) -> None:
    raw = b'{"amount": "1", "pad": "' + b"x" * 100_000 + b'"}'
    response = api.post("/api/probe/echo", raw, content_type=JSON)
    assert check_envelope(response, 413, "PAYLOAD_TOO_LARGE")["details"] == {"limit_bytes": 65536}


def test_body_of_exactly_the_limit_is_read(api: Client) -> None:
    head, tail = b'{"amount": "1", "pad": "', b'"}'
    raw = head + b"x" * (65536 - len(head) - len(tail)) + tail
    assert api.post("/api/probe/echo", raw, content_type=JSON).status_code == 200


def test_unknown_host_is_400(api: Client) -> None:
    response = api.get("/api/nothing", headers={"Host": "evil.example"})
    check_envelope(response, 400, "INVALID_INPUT")


def test_sequence_of_a_header_is_echoed(api: Client) -> None:
    response = api.get("/api/probe/fail/rule", headers={"X-Sequence": "17"})
    assert (response.json()["sequence"], response["X-Sequence"]) == (17, "17")


def test_sequence_of_a_body_is_echoed(api: Client) -> None:
    ok = api.post("/api/probe/echo", {"amount": "1", "sequence": 5}, content_type=JSON)
    assert (ok.status_code, ok["X-Sequence"]) == (200, "5")

    refused = api.post("/api/probe/echo", {"sequence": 6}, content_type=JSON)
    assert (refused.json()["sequence"], refused["X-Sequence"]) == (6, "6")


def test_sequence_is_echoed_to_a_caller_who_is_not_let_in(api: Client) -> None:
    response = api.post("/api/probe/who", {"sequence": 9}, content_type=JSON)
    assert check_envelope(response, 401, "AUTHENTICATION_REQUIRED")["sequence"] == 9


@pytest.mark.parametrize("text", ["", "x", "1.5", "9" * 30, "1\n", "٣"])
def test_odd_sequences_are_zero(api: Client, text: str) -> None:
    response = api.get("/api/probe/echo", headers={"X-Sequence": text})
    assert (response.status_code, response["X-Sequence"]) == (200, "0")


def test_request_id_is_accepted(api: Client) -> None:
    response = api.get("/api/probe/echo", headers={"X-Request-ID": "a-B_1.2"})
    assert response["X-Request-ID"] == "a-B_1.2"


@pytest.mark.parametrize("text", ["a b", "x" * 65, "a\nb", "<script>", "가"])
def test_odd_request_ids_are_replaced(api: Client, text: str) -> None:
    response = api.get("/api/probe/echo", headers={"X-Request-ID": text})
    assert response["X-Request-ID"] != text
    assert len(response["X-Request-ID"]) == 36


def test_security_headers_are_on_every_answer(api: Client) -> None:
    for path in ("/api/probe/echo", "/api/nothing", "/api/probe/fail/bug"):
        response = api.get(path)
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "no-store"
        assert response["X-Frame-Options"] == "DENY"
        assert response["Referrer-Policy"] == "same-origin"
        assert response["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "unsafe-inline" not in response["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


@hypothesis_settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=200))
def test_arbitrary_bytes_are_an_object_or_malformed(raw: bytes) -> None:
    try:
        parsed = parse_object(raw)
    except MalformedBodyError:
        return
    assert isinstance(parsed, dict)
    assert parse_object(to_json(parsed)) == parsed


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@hypothesis_settings(max_examples=200, deadline=None)
@given(body=st.dictionaries(st.text(max_size=5), _VALUES, max_size=4))
def test_what_json_writes_is_read_back(body: dict[str, Any]) -> None:
    assert parse_object(json.dumps(body).encode()) == body
