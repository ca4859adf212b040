"""Every call of every route, and what the policy table says each caller must be answered."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rest_framework.views import APIView

from tests.authorisation.callers import Kind
from tradingplatform.api.policy import Access, Route, access_for, permits, routes, scope_for

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# Real addresses for patterns that hold no id of a person.
_KNOWN = {"symbol": "AAPL", "section": "profile", "object_id": "1", "content_type_id": "1"}
_LOG_IN = "/log-in"
# Let in, but the operator has not set something up, or a provider is out of a test's reach.
NOT_OURS = {501, 502}


@dataclass(frozen=True)
class Call:
    """One method of one route; ``parameters`` are those of its path."""

    name: str
    path: str
    method: str
    parameters: tuple[str, ...]
    is_api: bool
    asks_who: bool
    is_offered: bool

    def __str__(self) -> str:
        return f"{self.method} {self.name}"

    def url(self, values: dict[str, str]) -> str:
        """Return the address with each parameter filled in."""
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], self.path)


@dataclass(frozen=True)
class Verdict:
    """What must come: let in, or refused with this status and code ("" for a page)."""

    allowed: bool
    status: int = 0
    code: str = ""


ALLOWED = Verdict(allowed=True)
# Let in by the table; what may be done there the admin site decides itself.
GUARDED = Verdict(allowed=True, status=403)


def calls() -> Iterator[Call]:
    """Return every method of every route, offered or not; of Django's admin GET and POST."""
    for route in routes():
        verbs = ("GET", "POST") if route.name.startswith("admin:") else VERBS
        for path in _paths(route):
            for method in verbs:
                yield _call(route, path, method)


def _call(route: Route, path: str, method: str) -> Call:
    view: Any = getattr(route.view, "cls", None)
    is_api = isinstance(view, type) and issubclass(view, APIView)
    offered = access_for(route.name, method) is not None
    return Call(
        name=route.name,
        path=path,
        method=method,
        parameters=tuple(
            name for name in re.findall(r"<(?:\w+:)?(\w+)>", path) if name not in _KNOWN
        ),
        is_api=is_api,
        asks_who=not is_api or view.authentication_classes != (),
        is_offered=offered,
    )


def _paths(route: Route) -> list[str]:
    if route.name == "api-unknown":
        return ["/api/nothing/here"]
    if "(?P<app_label>" in route.path:
        return ["/admin/accounts/"]
    if "(?P<url>" in route.path:
        return ["/admin/nothing/here/"]
    return [route.path]


def values_of(call: Call, things: Any) -> dict[str, str]:
    """Return what stands in a path; ``things(view, parameter)`` names what belongs to somebody."""
    return _KNOWN | {name: things(call.name, name) for name in call.parameters}


def expected(call: Call, kind: Kind) -> Verdict:
    """Return what the table says."""
    return _of_api(call, kind) if call.is_api else _of_page(call, kind)


def _of_api(call: Call, kind: Kind) -> Verdict:
    who = kind if call.asks_who else _NOBODY
    refusal = _at_the_door(call, who) or _of_scopes(call, who)
    if refusal is not None:
        return refusal
    access = access_for(call.name, call.method)
    if permits(access, who, address=kind.address):
        return ALLOWED
    if not who.is_authenticated:
        return _refused(401, "AUTHENTICATION_REQUIRED")
    return _refused(403, "EMAIL_UNVERIFIED" if access is Access.VERIFIED else "PERMISSION_DENIED")


def _at_the_door(call: Call, who: Kind) -> Verdict | None:
    """Return how bad credentials, and methods that nobody offers, are refused."""
    if who.dead:
        return _refused(401, who.dead)
    if not who.csrf and call.method not in {"GET", "HEAD"}:
        return _refused(403, "CSRF_FAILED")
    return None if call.is_offered else _refused(405, "METHOD_NOT_ALLOWED")


def _of_scopes(call: Call, who: Kind) -> Verdict | None:
    """Return how a program is refused what its key was not made for."""
    if who.scopes is None:
        return None
    scope = scope_for(call.name, call.method)
    if scope is None:
        return _refused(403, "PERMISSION_DENIED")
    return None if scope.value in who.scopes else _refused(403, "SCOPE_MISSING")


def _refused(status: int, code: str = "") -> Verdict:
    return Verdict(allowed=False, status=status, code=code)


def _of_page(call: Call, kind: Kind) -> Verdict:
    """Pages know the cookie only; to them programs and tokens are strangers."""
    who = kind if kind.page else _NOBODY
    if not kind.csrf and call.method not in {"GET", "HEAD"}:
        return _refused(403)
    access = access_for(call.name, call.method)
    if permits(access, who, address=kind.address):
        return GUARDED if call.name.startswith("admin:") else ALLOWED
    if access is not None and not who.is_authenticated and not call.path.startswith("/api/"):
        return _refused(302)
    return _refused(403)


def fault(answer: Any, verdict: Verdict) -> str:
    """Return what is wrong with an answer, or ""."""
    status = answer.status_code
    if verdict.allowed:
        to_log_in = status == 302 and answer["Location"].startswith(_LOG_IN)
        refused = to_log_in or (status in {401, 403} and status != verdict.status)
        wrong = refused or (status >= 500 and status not in NOT_OURS)
        return f"refused with {status} {_code(answer)}" if wrong else ""
    if status != verdict.status:
        return f"{status} {_code(answer)} instead of {verdict.status} {verdict.code}"
    if status == 302 and not answer["Location"].startswith(_LOG_IN):
        return f"led to {answer['Location']}"
    if verdict.code and answer.content and _code(answer) != verdict.code:
        return f"{_code(answer)} instead of {verdict.code}"
    return ""


def _code(answer: Any) -> str:
    if not answer.get("Content-Type", "").startswith("application/json") or not answer.content:
        return ""
    body = answer.json()
    return str(body.get("errorCode", "")) if isinstance(body, dict) else ""


_NOBODY = Kind("nobody", is_authenticated=False, is_verified=False)
