"""The log-in page: a passkey in place of the password, or after it."""

from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.test import Client

from accounts.models import OtpFactor, User
from accounts.services.pages import page_principal
from accounts.tests.authenticator import Authenticator
from accounts.tests.conftest import PASSWORD
from accounts.tests.passkey_steps import registered, shown

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def site_routes(settings: Any) -> None:
    settings.ROOT_URLCONF = "tradingplatform.urls"


def sent(client: Client, shown_by: dict[str, Any], path: str = "/log-in") -> Any:
    answer = orjson.dumps(shown_by["credential"]).decode()
    return client.post(path, {**shown_by, "credential": answer})


def test_a_browser_logs_in_by_a_passkey_and_goes_where_it_wanted(browser: Client) -> None:
    key, client = Authenticator(), Client()
    registered(browser, key)
    page = client.get("/log-in")
    assert page.context["passkey"] == {
        "ticket": "",
        "domain": "localhost",
        "address": "http://localhost:8000",
    }
    done = sent(client, shown(client, key) | {"ticket": ""}, "/log-in?next=/ledger")
    assert (done.status_code, done["Location"]) == (302, "/ledger")
    assert page_principal(done.wsgi_request) is not None
    assert client.get("/api/account/me").status_code == 200


def test_the_second_step_offers_what_the_account_has(
    mina: User, joon: User, browser: Client
) -> None:
    key, client = Authenticator(), Client()
    registered(browser, key)
    asked = client.post("/log-in", {"email": mina.email, "password": PASSWORD})
    ticket = asked.context["passkey"]["ticket"]
    assert ticket == asked.context["form"]["ticket"].value()

    key.sign_count, key.origin = 9, "https://evil.example"
    wrong = sent(client, shown(client, key, ticket))
    assert (wrong.status_code, wrong.context["passkey"]["ticket"]) == (422, ticket)
    assert wrong.context["form"].errors.keys() == {"__all__"}
    key.origin = "http://localhost:8000"
    assert sent(client, shown(client, key, ticket)).status_code == 302


def test_who_has_an_app_only_is_not_asked_for_a_passkey(mina: User) -> None:
    OtpFactor.objects.create(user=mina, sealed="x", confirmed_at=mina.joined_at)
    asked = Client().post("/log-in", {"email": mina.email, "password": PASSWORD})
    assert asked.context["passkey"] is None
    assert b"data-passkey" not in asked.content


@pytest.mark.parametrize(
    "body",
    [
        {"challenge_id": "x", "credential": "{}"},
        {"challenge_id": str(uuid4()), "credential": "[]"},
        {"challenge_id": str(uuid4()), "credential": "{"},
        {"challenge_id": str(uuid4()), "credential": "{}"},
        {"challenge_id": str(uuid4()), "credential": "{}", "ticket": "unknown"},
    ],
)
def test_nonsense_leads_back_to_the_password(body: dict[str, str]) -> None:
    answer = Client().post("/log-in", body)
    assert answer.status_code == 422
    assert b'name="password"' in answer.content
    assert answer.context["form"].errors.keys() == {"__all__"}
    assert page_principal(answer.wsgi_request) is None
