"""Sectors and industries from FMP and KIS, asked of their emulators."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import stamina
from django.db import connections
from django.test.utils import CaptureQueriesContext

from market.enums import Source
from market.models import Instrument
from market.providers import chain
from market.providers.base import Asset, BaseProvider, Capability, InstrumentFact
from market.services import profiles_refresh
from market.services.profiles import ASKED_SINGLY_MAX
from market.services.profiles import _unplaced as unplaced
from market.tests.factories import bar_make, instrument_make
from tests.emulators.fmp.emulator import FmpEmulator, running_fmp_emulator
from tradingplatform.clock import now
from tradingplatform.errors import LimitExceededError, TradingPlatformError, UpstreamError
from tradingplatform.services import override_services, services
from tradingplatform.services.external.live import LiveExternal

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def fmp(settings: Any) -> Iterator[FmpEmulator]:
    settings.MARKET_PROVIDERS = ["FMP", "SAMPLE"]
    with running_fmp_emulator(plan="PREMIUM") as emulator, stamina.set_testing(True, attempts=1):
        settings.FMP_URL, settings.FMP_API_KEY = emulator.url, emulator.api_key
        settings.FMP_PLAN = "PREMIUM"
        with override_services(external=LiveExternal()):
            yield emulator
            services.external.close()


def sectors() -> dict[str, tuple[str, str, str]]:
    rows = Instrument.objects.values_list("symbol", "sector", "industry", "sector_source")
    return {symbol: (sector, industry, source) for symbol, sector, industry, source in rows}


def asked(fmp: FmpEmulator, path: str) -> list[dict[str, str]]:
    return [call.data["query"] for call in fmp.truth.find("call", path=f"/stable/{path}")]


def test_one_call_an_exchange_places_its_companies(fmp: FmpEmulator) -> None:
    instrument_make("AAPL", sector="TECHNOLOGY", sector_source="SAMPLE")
    instrument_make("MSFT")
    instrument_make("NOSUCH")
    instrument_make("KO")
    instrument_make("005930", sector="TECHNOLOGY", sector_source="SAMPLE")
    told = {symbol: fmp.line(symbol).instrument.sector for symbol in ("AAPL", "MSFT", "KO")}

    assert profiles_refresh() == 3

    assert sectors() == {
        **{symbol: (sector, sector, "FMP") for symbol, sector in told.items()},
        "NOSUCH": ("", "", ""),
        "005930": ("TECHNOLOGY", "", "SAMPLE"),
    }
    assert profiles_refresh() == 0
    exchanges = [query["exchange"] for query in asked(fmp, "company-screener")]
    assert exchanges == ["NASDAQ", "NYSE"] * 2  # nothing of AMEX is known here


def test_who_is_followed_is_asked_about_singly_and_not_again_soon(
    fmp: FmpEmulator, time_machine: Any
) -> None:
    followed = instrument_make("NOSUCH")
    bar_make(followed, date(2026, 11, 20), "10", source=Source.FMP)
    instrument_make("NEITHER")

    profiles_refresh()
    profiles_refresh()
    assert [query["symbol"] for query in asked(fmp, "profile")] == ["NOSUCH"]

    time_machine.move_to(now() + timedelta(days=31))
    profiles_refresh()
    assert [query["symbol"] for query in asked(fmp, "profile")] == ["NOSUCH"] * 2
    assert Instrument.objects.get(symbol="NOSUCH").sector == ""


def test_a_profile_is_what_the_source_says(fmp: FmpEmulator) -> None:
    fact = chain.profile_fetch(Asset("AAPL", "NASDAQ", "USD"))

    sector = fmp.line("AAPL").instrument.sector
    assert fact is not None
    assert (fact.symbol, fact.sector, fact.source) == ("AAPL", sector, "FMP")
    assert fact.as_of <= now()
    assert chain.profile_fetch(Asset("NOSUCH", "NASDAQ", "USD")) is None


def test_nothing_is_made_up_without_a_source(settings: Any) -> None:
    settings.MARKET_PROVIDERS = ["SAMPLE"]
    row = instrument_make("AAPL")
    bar_make(row, date(2026, 11, 20), "10", source=Source.FMP)

    assert profiles_refresh() == 0
    assert Instrument.objects.get(symbol="AAPL").profiled_at is None


@pytest.mark.parametrize("status", [402, 500])
def test_a_source_that_refuses_changes_nothing(fmp: FmpEmulator, status: int) -> None:
    row = instrument_make("AAPL", sector="TECHNOLOGY", sector_source="SAMPLE")
    bar_make(row, date(2026, 11, 20), "10", source=Source.FMP)
    fmp.misbehave("error", status=status)

    assert profiles_refresh() == 0
    assert sectors() == {"AAPL": ("TECHNOLOGY", "", "SAMPLE")}


class Refuser(BaseProvider):
    """A source that tells the sector of some, and fails for all others."""

    capabilities = frozenset({Capability.PROFILES})

    def __init__(self, name: str, exchange: str, *told: str) -> None:
        self.name = name
        self.told = told
        self.exchange = exchange
        self.fault: TradingPlatformError = UpstreamError("no")
        self.asked: list[str] = []

    def serves(self, capability: Capability, asset: Asset) -> bool:
        return asset.exchange == self.exchange

    def profile(self, asset: Asset) -> InstrumentFact | None:
        self.asked.append(asset.symbol)
        if asset.symbol not in self.told:
            raise self.fault
        return InstrumentFact(
            asset.symbol, "", asset.exchange, asset.currency, self.name, now(), sector="Chips"
        )


@pytest.fixture
def refusers(settings: Any, monkeypatch: Any) -> dict[str, Refuser]:
    made = {"KIS": Refuser("KIS", "KRX", "999999"), "FMP": Refuser("FMP", "NASDAQ", "ZZZ")}
    settings.MARKET_PROVIDERS = list(made)
    monkeypatch.setattr(chain, "FACTORIES", {name: lambda n=name: made[n] for name in made})
    return made


def follow(symbol: str, exchange: str) -> None:
    row = instrument_make(symbol, exchange=exchange, sector="")
    bar_make(row, date(2026, 11, 20), "10", source=Source.KIS)


def test_one_that_is_refused_blocks_nobody(refusers: dict[str, Refuser], time_machine: Any) -> None:
    for number in range(25):
        follow(f"{number:06}", "KRX")
    follow("999999", "KRX")

    assert profiles_refresh() == 0
    assert len(refusers["KIS"].asked) == ASKED_SINGLY_MAX
    time_machine.move_to(now() + timedelta(days=1))
    assert profiles_refresh() == 1

    assert set(refusers["KIS"].asked) == {*(f"{number:06}" for number in range(25)), "999999"}
    assert sectors()["999999"] == ("Chips", "", "KIS")


def test_a_used_up_budget_ends_the_asking_of_that_source_only(
    refusers: dict[str, Refuser],
) -> None:
    for symbol in ("000001", "000002"):
        follow(symbol, "KRX")
    follow("ZZZ", "NASDAQ")
    refusers["KIS"].fault = LimitExceededError("later")

    assert profiles_refresh() == 1
    assert (refusers["KIS"].asked, refusers["FMP"].asked) == (["000001"], ["ZZZ"])
    assert Instrument.objects.get(symbol="000001").profiled_at is None


def test_who_is_followed_is_found_with_one_query(refusers: dict[str, Refuser]) -> None:
    for number in range(3):
        follow(f"{number:06}", "KRX")
    instrument_make("111111", exchange="KRX")

    with CaptureQueriesContext(connections["default"]) as queries:
        found = list(unplaced(["KRX"])[:2])

    assert ([row.symbol for row in found], len(queries)) == (["000000", "000001"], 1)
