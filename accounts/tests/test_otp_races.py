"""Eight at once with the same thing: in every round exactly one of them is let in.

``RACE_ROUNDS=200`` plays as many rounds as one has time for.
"""

import os
from base64 import b32decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connections

from accounts.errors import InvalidTokenError, OtpCodeError, OtpRequiredError
from accounts.models import Session, User
from accounts.services import LoggedIn, otp_log_in
from accounts.services.backup_codes import backup_codes_make
from accounts.services.otp import otp_confirm, otp_start
from accounts.services.otp_tickets import otp_refuse_without_code
from accounts.tests.conftest import HOME, PASSWORD
from accounts.totp import code_at, step_at
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
RIVALS = 8


@pytest.fixture
def seed(mina: User, log_in: Callable[[User], LoggedIn], settings: Any) -> bytes:
    """Turn the second factor of mina on; nobody counts wrong codes here."""
    settings.RATE_LIMITS = {name: (10**9, period) for name, (_, period) in _limits(settings)}
    sid = log_in(mina).session.sid
    owner = Principal(account_db_key=mina.pk, uid=mina.uid, session_id=sid)
    seed = b32decode(otp_start(owner=owner, password=PASSWORD, device=HOME).secret)
    otp_confirm(owner=owner, code=code_at(seed, step_at(now())), device=HOME)
    return seed


def _limits(settings: Any) -> list[tuple[str, tuple[int, int]]]:
    return list(settings.RATE_LIMITS.items())


def ticket(user: User) -> str:
    user = User.objects.get(pk=user.pk)
    with pytest.raises(OtpRequiredError) as asked:
        otp_refuse_without_code(user)
    return asked.value.ticket


def race(shown: list[tuple[str, str]]) -> list[str]:
    """Log in with each ticket and code at the same moment; return how each fared."""
    start = Barrier(len(shown))

    def one(pair: tuple[str, str]) -> str:
        try:
            start.wait(timeout=20)
            otp_log_in(ticket=pair[0], code=pair[1], device=HOME)
        except (OtpCodeError, InvalidTokenError) as error:
            return type(error).__name__
        finally:
            connections.close_all()
        return "in"

    with ThreadPoolExecutor(len(shown)) as pool:
        return sorted(pool.map(one, shown), key=lambda fared: fared != "in")


@pytest.mark.parametrize("kind", ["totp", "backup code", "ticket"])
def test_one_of_eight_in_every_round(mina: User, seed: bytes, kind: str) -> None:
    before = Session.objects.count()
    loser = "InvalidTokenError" if kind == "ticket" else "OtpCodeError"
    for number in range(1, ROUNDS + 1):
        # Each round comes later than the one before, so that its codes are new.
        with time_machine.travel(now().timestamp() + 60 * number, tick=False):
            words = global_tx(backup_codes_make, mina)
            if kind == "ticket":
                only = ticket(mina)
                shown = [(only, words[rival]) for rival in range(RIVALS)]
            else:
                code = words[0] if kind == "backup code" else code_at(seed, step_at(now()))
                shown = [(ticket(mina), code) for _ in range(RIVALS)]
            assert race(shown) == ["in"] + [loser] * (RIVALS - 1)
    assert Session.objects.count() == before + ROUNDS
