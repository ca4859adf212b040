"""What is answered, hashed and asked of the databases does not tell who has an account.

Counts instead of times: a time says more about the machine than about the code.
"""

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import user_sign_up
from accounts.services.closing import NICKNAME_CLOSED
from accounts.services.users import _nobodys_hash
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db(databases="__all__")


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is hashed, to be stored or compared."""

    algorithm = "counting_md5"
    count = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).count += 1
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def counted_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    _nobodys_hash.cache_clear()
    _nobodys_hash()


@pytest.fixture
def people() -> None:
    user_sign_up(email="known@example.com", password=PASSWORD, nickname="Known")
    user_sign_up(email="locked@example.com", password=PASSWORD, nickname="Locked")
    User.objects.filter(email="locked@example.com").update(is_active=False)


def cost(path: str, body: dict[str, str]) -> tuple[int, Any, int, list[int]]:
    """Return the answer, the hashes made, and the queries to each database."""
    CountingHasher.count = 0
    watched = [CaptureQueriesContext(connections[alias]) for alias in sorted(connections)]
    for context in watched:
        context.__enter__()
    try:
        answer = Client().post(f"/api/account/{path}", body, content_type="application/json")
    finally:
        for context in watched:
            context.__exit__(None, None, None)
    said = answer.json() if answer.content else {}
    said.pop("request_id", None)
    return answer.status_code, said, CountingHasher.count, [len(one) for one in watched]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("path", "body", "status", "hashes"),
    [
        ("login", {"password": "wrong one"}, 401, 1),
        ("password/reset", {}, 202, 0),
    ],
)
def test_a_known_an_unknown_and_a_locked_address_cost_the_same(
    path: str, body: dict[str, str], status: int, hashes: int
) -> None:
    costs = [
        cost(path, {"email": f"{name}@example.com", **body})
        for name in ("known", "unknown", "locked", "known", "unknown2")
    ]
    # The head of the chain of callers whom nobody knows is written by the first of them.
    known, _, locked, again, unknown = costs
    assert known[:3] == unknown[:3] == locked[:3] == again[:3]
    assert (known[0], known[2]) == (status, hashes)
    assert again[3] == unknown[3]


@pytest.mark.usefixtures("people")
def test_the_right_password_of_a_locked_account_is_refused_like_a_wrong_one() -> None:
    body = {"email": "locked@example.com"}
    right, wrong = (cost("login", {**body, "password": word}) for word in (PASSWORD, "wrong one"))
    assert right == wrong


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("path", ["email/confirm", "password/reset/confirm"])
def test_links_that_are_not_good_are_refused_alike(path: str) -> None:
    body = {} if path == "email/confirm" else {"new_password": "another pass phrase"}
    unsigned, signed = (cost(path, {"token": token, **body}) for token in ("x", "a" * 32 + ":x"))
    assert unsigned == signed
    assert unsigned[0] == 401


@pytest.mark.usefixtures("people")
def test_signing_up_hashes_once_whether_or_not_the_address_is_taken() -> None:
    body = {"password": "a long pass phrase", "nickname": NICKNAME_CLOSED}
    taken, free = (
        cost("signup", {"email": f"{who}@example.com", **body}) for who in ("known", "x")
    )
    assert (taken[0], free[0]) == (409, 201)
    assert taken[2] == free[2] == 1
