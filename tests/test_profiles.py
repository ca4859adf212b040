"""Sectors and industries from FMP and KIS, asked of their emulators."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import stamina

from market.enums import Source
from market.models import Instrument
from market.providers import chain
from market.providers.base import Asset
from market.services import profiles_refresh
from market.tests.factories import bar_make, instrument_make
from tests.emulators.fmp.emulator import FmpEmulator, running_fmp_emulator
from tradingplatform.clock import now
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
