"""Fixtures of the market tests."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.services import Device, user_log_in, user_sign_up
from market.enums import ActionKind
from market.models import CorporateAction, Instrument
from market.tests.factories import instrument_make, quoted_make
from market.tests.following_steps import DAY


@pytest.fixture
def signed_in(db: None) -> Callable[[str], Client]:
    """Sign somebody up and return a client that speaks for them."""

    def sign_in(name: str) -> Client:
        email, password = f"{name}@example.com", "correct horse battery"
        user_sign_up(email=email, password=password, nickname=name)
        tokens = user_log_in(email=email, password=password, device=Device()).tokens
        return Client(
            raise_request_exception=False, headers={"Authorization": f"Bearer {tokens.access}"}
        )

    return sign_in


@pytest.fixture
def indices_and_a_stock(db: None) -> None:
    """Store one share and an index of each country, with quotes."""
    quoted_make("AAPL", "101", sector="TECH")
    quoted_make("KR30", "1030", base="1000", exchange="KRX", currency="KRW", asset_type="INDEX")
    quoted_make("US20", "990", base="1000", exchange="NYSE", asset_type="INDEX", volume=10**9)


@pytest.fixture
def facebook(db: None) -> Instrument:
    """An instrument that is renamed to META today."""
    row = instrument_make("FB")
    CorporateAction.objects.create(
        instrument=row, kind=ActionKind.SYMBOL_CHANGE, ex_date=DAY, new_symbol="META", source="CSV"
    )
    return row
