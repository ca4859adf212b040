"""What holds for every page: who may see it, what it may load, how it fails."""

from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.pages.settings_views import SECTIONS
from accounts.services.users import user_sign_up
from dashboard.pages.context import components_are_built
from dashboard.tests.browser import Page
from dashboard.tests.conftest import LOG_IN, first_portfolio_open

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.mark.parametrize("shown", [True, False])
def test_visitors_see_quotes_where_the_operator_allows_it(
    client: Client, settings, shown: bool
) -> None:
    settings.MARKET_ANONYMOUS = shown

    response = client.get("/")

    assert response.status_code == 200
    tags = {tag for tag, _ in Page(response.text).tags}
    assert ({"quote-table", "sample-badge", "connection-badge"} <= tags) is shown
    assert "account-bar" not in tags


@pytest.mark.parametrize(
    "path",
    ["/trade", f"/trade/portfolios/{UUID(int=1)}/ledger", "/settings", "/settings/security"],
)
def test_pages_of_users_send_visitors_to_the_log_in(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"] == f"/log-in?next={path}"


def test_head_answers_like_get(client: Client) -> None:
    assert client.head("/").status_code == 200


def test_only_operators_enter_the_console(client: Client, lee: User) -> None:
    assert client.get("/admin/").status_code == 403
    assert "/admin/" not in client.get("/trade").text

    user_sign_up(email="op@example.com", password="correct horse 9", nickname="Op", is_staff=True)
    operator = Client()
    form = {"email": "op@example.com", "password": "correct horse 9"}
    operator.post(reverse("account-pages:log-in"), form)

    assert operator.get("/admin/").status_code == 200
    assert 'href="/admin/"' in operator.get("/trade").text
    assert 'href="/api/docs"' in operator.get("/trade").text


SETTINGS = [f"/settings/{section.name}" for section in SECTIONS]


@pytest.mark.parametrize(
    "path", ["/", "/log-in", "/sign-up", "/trade", "/no-such-page", "/settings", *SETTINGS]
)
def test_no_page_has_inline_code_or_leaves_this_site(client: Client, lee: User, path: str) -> None:
    first_portfolio_open(lee)

    for browser in (client, Client()):
        response = browser.get(path, follow=True)
        policy = response["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy
        assert "default-src 'self'" in policy
        page = Page(response.text)
        assert page.inline_code == []
        assert page.handlers == []
        assert [one for one in page.addresses if one.startswith(("http:", "https:", "//"))] == []


def test_every_field_has_a_label_and_every_button_a_name(client: Client) -> None:
    for path in ("/log-in", "/sign-up"):
        page = Page(client.get(path).text)
        labelled = {tag.get("for") for name, tag in page.tags if name == "label"}
        fields = [
            tag.get("id")
            for name, tag in page.tags
            if name == "input" and tag.get("type") != "hidden"
        ]
        assert set(fields) <= labelled


def test_a_missing_build_is_said_in_one_line(client: Client, settings, tmp_path) -> None:
    settings.COMPONENTS_MANIFEST = tmp_path / "manifest.json"
    components_are_built.cache_clear()
    try:
        response = client.get("/")
    finally:
        components_are_built.cache_clear()

    assert response.status_code == 200
    assert "components of this page are not built" in response.text


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [("/no-such-page", 404, "There is nothing at this address.")],
)
def test_errors_wear_the_design_of_the_pages(
    client: Client, path: str, status: int, text: str
) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert text in response.text
    assert "site-header" in response.text


def test_a_form_without_its_token_gets_a_page_that_says_so() -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("account-pages:log-in"), LOG_IN)

    assert response.status_code == 403
    assert "The form has expired." in response.text
