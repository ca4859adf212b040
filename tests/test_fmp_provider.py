"""Our FMP client against the emulator: what it says is the emulator's truth."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import stamina

from market.company_models import CompanyFundamentals
from market.enums import Adjustment
from market.errors import ProviderAnswerError
from market.providers import chain
from market.providers.base import Asset, BarsWanted
from market.services import fundamentals_update, news_update
from market.tests.factories import instrument_make
from tests.emulators.fmp.emulator import FmpEmulator, running_fmp_emulator
from tests.emulators.kis.instruments import Instrument as Listed
from tradingplatform.clock import now
from tradingplatform.errors import (
    LimitExceededError,
    TradingPlatformError,
    UnavailableError,
    UpstreamError,
)
from tradingplatform.services import override_services, services
from tradingplatform.services.external.budget import Window
from tradingplatform.services.external.fmp import PLANS, FmpKeyError
from tradingplatform.services.external.live import LiveExternal

APPLE = Asset("AAPL", "NASDAQ", "USD")
COKE = Asset("KO", "NYSE", "USD")
UNKNOWN = Asset("NOSUCH", "NASDAQ", "USD")
BERKSHIRE = Asset("BRK.B", "NYSE", "USD")
_LISTED = Listed("BRK.B", "버크셔", "Berkshire", "NYS", Decimal(480), "Insurance", 2_100_000_000)


@pytest.fixture
def fmp(settings: Any) -> Iterator[FmpEmulator]:
    settings.MARKET_PROVIDERS = ["KIS", "FMP", "SAMPLE"]
    listed = running_fmp_emulator(plan="PREMIUM", instruments=[_LISTED])
    with listed as emulator, stamina.set_testing(True, attempts=3):
        settings.FMP_URL, settings.FMP_API_KEY = emulator.url, emulator.api_key
        settings.FMP_PLAN = "PREMIUM"
        with override_services(external=LiveExternal()):
            yield emulator
            services.external.close()


def test_a_quote_is_the_truth(fmp: FmpEmulator) -> None:
    fmp.trade("AAPL", fmp.line("AAPL").base + 1, 7)

    quotes = chain.quotes_fetch([APPLE, UNKNOWN])

    line = fmp.line("AAPL")
    assert set(quotes) == {"AAPL"}
    quote = quotes["AAPL"]
    assert (quote.price, quote.day.volume, quote.source) == (line.last, line.volume, "FMP")
    assert quote.day.base_price == line.base


def test_daily_bars_are_the_truth(fmp: FmpEmulator) -> None:
    today = now().date()
    history = fmp.market.history("AAPL")[-20:]
    wanted = BarsWanted("1d", today - timedelta(days=60), today, Adjustment.SPLIT)

    bars = chain.bars_fetch(APPLE, wanted)

    closes = {
        datetime.fromtimestamp(at, UTC).date(): Decimal(close) / 10**6
        for at, close in zip(bars.bars.times.tolist(), bars.bars.closes.tolist(), strict=True)
    }
    assert bars.source == "FMP"
    assert {bar.day: bar.close for bar in history}.items() <= closes.items()


def test_figures_news_and_instruments_have_source_and_time(fmp: FmpEmulator) -> None:
    facts = chain.fundamentals_fetch(APPLE)
    assert (facts.source, facts.symbol) == ("FMP", "AAPL")
    assert facts.figures["netIncome"] != 0

    assert {item.source for item in chain.news_fetch([APPLE], limit=5)} == {"FMP"}
    assert "AAPL" in {fact.symbol for fact in chain.instruments_fetch("AAPL")}


def test_a_class_of_shares_goes_by_our_symbol_in_all_answers(fmp: FmpEmulator) -> None:
    today = now().date()
    wanted = BarsWanted("1d", today - timedelta(days=30), today)

    quotes = chain.quotes_fetch([APPLE, BERKSHIRE])
    bars = chain.bars_fetch(BERKSHIRE, wanted)
    profile = chain.profile_fetch(BERKSHIRE)

    assert quotes["BRK.B"].price == fmp.line("BRK.B").last
    assert (bars.symbol, len(bars.bars) > 0) == ("BRK.B", True)
    assert chain.fundamentals_fetch(BERKSHIRE).symbol == "BRK.B"
    assert {item.symbols for item in chain.news_fetch([BERKSHIRE])} == {("BRK.B",)}
    assert [fact.symbol for fact in chain.instruments_fetch("BRK.B")] == ["BRK.B"]
    assert profile is not None
    assert profile.symbol == "BRK.B"
    asked = {str(call.data["query"]) for call in fmp.truth.find("call")}
    assert not [query for query in asked if "BRK.B" in query]


@pytest.mark.django_db(databases="__all__")
def test_figures_and_news_of_a_company_reach_clients(fmp: FmpEmulator, client: Any) -> None:
    instrument_make("AAPL")

    assert (fundamentals_update(symbols=["AAPL"]), news_update(symbols=["AAPL"]) > 0) == (1, True)

    told = client.get("/api/market/fundamentals/AAPL").json()
    assert (told["status"], told["source"]) == ("AVAILABLE", "FMP")
    stored = CompanyFundamentals.objects.get()
    truth = Decimal(told["figures"]["priceToEarningsRatioTTM"])
    assert Decimal(str(stored.price_to_earnings)) == truth > 0
    assert stored.market_cap is not None
    news = client.get("/api/market/news", {"symbols": "AAPL"}).json()
    assert (news["status"], news["sources"]) == ("AVAILABLE", ["FMP"])
    assert {(row["source"], *row["symbols"]) for row in news["results"]} == {("FMP", "AAPL")}


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("error", {"status": 500}),
        ("error", {"status": 429}),
        ("garbage", {}),
        ("cut", {}),
    ],
)
def test_one_fault_is_got_over_and_a_lasting_one_is_told(
    fmp: FmpEmulator, kind: str, options: dict[str, Any]
) -> None:
    fmp.misbehave(kind, times=1, **options)
    assert chain.quotes_fetch([APPLE])["AAPL"].price == fmp.line("AAPL").last

    # Another symbol, for the answer about the first one is shared for a moment.
    fmp.misbehave(kind, **options)
    with pytest.raises((UpstreamError, UnavailableError)) as failed:
        chain.quotes_fetch([COKE])
    assert isinstance(failed.value, TradingPlatformError)
    assert not isinstance(failed.value, ProviderAnswerError)


def test_a_wrong_key_is_an_error_and_in_no_message(fmp: FmpEmulator, settings: Any) -> None:
    settings.FMP_API_KEY = "wrong-key-0123456789"
    services.external.close()

    with pytest.raises(FmpKeyError) as refused:
        chain.quotes_fetch([APPLE])
    assert settings.FMP_API_KEY not in str(refused.value)
    assert len(fmp.truth.find("call")) == 1


def test_looks_leave_calls_of_a_plan_to_backfill(
    fmp: FmpEmulator, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setitem(PLANS, "FREE", (Window(10, 24 * 3600.0),))
    settings.FMP_PLAN = "FREE"
    services.external.close()
    today = now().date()

    chain.fundamentals_fetch(APPLE)
    with pytest.raises(LimitExceededError):
        chain.fundamentals_fetch(COKE)
    with pytest.raises(LimitExceededError):
        chain.news_fetch([APPLE])

    assert len(fmp.truth.find("call")) == 4
    for _ in range(6):
        chain.bars_fetch(APPLE, BarsWanted("1d", today - timedelta(days=9), today))
    assert len(fmp.truth.find("call")) == 10
