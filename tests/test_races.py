"""Eight at once with the same thing: in every round exactly one of them wins.

``RACE_ROUNDS=200`` plays as many rounds as one has time for; `make races` does, on MariaDB.
The codes of the second factor race in accounts/tests/test_otp_races.py.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connections
from django.test import Client

from accounts.enums import TokenPurpose
from accounts.errors import (
    InvalidCredentialsError,
    InvalidTokenError,
    OtpCodeError,
    PasswordWrongError,
)
from accounts.models import MailToken, OtpFactor, RefreshToken, User
from accounts.services import (
    Device,
    LoggedIn,
    session_open,
    token_refresh,
    user_log_in,
    user_sign_up,
    ws_ticket_issue,
    ws_ticket_redeem,
)
from accounts.services.mail_tokens import token_issue, token_text
from accounts.services.otp_codes import code_spend, seed_context
from accounts.services.passwords import password_confirm, password_reset
from accounts.services.verification import email_confirm
from portfolio.models import Portfolio
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.crypto import seal
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import LimitExceededError

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
IS_REAL = os.environ.get("TEST_TIER") == "real"
ROUNDS = int(os.environ.get("RACE_ROUNDS", "25" if IS_REAL else "3"))
RIVALS = 8
PASSWORD = "correct horse battery"
HOME = Device(ip="127.0.0.1", user_agent="pytest")
Race = Callable[[Callable[[int], Any]], list[Any]]


@pytest.fixture
def race() -> Iterator[Race]:
    """Do something in eight threads at the same moment; return what became of each."""
    start = Barrier(RIVALS)

    def each(action: Callable[[int], Any], number: int) -> Any:
        start.wait(timeout=20)
        try:
            return action(number)
        except (
            InvalidCredentialsError,
            InvalidTokenError,
            LimitExceededError,
            OtpCodeError,
            PasswordWrongError,
        ) as error:
            return type(error).__name__

    def close(_: int) -> None:
        connections.close_all()

    with ThreadPoolExecutor(RIVALS) as pool:

        def run(action: Callable[[int], Any]) -> list[Any]:
            return list(pool.map(each, [action] * RIVALS, range(RIVALS)))

        yield run
        run(close)


@pytest.fixture
def unlimited(settings: Any) -> None:
    settings.RATE_LIMITS = {
        name: (10**9, period_s) for name, (_, period_s) in settings.RATE_LIMITS.items()
    }


@pytest.fixture
def mina() -> User:
    return user_sign_up(email="mina@example.com", password=PASSWORD, nickname="Mina")


def log_in(user: User) -> LoggedIn:
    return user_log_in(email=user.email, password=PASSWORD, device=HOME)


def test_a_refresh_token_has_one_successor(mina: User, race: Race) -> None:
    refresh = log_in(mina).tokens.refresh
    for number in range(1, ROUNDS + 1):

        def swap(_: int, refresh: str = refresh) -> str:
            return token_refresh(refresh=refresh).refresh

        (successor,) = set(race(swap))
        assert RefreshToken.objects.count() == number + 1
        assert RefreshToken.objects.filter(used_at__isnull=True).count() == 1
        refresh = successor


def test_a_socket_ticket_opens_one_socket(mina: User, race: Race) -> None:
    sid = log_in(mina).session.sid
    for _ in range(ROUNDS):
        ticket = ws_ticket_issue(sid=sid)

        def redeem(_: int, ticket: str = ticket) -> UUID:
            return ws_ticket_redeem(ticket=ticket).session_id

        told = Counter(race(redeem))
        assert told == {sid: 1, "InvalidTokenError": RIVALS - 1}


def link(user: User, purpose: TokenPurpose) -> str:
    return token_text(global_tx(token_issue, purpose=purpose, user=user))


def test_a_mailed_link_confirms_once(mina: User, race: Race) -> None:
    for _ in range(ROUNDS):
        token = link(mina, TokenPurpose.EMAIL_VERIFY)

        def confirm(_: int, token: str = token) -> None:
            email_confirm(token=token, device=HOME)

        told = Counter(race(confirm))
        assert told == {None: 1, "InvalidTokenError": RIVALS - 1}
    unused = MailToken.objects.filter(used_at__isnull=True, purpose="EMAIL_VERIFY")
    assert unused.count() == 1  # that of the sign-up


def test_a_mailed_link_sets_one_password(mina: User, race: Race) -> None:
    for _ in range(ROUNDS):
        token = link(mina, TokenPurpose.PASSWORD_RESET)

        def reset(number: int, token: str = token) -> int:
            password_reset(token=token, new_password=f"{PASSWORD} {number}", device=HOME)
            return number

        told = race(reset)
        (winner,) = [number for number in told if number != "InvalidTokenError"]
        assert User.objects.get().check_password(f"{PASSWORD} {winner}")


@pytest.mark.usefixtures("unlimited")
def test_an_idempotency_key_opens_one_portfolio(mina: User, race: Race, settings: Any) -> None:
    settings.PORTFOLIOS_PER_USER = ROUNDS + 1
    settings.CONCURRENCY_LIMITS = {"normal": 10**6, "urgent": 10**6}
    authorization = f"Bearer {log_in(mina).tokens.access}"
    body = {"name": "Mine", "base_currency": "KRW", "broker": "PAPER", "initial_cash": "1000"}
    for number in range(1, ROUNDS + 1):

        def post(_: int, key: str = f"key-{number}") -> tuple[int, str]:
            answer = Client(headers={"Authorization": authorization}).post(
                "/api/portfolio/portfolios",
                body,
                content_type="application/json",
                headers={"Idempotency-Key": key},
            )
            return answer.status_code, str(answer.json().get("id") or answer.json()["errorCode"])

        told = set(race(post))
        assert len({name for status, name in told if status == 201}) == 1
        assert {pair for pair in told if pair[0] != 201} <= {(409, "IDEMPOTENCY_IN_FLIGHT")}
        assert Portfolio.objects.for_user(mina.pk).count() == number


@pytest.mark.parametrize("secret", ["password at log-in", "password", "code"])
def test_eight_at_once_get_no_more_guesses_than_allowed(
    mina: User, race: Race, settings: Any, secret: str
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {
        "login_failures": (3, 10**6),
        "otp_failures": (3, 10**6),
    }
    OtpFactor.objects.create(
        user=mina, sealed=seal(bytes(20), seed_context(mina.uid)), confirmed_at=now()
    )
    with time_machine.travel(now(), tick=False):
        for number in range(ROUNDS):
            device = Device(ip=f"10.0.{number // 250}.{number % 250}")
            session = at_home(mina, device)

            def guess(_: int, device: Device = device, owner: Principal = session) -> None:
                if secret == "code":
                    code_spend(owner=owner, code="aaaaa-aaaaa", device=device, then=list)
                elif secret == "password":
                    password_confirm(owner=owner, password="wrong one", device=device)
                else:
                    user_log_in(email=mina.email, password="wrong one", device=device)

            refused = {
                "code": "OtpCodeError",
                "password": "PasswordWrongError",
                "password at log-in": "InvalidCredentialsError",
            }[secret]
            assert Counter(race(guess)) == {refused: 3, "LimitExceededError": RIVALS - 3}


def at_home(user: User, device: Device) -> Principal:
    """Open a session, so that the place counts as the owner's own."""
    session = global_tx(session_open, user=User.objects.get(pk=user.pk), device=device)
    return Principal(account_db_key=user.pk, uid=user.uid, session_id=session.sid)
