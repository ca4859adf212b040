"""The pages of the market: movers and the screener."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dashboard.tests.browser import Page

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.mark.parametrize(
    ("path", "tag"), [("/market", "market-overview"), ("/screener", "market-screener")]
)
def test_pages_of_the_market_are_open_where_the_operator_allows_it(
    client: Client, settings, path: str, tag: str
) -> None:
    shown = client.get(path)
    settings.MARKET_ANONYMOUS = False
    hidden = client.get(path)

    assert shown.status_code == 200
    tags = [name for name, _ in Page(shown.text).tags]
    assert tags.count(tag) == 1
    assert f'href="{path}"' in shown.text
    assert hidden.status_code == 302
    assert hidden["Location"].split("?")[0] == reverse("account-pages:log-in")


def test_sections_show_to_whom_the_market_is_open(client: Client, lee: User, settings) -> None:
    settings.MARKET_ANONYMOUS = False

    signed_in = client.get("/market").text
    client.logout()
    visitor = client.get("/").text

    assert signed_in.count('aria-current="page"') == 2
    assert 'href="/screener"' in signed_in
    assert 'href="/screener"' not in visitor
