"""The market endpoints."""

from urllib.parse import urlencode

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from market import selectors
from market.api import rendering
from market.api.serializers import (
    BarsInput,
    BarsOutput,
    IndicatorsInput,
    IndicatorsOutput,
    InstrumentOutput,
    InstrumentsInput,
    InstrumentsOutput,
    QuotesInput,
    QuotesOutput,
)
from market.bar_selectors import bars_get
from market.freshness import quote_payload
from market.indicator_selectors import indicators_get
from market.quote_selectors import quotes_get
from market.types import BarSeries
from tradingplatform.api.pagination import CursorPages
from tradingplatform.api.views import ApiView, parsed
from tradingplatform.clock import now

_PAGING = [
    OpenApiParameter("limit", int, description="Up to 200."),
    OpenApiParameter("cursor", str, description="From `next` of the page before."),
]


class InstrumentsView(ApiView):
    @extend_schema(parameters=[InstrumentsInput, *_PAGING], responses=InstrumentsOutput)
    def get(self, request: Request) -> Response:
        """Search instruments by symbol or name, Korean or English."""
        wanted = parsed(InstrumentsInput, request.query_params)
        rows = selectors.instruments_found(
            search=wanted.get("search", ""),
            exchange=wanted.get("exchange"),
            asset_type=wanted.get("asset_type"),
            with_delisted=wanted["delisted"],
        )
        return CursorPages("symbol").response(rows, request, render=rendering.instruments_payload)


class InstrumentView(ApiView):
    @extend_schema(responses=InstrumentOutput)
    def get(self, request: Request, symbol: str) -> Response:
        """Return one instrument with the tick and price band at its base price."""
        return Response(rendering.instrument_payload(selectors.instrument_get(symbol.upper())))


class QuotesView(ApiView):
    @extend_schema(parameters=[QuotesInput], responses=QuotesOutput)
    def get(self, request: Request) -> Response:
        """Return the newest quotes, in the order asked."""
        wanted = parsed(QuotesInput, request.query_params)
        quotes = quotes_get(wanted["symbols"])
        at = now()
        return Response({"results": [quote_payload(quote, at) for quote in quotes.values()]})


class BarsView(ApiView):
    @extend_schema(parameters=[BarsInput], responses=BarsOutput)
    def get(self, request: Request, symbol: str) -> Response:
        """Return bars, oldest first: the first of the range, or the last without a start."""
        wanted = parsed(BarsInput, request.query_params)
        bars = bars_get(symbol=symbol.upper(), **wanted)
        return Response(rendering.bars_payload(bars, _next_url(request, bars)))


class IndicatorsView(ApiView):
    @extend_schema(parameters=[IndicatorsInput], responses=IndicatorsOutput)
    def get(self, request: Request, symbol: str) -> Response:
        """Return indicators beside the bars of a range; null where one is not defined."""
        wanted = parsed(IndicatorsInput, request.query_params)
        answer = indicators_get(symbol=symbol.upper(), wanted=wanted.pop("indicators"), **wanted)
        return Response(rendering.indicators_payload(answer, _next_url(request, answer.bars)))


def _next_url(request: Request, bars: BarSeries) -> str | None:
    if not (bars.has_more and len(bars)):
        return None
    forward = "start" in request.query_params
    query = {**request.query_params.dict(), **rendering.next_edge(bars, forward=forward)}
    return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")
