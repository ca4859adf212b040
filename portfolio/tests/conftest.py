"""Fixtures of the portfolio tests."""

import pytest

from portfolio.models import Portfolio
from portfolio.tests.factories import market_make, portfolio_make


@pytest.fixture
def portfolio(db: None) -> Portfolio:
    """A paper portfolio of Jimin, with the market live."""
    market_make()
    return portfolio_make()
