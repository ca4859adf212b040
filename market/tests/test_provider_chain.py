"""Who is asked, who gives way to whom, and that an answer names its real source."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from market.enums import Adjustment, Source
from market.errors import CapabilityMissingError, ProviderAnswerError
from market.providers import chain
from market.providers.base import (
    Asset,
    BarsWanted,
    BaseProvider,
    Capability,
    ProviderBars,
    ProviderQuote,
)
from market.providers.coalescing import Coalescer
from market.providers.stored import StoredProvider
from market.providers.values import bar_arrays
from market.quotes import quotes_tell
from market.tests.factories import bar_make, instrument_make
from market.ticks import DayFigures
from market.types import Quote
from tradingplatform.errors import LimitExceededError, NotConfiguredError, UpstreamError

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
APPLE = Asset("AAPL", "NASDAQ", "USD")
SAMSUNG = Asset("005930", "KRX", "KRW")
WANTED = BarsWanted("1d", date(2026, 11, 1), date(2026, 11, 30))


class Told(BaseProvider):
    """A source that tells what it was given, or fails as it was told to."""

    capabilities = frozenset({Capability.QUOTES, Capability.BARS})

    def __init__(self, name: str, *symbols: str, fault: Exception | None = None) -> None:
        self.name = name
        self.symbols = symbols
        self.fault = fault
        self.asked: list[list[str]] = []

    def quotes(self, assets: Any) -> dict[str, ProviderQuote]:
        self.asked.append([asset.symbol for asset in assets])
        if self.fault is not None:
            raise self.fault
        return {
            asset.symbol: ProviderQuote(
                asset.symbol, Decimal(1), DayFigures(7), asset.currency, self.name, AT
            )
            for asset in assets
            if asset.symbol in self.symbols
        }

    def bars(self, asset: Asset, wanted: BarsWanted) -> ProviderBars:
        if self.fault is not None:
            raise self.fault
        one = Decimal(1)
        rows = [(0, one, one, one, one, 5)] if asset.symbol in self.symbols else []
        return ProviderBars(asset.symbol, "1d", Adjustment.RAW, bar_arrays(rows), self.name, AT)


@pytest.fixture
def asked_in_order(monkeypatch, settings):
    def use(*sources: Told) -> None:
        settings.MARKET_PROVIDERS = [source.name for source in sources]
        monkeypatch.setattr(
            chain, "FACTORIES", {source.name: lambda source=source: source for source in sources}
        )

    return use


def test_the_first_that_knows_answers_and_is_named(asked_in_order) -> None:
    asked_in_order(Told("KIS", "005930"), Told("FMP", "AAPL", "005930"))

    quotes = chain.quotes_fetch([SAMSUNG, APPLE])

    assert {symbol: quote.source for symbol, quote in quotes.items()} == {
        "005930": "KIS",
        "AAPL": "FMP",
    }


@pytest.mark.parametrize(
    "fault",
    [UpstreamError("no"), LimitExceededError("later"), ProviderAnswerError("garbage")],
)
def test_a_real_source_that_fails_gives_way_to_the_next_real_one(asked_in_order, fault) -> None:
    asked_in_order(Told("KIS", fault=fault), Told("FMP", "AAPL"))

    assert chain.quotes_fetch([APPLE])["AAPL"].source == "FMP"
    assert chain.bars_fetch(APPLE, WANTED).source == "FMP"


def test_the_sample_market_never_replaces_a_source_that_failed(asked_in_order) -> None:
    sample = Told("SAMPLE", "AAPL")
    asked_in_order(Told("KIS", fault=UpstreamError("down")), sample)

    with pytest.raises(UpstreamError, match="down"):
        chain.quotes_fetch([APPLE])
    with pytest.raises(UpstreamError, match="down"):
        chain.bars_fetch(APPLE, WANTED)
    assert sample.asked == []


def test_the_sample_market_stands_where_nothing_else_is_set_up(asked_in_order, monkeypatch) -> None:
    asked_in_order(Told("KIS"), Told("SAMPLE", "AAPL"))

    def unset() -> Told:
        raise NotConfiguredError("no key")

    monkeypatch.setitem(chain.FACTORIES, "KIS", unset)
    assert chain.quotes_fetch([APPLE])["AAPL"].source == "SAMPLE"


def test_what_no_source_can_tell_has_a_code(asked_in_order) -> None:
    asked_in_order(Told("KIS", "AAPL"))

    with pytest.raises(CapabilityMissingError) as missing:
        chain.macro_fetch("GDP", date(2026, 1, 1), date(2026, 2, 1))
    assert (missing.value.code, missing.value.details) == (
        "CAPABILITY_MISSING",
        {"capability": "MACRO"},
    )
    asked_in_order()
    with pytest.raises(CapabilityMissingError):
        chain.quotes_fetch([APPLE])


def test_an_unknown_symbol_is_absent_not_an_error(asked_in_order) -> None:
    asked_in_order(Told("KIS"), Told("FMP"))

    assert chain.quotes_fetch([APPLE]) == {}
    assert len(chain.bars_fetch(APPLE, WANTED).bars) == 0


def test_a_moment_later_nobody_is_asked_again(asked_in_order) -> None:
    source = Told("KIS", "AAPL")
    asked_in_order(source)

    first, second = chain.quotes_fetch([APPLE]), chain.quotes_fetch([APPLE])

    assert first == second
    assert source.asked == [["AAPL"]]


def test_many_who_ask_at_once_cost_one_call() -> None:
    flights: Coalescer[str, int] = Coalescer()
    begun, go_on = threading.Event(), threading.Event()
    calls: list[list[str]] = []

    def fetch(keys: list[str]) -> dict[str, int]:
        calls.append(keys)
        begun.set()
        go_on.wait(10)
        return {"AAPL": 1}

    with ThreadPoolExecutor(9) as crowd:
        first = crowd.submit(flights.get, ["AAPL"], fetch)
        begun.wait(10)
        others = [crowd.submit(flights.get, ["AAPL", "AAPL"], fetch) for _ in range(8)]
        go_on.set()
        answers = [future.result() for future in (first, *others)]

    # Those who came after the landing may have asked anew; nobody asked while it was under way.
    assert answers == [{"AAPL": 1}] * 9
    assert len(calls) < 9


def test_a_failed_flight_fails_all_who_waited_and_the_next_one_starts() -> None:
    flights: Coalescer[str, int] = Coalescer()

    def fail(keys: list[str]) -> dict[str, int]:
        raise UpstreamError("down")

    with pytest.raises(UpstreamError):
        flights.get(["AAPL"], fail)
    assert flights.get(["AAPL"], lambda keys: {"AAPL": 2}) == {"AAPL": 2}


@pytest.mark.django_db(databases="__all__")
def test_stored_bars_are_told_by_their_own_origin_only() -> None:
    apple = instrument_make("AAPL")
    bar_make(apple, date(2026, 11, 20), "100")

    sample = StoredProvider(Source.SAMPLE).bars(APPLE, WANTED)
    imported = StoredProvider(Source.CSV).bars(APPLE, WANTED)

    assert (sample.source, sample.bars.closes.tolist()) == ("SAMPLE", [100_000_000])
    assert sample.as_of == datetime(2026, 11, 20, tzinfo=UTC)
    assert len(imported.bars) == 0
    with pytest.raises(CapabilityMissingError):
        StoredProvider(Source.CSV).quotes([APPLE])


@pytest.mark.django_db(databases="__all__")
def test_quotes_of_the_sample_feed_are_told_as_such(settings) -> None:
    settings.MARKET_PROVIDERS = ["KIS", "SAMPLE"]
    price = Decimal(101)
    told = Quote(
        "AAPL", "NASDAQ", price, price, price, Decimal(1), 0.01, 5, AT, AT, "SAMPLE", "USD",
        Decimal(100), "1", 1,
    )  # fmt: skip
    quotes_tell([told], AT)

    quote = chain.quotes_fetch([APPLE])["AAPL"]

    assert (quote.source, quote.price, quote.as_of) == ("SAMPLE", price, AT)
