"""None of very many mutated tokens is good, and none breaks the server.

``JWT_MUTANTS=100000`` tries as many as one has time for, ``JWT_SEED`` others than usual.
"""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.errors import InvalidTokenError, TokenExpiredError
from accounts.models import User
from accounts.services import LoggedIn
from accounts.tests.token_mutations import MUTATIONS, decoded, good, mutants, sealed
from accounts.tokens import access_token_read
from tradingplatform.ids import uuid7

COUNT = int(os.environ.get("JWT_MUTANTS", "5000"))
SEED = int(os.environ.get("JWT_SEED", "1"))
OVER_HTTP = 600


def test_mutants_are_made_of_a_good_token() -> None:
    origin = good(uid=uuid7(), sid=uuid7())
    header = decoded(origin.parts[0])
    assert access_token_read(origin.token).uid == origin.uid
    # Signing anew what was taken apart gives a good one too: each mutant differs in one thing.
    assert access_token_read(sealed(header, origin.claims, origin.key)).sid == origin.sid


def test_no_mutant_is_good_and_none_raises_anything_else() -> None:
    origin = good(uid=uuid7(), sid=uuid7())
    tried: Counter[str] = Counter()
    for name, mutant in mutants(origin, count=COUNT, seed=SEED):
        tried[name] += 1
        expected = TokenExpiredError if name == "expired" else InvalidTokenError
        with pytest.raises(expected):
            access_token_read(mutant)
    assert tried.total() == COUNT
    assert set(tried) == {name for name, _ in MUTATIONS}
    assert access_token_read(origin.token).sid == origin.sid


@pytest.mark.django_db(databases="__all__")
def test_mutants_are_401_on_the_api(
    mina: User, log_in: Callable[[User], LoggedIn], api: Client, settings: Any
) -> None:
    settings.RATE_LIMITS = {
        name: (10**9, period_s) for name, (_, period_s) in settings.RATE_LIMITS.items()
    }
    origin = good(uid=mina.uid, sid=log_in(mina).session.sid)
    assert me(api, origin.token).status_code == 200
    for name, mutant in mutants(origin, count=OVER_HTTP, seed=SEED + 1):
        if mutant.strip() == origin.token:
            continue  # white space around a header's value is no part of it
        answer = me(api, mutant)
        code = "TOKEN_EXPIRED" if name == "expired" else "INVALID_TOKEN"
        assert (answer.status_code, answer.json()["errorCode"]) == (401, code), name
    assert me(api, origin.token).status_code == 200


def me(api: Client, token: str) -> Any:
    # As a server hands over what came on the wire.
    raw = token.encode(errors="surrogatepass").decode("latin-1")
    return api.get("/api/account/me", headers={"Authorization": f"Bearer {raw}"})
