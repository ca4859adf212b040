"""Eight at once with one challenge: in every round exactly one of them is let in."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.models import Passkey, Session, User
from accounts.services import LoggedIn
from accounts.tests.authenticator import Authenticator
from accounts.tests.passkey_steps import code, post, registered, shown, ticket_for

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
RIVALS = 8
LogIn = Callable[[User], LoggedIn]
Bearer = Callable[[str], Client]
Fared = list[tuple[int, str]]


@pytest.fixture(autouse=True)
def uncounted(settings: Any) -> None:
    settings.RATE_LIMITS = {
        name: (10**9, period) for name, (_, period) in settings.RATE_LIMITS.items()
    }


def race(work: Callable[[int], Any]) -> Fared:
    """Let all do the same at once; return how each fared, the winners first."""
    start = Barrier(RIVALS)

    def one(number: int) -> tuple[int, str]:
        try:
            start.wait(timeout=20)
            return code(work(number))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(RIVALS) as pool:
        return sorted(pool.map(one, range(RIVALS)))


@pytest.mark.parametrize("with_password", [False, True])
def test_of_eight_with_one_answer_one_gets_in(
    mina: User, log_in: LogIn, bearer: Bearer, with_password: bool
) -> None:
    key = Authenticator()
    registered(bearer(log_in(mina).tokens.access), key)
    before = Session.objects.count()
    for _ in range(ROUNDS):
        answer = shown(Client(), key, ticket_for(mina) if with_password else "")
        fared = race(lambda _number, answer=answer: post(Client(), "login/passkey", answer))  # type: ignore[misc]
        # Those who come with the ticket of the winner may find it spent, or its tries used up.
        losers = {(403, "PASSKEY_CHALLENGE_INVALID"), (401, "INVALID_TOKEN")}
        assert fared[0] == (200, "")
        assert set(fared[1:]) <= losers
    assert Session.objects.count() == before + ROUNDS


def test_of_eight_new_passkeys_for_the_last_place_one_is_stored(
    mina: User, log_in: LogIn, bearer: Bearer, settings: Any
) -> None:
    settings.PASSKEYS_MAX = 2
    browser = bearer(log_in(mina).tokens.access)
    registered(browser, Authenticator())
    bodies = []
    for number in range(RIVALS):
        options = post(browser, "passkeys/options").json()
        made = Authenticator().create(options["public_key"])
        bodies.append(
            {"challenge_id": options["challenge_id"], "name": f"{number}", "credential": made}
        )
    fared = race(lambda number: post(browser, "passkeys", bodies[number]))
    assert fared == [(201, "")] + [(409, "PASSKEY_LIMIT_REACHED")] * (RIVALS - 1)
    assert Passkey.objects.count() == 2
