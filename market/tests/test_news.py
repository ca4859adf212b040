"""Stored news: from sources only, each article once, and an honest answer without a source."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from market.news_models import NewsItem, NewsSymbol
from market.services.news import NewsDraft, news_store
from market.tests.factories import instrument_make
from tests.query_budget import query_budget
from tradingplatform.errors import InvalidInputError

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
        {"title": " "},
        {"title": "x" * 301},
        {"external_id": ""},
    ],
)
def test_what_is_no_article_stores_nothing(changes):
    with pytest.raises(InvalidInputError):
        news_store(source="FMP", drafts=[_draft(1), _draft(2, **changes)])

    assert not NewsItem.objects.exists()
