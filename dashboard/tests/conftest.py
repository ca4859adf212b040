"""A person with an account, and a portfolio of theirs."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portfolio.services.portfolios import portfolio_open

PERSON = {"email": "lee@example.com", "nickname": "Lee", "password": "correct horse 9"}
LOG_IN = {"email": PERSON["email"], "password": PERSON["password"]}


@pytest.fixture
def lee(client: Client) -> User:
    """A user whose browser is logged in."""
    client.post(reverse("account-pages:sign-up"), PERSON)
    return User.objects.get(email=PERSON["email"])


def first_portfolio_open(user: User, name: str = "First") -> str:
    cash = {"KRW": Decimal(1_000_000)}
    opened = portfolio_open(
        account_db_key=user.pk, name=name, base_currency="KRW", initial_cash=cash
    )
    return str(opened.pk)
