"""The trading page, its first form, and the ledger."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services.users import user_sign_up
from dashboard.tests.browser import Page
from dashboard.tests.conftest import first_portfolio_open
from market.services import sample_market_load
from portfolio.selectors import portfolio_summary, portfolios_get
from tradingplatform.clock import now

pytestmark = pytest.mark.django_db(databases="__all__")


def test_the_trading_page_holds_the_desk_and_the_rules_of_the_markets(
    client: Client, lee: User
) -> None:
    sample_market_load(since=now().date())
    first_portfolio_open(lee)

    response = client.get("/trade")

    tags = {tag for tag, _ in Page(response.text).tags}
    assert {"stock-chart", "watch-list", "order-ticket", "positions-table", "analyst-chat"} <= tags
    config = response.context["page_config"]
    assert config["signed_in"] is True
    assert config["default_symbols"][:2] == ["005930", "AAPL"]
    assert config["ticks"]["KRX"][1] == {"from": "2000", "tick": "5"}
    assert config["ticks"]["KRX:ETF"][-1] == {"from": "2000", "tick": "5"}
    assert config["costs"]["KRX"]["commission"] == "0.00015"


def test_the_start_page_of_users_is_the_trading_page(client: Client, lee: User) -> None:
    first_portfolio_open(lee)

    assert "order-ticket" in client.get("/").text


def test_opening_a_portfolio_gives_it_the_chosen_cash(client: Client, lee: User) -> None:
    form = {"name": "Mine", "cash": "both"}
    response = client.post(reverse("pages:portfolio-create"), form)

    assert (response.status_code, response["Location"]) == (302, "/trade")
    portfolio = portfolios_get(lee.pk).get()
    summary = portfolio_summary(account_db_key=lee.pk, portfolio_id=portfolio.pk)
    cash = {row.currency: row.available for row in summary.currencies}
    assert (portfolio.name, portfolio.base_currency) == ("Mine", "KRW")
    assert cash == {"KRW": Decimal(50_000_000), "USD": Decimal(50_000)}


def test_a_bad_portfolio_form_is_shown_again_with_the_text_escaped(
    client: Client, lee: User
) -> None:
    form = {"name": '"><script>alert(1)</script>', "cash": "a million"}
    response = client.post(reverse("pages:portfolio-create"), form)

    assert response.status_code == 422
    assert "<script>alert" not in response.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in response.text
    assert not portfolios_get(lee.pk).exists()


def test_the_ledger_shows_ones_own_entries_only(client: Client, lee: User) -> None:
    other = user_sign_up(email="kim@example.com", password="correct horse 9", nickname="Kim")
    own, foreign = first_portfolio_open(lee), first_portfolio_open(other)

    shown = client.get(reverse("pages:ledger", args=[own]))
    hidden = client.get(reverse("pages:ledger", args=[foreign]))

    assert shown.status_code == 200
    assert "Deposit" in shown.text
    assert "+1,000,000" in shown.text
    assert hidden.status_code == 404
    assert "1,000,000" not in hidden.text
