"""Signing up, logging in and logging out with forms."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dashboard.tests.conftest import LOG_IN, PERSON

pytestmark = pytest.mark.django_db(databases="__all__")


def test_signing_up_logs_in_and_offers_the_first_portfolio(client: Client) -> None:
    response = client.post(reverse("account-pages:sign-up"), PERSON, follow=True)

    assert response.redirect_chain == [("/trade", 302)]
    assert 'action="/trade/portfolios"' in response.text
    assert User.objects.get().nickname == "Lee"


@pytest.mark.parametrize(
    ("_case", "change", "message"),
    [
        ("short password", {"password": "123"}, "at least 8 characters"),
        ("common password", {"password": "password123"}, "too common"),
        ("bad address", {"email": "nobody"}, "valid email"),
        ("bad nickname", {"nickname": "<b>"}, "letters, digits"),
    ],
)
def test_a_bad_sign_up_says_why_and_creates_nothing(
    client: Client, _case: str, change: dict[str, str], message: str
) -> None:
    response = client.post(reverse("account-pages:sign-up"), {**PERSON, **change})

    assert response.status_code == 422
    assert message in response.text
    assert not User.objects.exists()


def test_an_address_signs_up_once(client: Client, lee: User) -> None:
    response = Client().post(reverse("account-pages:sign-up"), PERSON)

    assert response.status_code == 422
    assert "An account with this address exists." in response.text
    assert User.objects.count() == 1


def test_a_wrong_password_is_refused_without_saying_which_part_is_wrong(lee: User) -> None:
    for form in ({**LOG_IN, "password": "wrong horse"}, {**LOG_IN, "email": "no@example.com"}):
        browser = Client()
        response = browser.post(reverse("account-pages:log-in"), form)

        assert response.status_code == 422
        assert "The address or the password is wrong." in response.text
        assert browser.get("/trade").status_code == 302


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/trade?x=1", "/trade?x=1"),
        ("https://evil.example/", "/trade"),
        ("//evil.example/", "/trade"),
        ("javascript:alert(1)", "/trade"),
    ],
)
def test_logging_in_goes_on_to_our_own_pages_only(lee: User, wanted: str, reached: str) -> None:
    response = Client().post(reverse("account-pages:log-in"), {**LOG_IN, "next": wanted})

    assert response.status_code == 302
    assert response["Location"] == reached


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_logging_out_ends_the_session_everywhere(client: Client, lee: User) -> None:
    cookies = client.cookies.output()
    copy = Client()
    copy.cookies.load(cookies.replace("Set-Cookie: ", ""))
    assert copy.get("/trade").status_code == 200

    assert client.post(reverse("account-pages:log-out"))["Location"] == "/"

    assert client.get("/trade").status_code == 302
    assert copy.get("/trade").status_code == 302


def test_logging_out_needs_the_token_of_the_page(lee: User) -> None:
    browser = Client(enforce_csrf_checks=True)

    assert browser.post(reverse("account-pages:log-out")).status_code == 403
