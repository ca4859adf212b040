"""Reads of news."""

from collections.abc import Sequence

from django.db.models import QuerySet

from market.news_models import NewsItem, NewsSymbol
from market.selectors import instruments_get


def news_get(symbols: Sequence[str] = ()) -> QuerySet[NewsItem]:
    """Return news, unordered; with ``symbols`` those about any of them, SymbolUnknownError."""
    rows = NewsItem.objects.prefetch_related("symbols")
    if not symbols:
        return rows
    known = list(instruments_get(symbols))
    return rows.filter(pk__in=NewsSymbol.objects.filter(symbol__in=known).values("item_id"))
