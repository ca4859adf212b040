"""People with accounts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from accounts.services import Device, LoggedIn, user_log_in, user_sign_up

PASSWORD = "correct horse battery"
HOME = Device(ip="127.0.0.1", user_agent="pytest")


@pytest.fixture(autouse=True)
def account_routes(settings: Any) -> None:
    settings.ROOT_URLCONF = "accounts.tests.urls"


@pytest.fixture(autouse=True)
def passkey_place(settings: Any) -> None:
    settings.PASSKEY_RP_ID, settings.PASSKEY_ORIGINS = "localhost", ["http://localhost:8000"]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Stop the time, and let a test move it."""
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def mina() -> User:
    return user_sign_up(email="mina@example.com", password=PASSWORD, nickname="Mina")


@pytest.fixture
def joon() -> User:
    return user_sign_up(email="joon@example.com", password=PASSWORD, nickname="Joon")


@pytest.fixture
def log_in() -> Callable[[User], LoggedIn]:
    return lambda user: user_log_in(email=user.email, password=PASSWORD, device=HOME)


@pytest.fixture
def api() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def bearer() -> Callable[[str], Client]:
    return lambda access: Client(
        raise_request_exception=False, headers={"Authorization": f"Bearer {access}"}
    )


@pytest.fixture
def session(mina: User, log_in: Callable[[User], LoggedIn]) -> LoggedIn:
    """Log mina in."""
    return log_in(mina)


@pytest.fixture
def browser(session: LoggedIn, bearer: Callable[[str], Client]) -> Client:
    """Return a client that speaks for mina."""
    return bearer(session.tokens.access)
