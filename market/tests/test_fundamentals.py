"""Figures of companies: told by sources only, asked for in the background, shown with their age."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from market.company_models import CompanyFundamentals
from market.errors import ProviderAnswerError, SymbolUnknownError
from market.models import Instrument
from market.providers import chain
from market.providers.base import Asset, BaseProvider, Capability, Fundamentals
from market.services import fundamentals_refresh, fundamentals_update
from market.tasks import fetch_fundamentals, refresh_fundamentals
from market.tests.factories import instrument_make, quote_put
from tests.query_budget import query_budget
from tradingplatform.clock import now
from tradingplatform.errors import LimitExceededError, TradingPlatformError, UnavailableError
from tradingplatform.services import services

pytestmark = pytest.mark.django_db(databases="__all__")

URL = "/api/market/fundamentals/AAPL"
JOB = "market.fundamentals_fetch"


class Teller(BaseProvider):
    """A source that tells one figure of US companies, or fails."""

    name = "FMP"
    capabilities = frozenset({Capability.FUNDAMENTALS})

    def __init__(self) -> None:
        self.fault: TradingPlatformError | None = None
        self.asked: list[str] = []

    def serves(self, capability: Capability, asset: Asset) -> bool:
        return capability in self.capabilities and asset.exchange == "NASDAQ"

    def fundamentals(self, asset: Asset) -> Fundamentals:
        self.asked.append(asset.symbol)
        if self.fault is not None:
            raise self.fault
        return Fundamentals(
            symbol=asset.symbol,
            figures={"priceToEarningsRatioTTM": Decimal("31.5"), "netIncome": Decimal(99)},
            currency="USD",
            source=self.name,
            as_of=now(),
            period_end=date(2026, 9, 30),
            screened={"price_to_earnings": Decimal("31.5")},
        )


@pytest.fixture
def teller(monkeypatch, settings) -> Teller:
    told = Teller()
    settings.MARKET_PROVIDERS = ["FMP"]
    monkeypatch.setattr(chain, "FACTORIES", {"FMP": lambda: told})
    return told


@pytest.fixture
def user(signed_in) -> Any:
    return signed_in("looker")


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, list[str]]]:
    jobs: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(
        "market.services.asking.enqueue", lambda name, symbols: jobs.append((name, symbols))
    )
    return jobs


def _grown_old(age: timedelta) -> None:
    assert CompanyFundamentals.objects.update(as_of=now() - age) == 1


def test_without_a_source_the_answer_says_so(client, settings):
    settings.MARKET_PROVIDERS = ["KIS", "FMP", "CSV", "SAMPLE"]
    instrument_make("AAPL")

    answer = client.get(URL)

    assert (answer.status_code, answer.json()["errorCode"]) == (501, "CAPABILITY_MISSING")
    assert client.get("/api/market/fundamentals/NONE").status_code == 404


def test_a_source_is_asked_once_in_the_background_and_named(user, teller, asked):
    instrument_make("AAPL")

    first, second = user.get(URL).json(), user.get(URL).json()

    assert first == second
    assert (first["status"], first["source"], first["figures"]) == ("PENDING", None, {})
    assert (asked, teller.asked) == ([(JOB, ["AAPL"])], [])

    fetch_fundamentals(symbols=["AAPL"])
    with query_budget("market:fundamentals"):
        told = user.get(URL).json()

    row = CompanyFundamentals.objects.get()
    assert told == {
        "symbol": "AAPL",
        "status": "AVAILABLE",
        "fault": None,
        "source": "FMP",
        "as_of": row.as_of.isoformat(),
        "currency": "USD",
        "period_end": "2026-09-30",
        "figures": {"priceToEarningsRatioTTM": "31.5", "netIncome": "99"},
    }
    assert asked == [(JOB, ["AAPL"])]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ProviderAnswerError("garbage"), "PROVIDER_ANSWER_INVALID"),
        (SymbolUnknownError("no figures"), "SYMBOL_UNKNOWN"),
        (LimitExceededError("later"), "RATE_LIMITED"),
    ],
)
def test_a_failure_is_told_and_nothing_is_made_up(client, teller, asked, fault, code):
    instrument_make("AAPL")
    teller.fault = fault

    assert fundamentals_update(symbols=["AAPL"]) == 0

    answer = client.get(URL).json()
    assert (answer["status"], answer["fault"]) == ("UNAVAILABLE", code)
    assert (answer["figures"], answer["as_of"], asked) == ({}, None, [])
    assert not CompanyFundamentals.objects.exists()


def test_old_figures_keep_their_time_while_the_source_fails(user, teller, asked):
    instrument_make("AAPL")
    fundamentals_update(symbols=["AAPL"])
    _grown_old(timedelta(days=2))
    as_of = user.get(URL).json()["as_of"]
    assert asked == [(JOB, ["AAPL"])]

    teller.fault = UnavailableError("down")
    fundamentals_update(symbols=["AAPL"])

    answer = user.get(URL).json()
    assert (answer["status"], answer["fault"]) == ("AVAILABLE", "UNAVAILABLE")
    assert (answer["as_of"], answer["figures"]["netIncome"]) == (as_of, "99")


def _looked_at(*symbols: str) -> None:
    for symbol in symbols:
        if not Instrument.objects.filter(symbol=symbol).exists():
            instrument_make(symbol)
    fetch_fundamentals(symbols=list(symbols))


def test_what_a_user_looked_at_lately_is_asked_for_again_each_day(teller, time_machine):
    _looked_at("AAPL")
    started = now()

    assert fundamentals_refresh() == 0
    for day in range(1, 10):
        time_machine.move_to(started + timedelta(days=day, minutes=day))
        refresh_fundamentals()

    # Once when it was looked at, then on each of the six days within a week of that.
    assert teller.asked == ["AAPL"] * 7


def test_a_look_at_young_figures_is_noted_without_a_call(user, teller, asked):
    _looked_at("AAPL")
    CompanyFundamentals.objects.update(looked_at=now() - timedelta(days=3))
    user.get(URL)
    assert asked == [(JOB, ["AAPL"])]
    teller.asked.clear()

    fetch_fundamentals(symbols=["AAPL"])

    assert teller.asked == []
    assert CompanyFundamentals.objects.filter(looked_at__gt=now() - timedelta(minutes=5)).exists()


def test_who_always_fails_keeps_nobody_waiting(teller):
    symbols = [f"T{number:02}" for number in range(25)]
    for symbol in symbols:
        instrument_make(symbol, exchange="NASDAQ", currency="USD")
    _looked_at(*symbols)
    CompanyFundamentals.objects.update(
        as_of=now() - timedelta(days=2), asked_at=now() - timedelta(days=2)
    )
    teller.asked.clear()
    teller.fault = ProviderAnswerError("garbage")

    fundamentals_refresh(most=20)
    fundamentals_refresh(most=20)

    assert sorted(teller.asked) == symbols


def test_who_is_served_no_longer_keeps_nobody_waiting(teller):
    moved = instrument_make("AAA", exchange="NASDAQ", currency="USD")
    instrument_make("AAPL")
    _looked_at("AAA", "AAPL")
    CompanyFundamentals.objects.update(
        as_of=now() - timedelta(days=2), asked_at=now() - timedelta(days=2)
    )
    moved.exchange = "KRX"
    moved.save()
    teller.asked.clear()

    assert fundamentals_refresh(most=1) == 0
    assert fundamentals_refresh(most=1) == 1

    assert teller.asked == ["AAPL"]


def test_a_visitor_reads_what_is_stored_and_has_nobody_asked(client, user, teller, asked):
    instrument_make("AAPL")

    assert client.get(URL).json()["status"] == "NOT_ASKED"
    assert asked == []

    user.get(URL)
    assert client.get(URL).json()["status"] == "PENDING"
    fetch_fundamentals(symbols=["AAPL"])
    _grown_old(timedelta(days=30))
    services.cache.delete(f"asked:{JOB}:AAPL")
    asked.clear()

    assert client.get(URL).json()["status"] == "AVAILABLE"
    assert (asked, teller.asked) == ([], ["AAPL"])


def test_a_used_up_budget_ends_the_round(teller):
    for symbol in ("AAPL", "MSFT"):
        instrument_make(symbol)
    teller.fault = LimitExceededError("later")

    assert fundamentals_update(symbols=["AAPL", "MSFT"]) == 0
    assert teller.asked == ["AAPL"]


def test_an_instrument_that_no_source_serves_is_asked_of_nobody(client, teller, asked):
    instrument_make("005930")

    answer = client.get("/api/market/fundamentals/005930")

    assert (answer.status_code, asked, teller.asked) == (501, [], [])


def test_requests_do_without_a_queue(user, teller, monkeypatch):
    def cannot(name: str, **_: Any) -> None:
        raise UnavailableError(name)

    monkeypatch.setattr("market.services.asking.enqueue", cannot)
    instrument_make("AAPL")

    assert user.get(URL).json()["status"] == "PENDING"


def _screened(client: Any) -> Callable[[], Any]:
    filters = [{"field": "price_to_earnings", "op": "lte", "value": 40}]
    body = {"definition": {"filters": filters, "sort": "price_to_earnings"}}
    return lambda: client.post("/api/market/screener", body, content_type="application/json").json()


def test_screens_filter_on_what_sources_told_this_week(client, teller):
    for symbol in ("AAPL", "MSFT"):
        quote_put(instrument_make(symbol), "100")
    run = _screened(client)
    assert run()["left_out"][0]["instruments"] == 2

    fundamentals_update(symbols=["AAPL"])

    answer = run()
    [row] = answer["results"]
    assert (row["symbol"], row["price_to_earnings"], row["market_cap"]) == ("AAPL", 31.5, None)
    assert row["fundamentals_source"] == "FMP"
    assert row["fundamentals_as_of"] == CompanyFundamentals.objects.get().as_of.isoformat()
    assert answer["left_out"][0]["instruments"] == 1
    fields = {
        one["field"]: one["status"] for one in client.get("/api/market/screener").json()["results"]
    }
    assert (fields["price_to_earnings"], fields["market_cap"]) == ("AVAILABLE", "UNAVAILABLE")

    _grown_old(timedelta(days=8))
    assert run()["results"] == []
