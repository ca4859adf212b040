"""People with accounts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import Device, LoggedIn, user_log_in, user_sign_up

PASSWORD = "correct horse battery"
HOME = Device(ip="127.0.0.1", user_agent="pytest")


@pytest.fixture(autouse=True)
def account_routes(settings: Any) -> None:
    settings.ROOT_URLCONF = "accounts.tests.urls"


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
