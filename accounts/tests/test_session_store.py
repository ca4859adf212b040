"""The cookie is sealed: unreadable, unchangeable, and it runs out."""

from typing import Any

import pytest
import time_machine
from django.conf import settings

from accounts.session_store import SessionStore


def sealed(**values: Any) -> str:
    store = SessionStore()
    store.update(values)
    store.save()
    assert store.session_key is not None
    return store.session_key


def opened(cookie: str | None) -> dict[str, Any]:
    return dict(SessionStore(cookie).items())


def test_what_is_sealed_can_be_opened() -> None:
    assert opened(sealed(platform_sid="abc", number=1)) == {"platform_sid": "abc", "number": 1}


def test_the_same_content_never_looks_the_same() -> None:
    assert sealed(a=1) != sealed(a=1)


@pytest.mark.parametrize("cookie", [None, "", "x", "é", "A" * 5000, "gAAAAA" + "A" * 100])
def test_anything_else_is_an_empty_session(cookie: str | None) -> None:
    assert opened(cookie) == {}


def test_any_changed_character_empties_the_session() -> None:
    cookie = sealed(platform_sid="abc")
    for position in range(0, len(cookie), 7):
        changed = "B" if cookie[position] != "B" else "C"
        assert opened(cookie[:position] + changed + cookie[position + 1 :]) == {}


def test_the_cookie_runs_out() -> None:
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as clock:
        cookie = sealed(a=1)
        clock.shift(settings.SESSION_COOKIE_AGE)
        assert opened(cookie) == {"a": 1}
        clock.shift(1)
        assert opened(cookie) == {}


def test_a_key_can_be_replaced(settings: Any) -> None:
    cookie = sealed(a=1)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next key of this server"
    assert opened(cookie) == {"a": 1}
    settings.SECRET_KEY_FALLBACKS = []
    assert opened(cookie) == {}
