"""A key is tried with whoever gave it, and the answer is about the key alone."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import AuditEntry, User, UserApiKey
from accounts.services import LoggedIn
from accounts.services.broker_keys import BrokerKeyName, broker_key_store
from accounts.tests.factories import address_confirm
from tests.emulators.fmp.emulator import FmpEmulator, running_fmp_emulator
from tests.emulators.kis.emulator import KisEmulator, running_kis_emulator
from tests.emulators.openai import OpenAIEmulator, serve
from tradingplatform.services.models import ProviderToken

pytestmark = pytest.mark.django_db(databases="__all__")
KEYS = "/api/account/broker-keys"


@pytest.fixture
def session(mina: User, log_in: Callable[[User], LoggedIn]) -> LoggedIn:
    address_confirm(mina)
    return log_in(mina)


@pytest.fixture
def kis(settings: Any) -> Iterator[KisEmulator]:
    with running_kis_emulator() as running:
        settings.KIS_HOSTS = {
            "LIVE": (running.rest_url, running.ws_url),
            "PAPER": (running.paper_rest_url, running.paper_ws_url),
        }
        yield running


@pytest.fixture
def fmp(settings: Any) -> Iterator[FmpEmulator]:
    with running_fmp_emulator() as running:
        settings.FMP_URL = running.url
        yield running


def stored(user: User, provider: str, environment: str = "LIVE", **given: str) -> UserApiKey:
    which = BrokerKeyName(provider, environment)
    return broker_key_store(owner=user, which=which, given=given)


def kis_key(
    user: User, kis: KisEmulator, side: str, environment: str, **changes: str
) -> UserApiKey:
    key = kis.keys(side)[0]
    given = {
        "app_key": key.app_key,
        "app_secret": key.app_secret,
        "account_number": key.account,
    }
    return stored(user, "KIS", environment, **(given | changes))


def tried(browser: Client, key: UserApiKey) -> Any:
    return browser.post(f"{KEYS}/{key.pk}/test")


def said(response: Any) -> tuple[bool, str]:
    assert response.status_code == 200, response.content
    return response.json()["works"], response.json()["reason"]


@pytest.mark.parametrize(("side", "environment"), [("real", "LIVE"), ("paper", "PAPER")])
def test_a_good_key_of_kis_works(
    browser: Client, mina: User, kis: KisEmulator, side: str, environment: str
) -> None:
    key = kis_key(mina, kis, side, environment)

    assert said(tried(browser, key)) == (True, "")
    assert said(tried(browser, key)) == (True, "")
    # KIS tells the owner's phone of each token, and gives one a minute.
    assert len(kis.truth.find("token")) == ProviderToken.objects.count() == 1
    entries = AuditEntry.objects.filter(action="BROKER_KEY_TESTED", account_db_key=mina.pk)
    assert ['"works":true' in entry.details for entry in entries] == [True, True]


def test_a_wrong_secret_is_refused(browser: Client, mina: User, kis: KisEmulator) -> None:
    key = kis_key(mina, kis, "real", "LIVE", app_secret="guessed" * 20)

    assert said(tried(browser, key)) == (False, "KEY_REFUSED")
    assert ProviderToken.objects.count() == 0
    again = tried(browser, key)
    assert (again.status_code, again["Retry-After"]) == (503, "61")
    assert len(kis.truth.find("call")) == 1


def test_a_paper_key_among_live_ones_is_noticed(
    browser: Client, mina: User, kis: KisEmulator
) -> None:
    key = kis_key(mina, kis, "paper", "LIVE")

    assert said(tried(browser, key)) == (False, "WRONG_ENVIRONMENT")


def test_a_key_of_fmp_works_or_does_not(browser: Client, mina: User, fmp: FmpEmulator) -> None:
    good = stored(mina, "FMP", api_key=fmp.api_key)
    assert said(tried(browser, good)) == (True, "")

    fmp.misbehave("error", status=402, times=1)
    assert said(tried(browser, good)) == (True, "PLAN_TOO_SMALL")
    good.delete()
    assert said(tried(browser, stored(mina, "FMP", api_key="wrong"))) == (False, "KEY_REFUSED")


def test_a_key_of_openai_works_or_does_not(browser: Client, mina: User, settings: Any) -> None:
    emulator = OpenAIEmulator()
    with serve(emulator) as url:
        settings.OPENAI_URL = url
        key = stored(mina, "OPENAI", api_key="sk-mina")
        assert said(tried(browser, key)) == (True, "")
        emulator.models_status = 401
        assert said(tried(browser, key)) == (False, "KEY_REFUSED")


@pytest.mark.parametrize("provider", ["KIS", "FMP", "OPENAI"])
def test_a_provider_out_of_reach_says_nothing_about_a_key(
    browser: Client, mina: User, provider: str
) -> None:
    given = {"api_key": "a-key"}
    if provider == "KIS":
        given = {"app_key": "a", "app_secret": "b", "account_number": "12345678-01"}
    response = tried(browser, stored(mina, provider, **given))

    assert (response.status_code, response.json()["errorCode"]) == (502, "UPSTREAM_FAILED")
    assert AuditEntry.objects.filter(action="BROKER_KEY_TESTED").count() == 0


def test_nobody_tries_the_key_of_another(browser: Client, joon: User, fmp: FmpEmulator) -> None:
    theirs = stored(joon, "FMP", api_key=fmp.api_key)

    assert tried(browser, theirs).status_code == 404
    assert browser.post(f"{KEYS}/{uuid4()}/test").status_code == 404
    assert fmp.truth.find("call") == []
