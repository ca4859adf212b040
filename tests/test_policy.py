"""The policy table and the routes of the platform say the same."""

from collections import defaultdict
from typing import Any

import pytest
from rest_framework.views import APIView

from tradingplatform.api.policy import (
    FRAME_SCOPES,
    FRAMES,
    KEY_SCOPES,
    POLICY,
    STREAM_SCOPES,
    STREAMS,
    Access,
    Route,
    access_for,
    routes,
)
from tradingplatform.api.views import ApiView

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

ROUTES = list(routes())
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Names whose views come with Django and decide about methods themselves.
NAMESPACES = tuple(name.removesuffix("*") for name in POLICY if name.endswith(":*"))


def methods(route: Route) -> set[str] | None:
    """Return what a view answers; None when only it knows."""
    view_class: Any = getattr(route.view, "cls", None) or getattr(route.view, "view_class", None)
    if view_class is None:
        return None
    allowed = {name.upper() for name in view_class.http_method_names if hasattr(view_class, name)}
    return allowed & set(VERBS)


def test_every_route_is_in_the_table() -> None:
    missing = {
        route.name: route.path
        for route in ROUTES
        if not any(access_for(route.name, verb) for verb in VERBS)
    }
    assert missing == {}


def test_every_stream_and_frame_names_the_scope_of_keys() -> None:
    assert set(STREAM_SCOPES) == set(STREAMS)
    assert set(FRAME_SCOPES) == {name for name, access in FRAMES.items() if access != "PUBLIC"}


def test_every_entry_has_a_route() -> None:
    names = {route.name for route in ROUTES}
    stale = {
        name
        for name in POLICY
        if name not in names
        and not (name.endswith(":*") and any(route.startswith(name[:-1]) for route in names))
    }
    assert stale == set()


def test_entries_name_exactly_the_methods_of_their_views() -> None:
    answered: dict[str, set[str]] = defaultdict(set)
    for route in ROUTES:
        found = methods(route)
        if found is not None and not route.name.startswith(NAMESPACES):
            answered[route.name] |= found
    differing = {
        name: (sorted(found), sorted(POLICY[name]))
        for name, found in answered.items()
        if found != set(POLICY[name])
    }
    assert differing == {}


def test_api_keys_open_only_calls_that_the_table_knows() -> None:
    unknown = {
        (name, method)
        for name, scopes in KEY_SCOPES.items()
        for method in scopes
        if access_for(name, method) not in {Access.VISITOR, Access.USER}
    }
    assert unknown == set()


def test_every_api_view_asks_the_table() -> None:
    # A view of another base class would not be held to the table, the limits and the errors.
    strangers = {
        route.name
        for route in ROUTES
        if isinstance(getattr(route.view, "cls", None), type)
        and issubclass(route.view.cls, APIView)  # type: ignore[attr-defined]
        and not issubclass(route.view.cls, ApiView)  # type: ignore[attr-defined]
    }
    assert strangers == set()


def test_no_view_replaces_the_permission_check() -> None:
    default = ApiView.permission_classes
    other = {
        route.name
        for route in ROUTES
        if hasattr(route.view, "cls")
        and getattr(route.view.cls, "permission_classes", default) != default
    }
    assert other == set()


def test_market_routes_follow_the_operators_choice_about_visitors() -> None:
    public = {
        name
        for name, methods in POLICY.items()
        if name.startswith("market:") and Access.PUBLIC in methods.values()
    }
    assert public == set()


@pytest.mark.parametrize(
    ("name", "method", "access"),
    [
        ("accounts:login", "POST", Access.PUBLIC),
        ("accounts:me", "GET", Access.USER),
        ("accounts:me", "HEAD", Access.USER),
        ("accounts:me", "DELETE", None),
        ("admin:index", "GET", Access.OPERATOR),
        ("admin:login", "POST", Access.OPERATOR),
        ("", "GET", None),
        ("nothing", "GET", None),
    ],
)
def test_known_answers(name: str, method: str, access: Access | None) -> None:
    assert access_for(name, method) is access
