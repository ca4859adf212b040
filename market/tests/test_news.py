"""Stored news: from sources only, each article once, and an honest answer without a source."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from market.metrics import NEWS_REFUSED
from market.news_models import NewsItem, NewsSymbol
from market.providers import chain
from market.providers.base import Asset, BaseProvider, Capability
from market.providers.base import NewsItem as Headline
from market.services.news import NewsDraft, news_store, news_update
from market.tasks import fetch_news
from market.tests.factories import instrument_make
from tests.query_budget import query_budget
from tradingplatform.clock import now
from tradingplatform.errors import InvalidInputError, UpstreamError
from tradingplatform.services import services

pytestmark = pytest.mark.django_db(databases="__all__")

URL = "/api/market/news"
AT = datetime(2026, 3, 2, tzinfo=UTC)


def _draft(number: int, *symbols: str, **changes: Any) -> NewsDraft:
    values: dict[str, Any] = {
        "external_id": f"n{number}",
        "title": f"Headline {number}",
        "url": f"https://example.com/{number}",
        "published_at": AT + timedelta(hours=number),
        "symbols": symbols,
        **changes,
    }
    return NewsDraft(**values)


def test_without_a_source_the_answer_says_so(client):
    answer = client.get(URL)

    assert answer.status_code == 200
    assert answer.json() == {
        "results": [],
        "next": None,
        "sources": [],
        "status": "NOT_CONFIGURED",
    }


def test_news_of_symbols_newest_first_in_pages(client, settings):
    settings.MARKET_NEWS_SOURCES = ("FMP",)
    instrument_make("AAPL"), instrument_make("KO"), instrument_make("MSFT")
    news_store(
        source="FMP",
        drafts=[_draft(1, "AAPL"), _draft(2, "KO", "AAPL", "GONE"), _draft(3, "MSFT")],
    )

    with query_budget("market:news"):
        first = client.get(URL, {"symbols": "aapl,KO", "limit": 1}).json()
    second = client.get(first["next"]).json()

    assert [row["title"] for row in first["results"]] == ["Headline 2"]
    assert first["results"][0]["symbols"] == ["AAPL", "KO"]
    assert (
        first["results"][0]["as_of"] == NewsItem.objects.get(external_id="n2").stored_at.isoformat()
    )
    assert (first["sources"], first["status"]) == (["FMP"], "AVAILABLE")
    assert [row["title"] for row in second["results"]] == ["Headline 1"]
    assert second["next"] is None
    assert len(client.get(URL).json()["results"]) == 3


def test_an_unknown_symbol_is_refused(client):
    answer = client.get(URL, {"symbols": "NONE"})

    assert (answer.status_code, answer.json()["errorCode"]) == (404, "SYMBOL_UNKNOWN")


def test_an_article_is_stored_once():
    instrument_make("AAPL")
    drafts = [_draft(1, "AAPL", "AAPL"), _draft(1, "AAPL"), _draft(2)]

    counts = [news_store(source="FMP", drafts=drafts) for _ in range(2)]

    assert counts == [2, 0]
    assert (NewsItem.objects.count(), NewsSymbol.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "javascript:alert(1)"},
        {"url": "https://"},
        {"url": "https:///x"},
        {"url": "http://[bad/x"},
        {"title": " "},
        {"title": "x" * 301},
        {"external_id": ""},
    ],
)
def test_what_is_no_article_stores_nothing(changes):
    with pytest.raises(InvalidInputError):
        news_store(source="FMP", drafts=[_draft(1), _draft(2, **changes)])

    assert not NewsItem.objects.exists()


class Teller(BaseProvider):
    """A source that tells one article of each US instrument it is asked about, and a shared one."""

    name = "FMP"
    capabilities = frozenset({Capability.NEWS})

    def __init__(self) -> None:
        self.fails = False
        self.also: list[str] = []
        self.asked: list[list[str]] = []

    def serves(self, capability: Capability, asset: Asset) -> bool:
        return capability in self.capabilities and asset.exchange == "NASDAQ"

    def news(self, symbols, *, limit):
        self.asked.append(list(symbols))
        if self.fails:
            raise UpstreamError("down")
        ends = [(symbol, end) for symbol in symbols for end in (symbol, "both", "x" * 500)]
        told = [(symbol, end, f"https://example.com/{end}") for symbol, end in ends]
        told += [(symbols[0], "nothing", url) for url in self.also]
        return [
            Headline(f"On {end}", url, "Paper", AT, (symbol,), "FMP", now())
            for symbol, end, url in told
        ]


@pytest.fixture
def teller(monkeypatch, settings) -> Teller:
    told = Teller()
    settings.MARKET_PROVIDERS = ["FMP"]
    monkeypatch.setattr(chain, "FACTORIES", {"FMP": lambda: told})
    return told


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, list[str]]]:
    jobs: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(
        "market.services.asking.enqueue", lambda name, symbols: jobs.append((name, symbols))
    )
    return jobs


def test_who_looks_at_news_has_its_source_asked_once(signed_in, teller, asked):
    client = signed_in("reader")
    for symbol in ("AAPL", "MSFT", "005930"):
        instrument_make(symbol)

    answers = [client.get(URL, {"symbols": "AAPL,005930"}).json() for _ in range(2)]

    assert [(one["status"], one["sources"], one["results"]) for one in answers] == [
        ("AVAILABLE", ["FMP"], [])
    ] * 2
    assert (asked, teller.asked) == ([("market.news_fetch", ["AAPL"])], [])

    fetch_news(symbols=["AAPL"])
    found = client.get(URL, {"symbols": "AAPL"}).json()["results"]
    assert {row["title"] for row in found} == {"On AAPL", "On both"}
    assert {(row["source"], row["publisher"]) for row in found} == {("FMP", "Paper")}


def test_a_visitor_has_no_source_of_news_asked(client, teller, asked):
    instrument_make("AAPL")

    answer = client.get(URL, {"symbols": "AAPL"})

    assert (answer.status_code, answer.json()["status"]) == (200, "AVAILABLE")
    assert (asked, teller.asked) == ([], [])


def test_news_of_many_costs_the_cache_one_round_trip(signed_in, teller, asked, monkeypatch):
    symbols = [f"T{number:02}" for number in range(21)]
    for symbol in symbols:
        instrument_make(symbol, exchange="NASDAQ", currency="USD")
    client = signed_in("reader")
    claims: list[int] = []
    count = services.cache.incr_many

    def counted(amounts: Any, ttl_s: float) -> Any:
        if any(key.startswith("asked:") for key in amounts):
            claims.append(len(amounts))
        return count(amounts, ttl_s)

    monkeypatch.setattr(services.cache, "incr_many", counted)

    refused = client.get(URL, {"symbols": ",".join(symbols)})
    taken = client.get(URL, {"symbols": ",".join(symbols[:20])})

    assert (refused.status_code, refused.json()["errorCode"]) == (400, "INVALID_INPUT")
    assert (taken.status_code, claims) == (200, [20])
    assert [(job, sorted(told)) for job, told in asked] == [("market.news_fetch", symbols[:20])]


def test_an_article_belongs_to_all_it_was_told_of_sooner_or_later(client, teller):
    for symbol in ("AAPL", "MSFT", "NVDA"):
        instrument_make(symbol)

    assert news_update(symbols=["AAPL", "MSFT"]) == 3
    assert news_update(symbols=["NVDA", "NONE"]) == 1

    shared = NewsItem.objects.get(title="On both")
    assert {link.symbol for link in shared.symbols.all()} == {"AAPL", "MSFT", "NVDA"}


def test_a_source_that_fails_stores_nothing(teller):
    instrument_make("AAPL")
    teller.fails = True

    assert news_update(symbols=["AAPL"]) == 0
    assert (teller.asked, NewsItem.objects.exists()) == ([["AAPL"]], False)


def test_a_bad_address_costs_no_other_article(teller):
    instrument_make("AAPL")
    teller.also = ["https:///x", "http://[bad/x", "ftp://example.com/x"]
    before = NEWS_REFUSED._value.get()

    assert news_update(symbols=["AAPL"]) == 2
    assert {item.title for item in NewsItem.objects.all()} == {"On AAPL", "On both"}
    # The three, and one address that is too long.
    assert NEWS_REFUSED._value.get() - before == 4
