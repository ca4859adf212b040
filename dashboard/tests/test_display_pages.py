"""The language and the look of pages, of visitors and of accounts."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.selectors import display_of
from accounts.services.users import user_sign_up
from dashboard.tests.browser import Page
from dashboard.tests.conftest import LOG_IN, PERSON

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.mark.parametrize(
    ("header", "cookie", "language"),
    [
        ("en-US,en;q=0.9", "", "en"),
        ("ko-KR,ko;q=0.9,en;q=0.5", "", "ko"),
        ("fr-FR", "", "en"),
        ("en-US", "ko", "ko"),
        ("ko-KR", "en", "en"),
    ],
)
def test_the_language_is_that_of_the_cookie_else_of_the_browser(
    client: Client, header: str, cookie: str, language: str
) -> None:
    if cookie:
        client.cookies["language"] = cookie

    response = client.get("/log-in", headers={"accept-language": header})

    assert f'<html lang="{language}"' in response.text
    assert ("로그인" in response.text) == (language == "ko")


def test_switching_the_language_is_remembered(client: Client) -> None:
    response = client.post(reverse("pages:language"), {"language": "ko", "next": "/log-in"})

    assert response["Location"] == "/log-in"
    assert "로그인" in client.get("/log-in").text


@pytest.mark.parametrize(("language", "colours"), [("ko", "red-up"), ("en", "green-up")])
def test_rising_prices_wear_the_colour_usual_in_the_language(
    client: Client, language: str, colours: str
) -> None:
    client.cookies["language"] = language
    assert f'data-colours="{colours}"' in client.get("/").text

    client.cookies["colours"] = "green-up"
    client.cookies["theme"] = '"><script>'
    response = client.get("/")
    assert 'data-colours="green-up"' in response.text
    assert 'data-theme="system"' in response.text


def _patch_display(client: Client, **changes: object) -> None:
    response = client.patch("/api/profile/display", changes, content_type="application/json")
    assert response.status_code == 200


def _signed_up_elsewhere() -> User:
    return user_sign_up(
        email=PERSON["email"], nickname=PERSON["nickname"], password=PERSON["password"]
    )


def _html(client: Client, path: str = "/settings/display") -> dict[str, str | None]:
    return next(tag for name, tag in Page(client.get(path).text).tags if name == "html")


def test_pages_follow_the_account_on_every_device(client: Client, lee: User) -> None:
    other = Client(headers={"accept-language": "en-US"})
    other.post(reverse("account-pages:log-in"), LOG_IN)
    other.cookies["theme"] = "light"

    _patch_display(client, language="ko", theme="dark", blur_amounts=True)

    for browser in (client, other):
        shown = _html(browser)
        assert (shown["lang"], shown["data-theme"]) == ("ko", "dark")
        assert (shown["data-colours"], shown["data-blur"]) == ("red-up", "on")
        assert "투자성향" in browser.get("/settings/profile").text
    assert _html(Client(), "/log-in")["data-theme"] == "system"


def test_the_language_button_is_remembered_by_the_account(client: Client, lee: User) -> None:
    client.post(reverse("pages:language"), {"language": "ko", "next": "/settings"})
    client.post(reverse("pages:language"), {"language": "xx", "next": "/settings"})

    lee.refresh_from_db()
    assert lee.language == "ko"
    assert _html(client)["lang"] == "ko"


def test_the_first_log_in_takes_over_the_look_of_the_visitor(client: Client) -> None:
    user = _signed_up_elsewhere()
    client.cookies.load({"theme": "dark", "colours": "red-up", "language": "en"})
    client.post(reverse("account-pages:log-in"), LOG_IN)
    other = Client()
    other.cookies.load({"theme": "light", "language": "ko"})
    other.post(reverse("account-pages:log-in"), LOG_IN)

    user.refresh_from_db()
    shown = display_of(user)
    assert (shown.language, shown.theme, shown.colours) == ("en", "dark", "red-up")
    assert _html(other)["data-theme"] == "dark"


def test_a_look_that_nobody_offers_is_not_taken_over(client: Client) -> None:
    user = _signed_up_elsewhere()
    client.cookies.load({"theme": "pink", "colours": '"><script>'})
    client.post(reverse("account-pages:log-in"), LOG_IN)

    user.refresh_from_db()
    assert (user.theme, user.colours, user.language) == ("system", "", "ko")
