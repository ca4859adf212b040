"""What people look at reaches the live source, and is forgotten when they look away."""

from datetime import date

import pytest

from market import demand
from market.demand import Demand, demand_note, demand_wanted
from market.quote_selectors import quotes_get
from market.tests.factories import bar_make, instrument_make
from tradingplatform.services import override_services, services
from tradingplatform.services.audience import audience_tell
from tradingplatform.services.cache import MemoryCache


@pytest.fixture(autouse=True)
def _afresh(settings):
    settings.MARKET_FEED = "kis"
    demand.demand_forget()


def test_sockets_and_processes_are_added_up() -> None:
    audience_tell("sockets", {"market:AAPL": 3, "market:005930": 1}, for_s=10)
    demand_note(["AAPL", "MSFT"])

    assert demand_wanted().quotes == {"AAPL": 4, "005930": 1, "MSFT": 1}


def test_who_follows_an_order_book_wants_its_quote_too() -> None:
    audience_tell("sockets", {"market:AAPL": 3, "book:AAPL": 1, "book:005930": 2}, for_s=10)

    assert demand_wanted() == Demand({"AAPL": 4, "005930": 2}, {"AAPL": 1, "005930": 2})


def test_a_process_replaces_what_it_said_before() -> None:
    audience_tell("sockets", {"market:AAPL": 3}, for_s=10)
    audience_tell("sockets", {"market:MSFT": 1}, for_s=10)

    assert demand_wanted().quotes == {"MSFT": 1}


def test_what_is_not_said_again_is_wanted_no_more(monkeypatch) -> None:
    at = [100.0]
    monkeypatch.setattr("market.demand.clock.monotonic", lambda: at[0])
    with override_services(cache=MemoryCache(timer=lambda: at[0])):
        demand_note(["AAPL"], for_s=60)
        at[0] += 50
        demand_note(["MSFT"], for_s=60)
        assert demand_wanted().quotes == {"AAPL": 1, "MSFT": 1}
        at[0] += 20
        demand_note(["MSFT"], for_s=60)
        assert demand_wanted().quotes == {"MSFT": 1}
        at[0] += 61
        assert demand_wanted().quotes == {}


@pytest.mark.django_db(databases="__all__")
def test_who_asks_for_a_quote_wants_it() -> None:
    bar_make(instrument_make("AAPL"), date(2026, 11, 20), "100")

    quotes_get(["AAPL"])

    assert demand_wanted().quotes == {"AAPL": 1}


def test_the_sample_market_counts_nobody(settings) -> None:
    settings.MARKET_FEED = "sample"
    demand_note(["AAPL"])

    assert services.cache.slot_holders("audience") == []
