"""Fixtures of the portfolio tests."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.services import Device, user_log_in, user_sign_up
from portfolio.models import Portfolio
from portfolio.tests.factories import market_make, portfolio_make


@pytest.fixture(autouse=True)
def patience(settings: Any) -> None:
    """Let a quote outlive a test on a slow machine; how old is too old is the same rule."""
    settings.MARKET_QUOTE_STALE_S = 600.0


@pytest.fixture
def portfolio(db: None) -> Portfolio:
    """A paper portfolio of Jimin, with the market live."""
    market_make()
    return portfolio_make()


@pytest.fixture
def signed_in(db: None) -> Callable[[str], Client]:
    """Sign somebody up and return a client that speaks for them."""

    def sign_in(name: str) -> Client:
        email, password = f"{name}@example.com", "correct horse battery"
        user_sign_up(email=email, password=password, nickname=name)
        device = Device(ip="127.0.0.1")
        tokens = user_log_in(email=email, password=password, device=device).tokens
        return Client(
            raise_request_exception=False, headers={"Authorization": f"Bearer {tokens.access}"}
        )

    return sign_in
