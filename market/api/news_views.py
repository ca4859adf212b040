"""The news endpoint."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from market import services
from market.api.serializers import SymbolsField
from market.news_models import NewsItem
from market.news_selectors import news_get
from tradingplatform.api.pagination import CursorPages
from tradingplatform.api.views import ApiView, parsed

_PAGE = [OpenApiParameter("limit", int), OpenApiParameter("cursor")]

SYMBOLS_MAX = 20


class NewsInput(serializers.Serializer[Any]):
    symbols = SymbolsField(
        most=SYMBOLS_MAX, required=False, help_text="Up to 20, with commas between them."
    )


class NewsItemOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment] # a name DRF also uses
    title = serializers.CharField()
    url = serializers.CharField()
    publisher = serializers.CharField()
    language = serializers.CharField()
    published_at = serializers.DateTimeField()
    as_of = serializers.DateTimeField(help_text="When the source told it.")
    symbols = serializers.ListField(child=serializers.CharField())


class NewsOutput(serializers.Serializer[Any]):
    results = NewsItemOutput(many=True)
    next = serializers.CharField(allow_null=True)
    sources = serializers.ListField(
        child=serializers.CharField(), help_text="Sources that the operator has set up."
    )
    status = serializers.CharField(help_text="AVAILABLE, or NOT_CONFIGURED without any source.")


class NewsView(ApiView):
    @extend_schema(parameters=[NewsInput, *_PAGE], responses=NewsOutput)
    def get(self, request: Request) -> Response:
        """List stored news, newest first; who is signed in and names symbols has sources asked."""
        wanted = parsed(NewsInput, request.query_params)
        symbols = wanted.get("symbols", ())
        rows = news_get(symbols)
        if request.user.is_authenticated:
            services.news_want(symbols=symbols)
        page = CursorPages("-published_at", "-id").response(rows, request, render=_items)
        sources = services.news_sources()
        status = "AVAILABLE" if sources else "NOT_CONFIGURED"
        return Response({**page.data, "sources": sources, "status": status})


def _items(rows: Sequence[NewsItem]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.pk,
            "source": row.source,
            "title": row.title,
            "url": row.url,
            "publisher": row.publisher,
            "language": row.language,
            "published_at": row.published_at.isoformat(),
            "as_of": row.stored_at.isoformat(),
            "symbols": sorted(link.symbol for link in row.symbols.all()),
        }
        for row in rows
    ]
