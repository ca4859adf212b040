"""The fundamentals endpoint."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from market import services
from market.services import FundamentalsStatus, FundamentalsTold
from tradingplatform.api.views import ApiView


class FundamentalsOutput(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    status = serializers.ChoiceField(
        choices=[(one.value, one.value) for one in FundamentalsStatus],
        help_text="PENDING: its source is asked now. NOT_ASKED: only callers who are signed in "
        "have it asked. UNAVAILABLE: it failed, see fault.",
    )
    fault = serializers.CharField(
        allow_null=True, help_text="The code with which the source failed lately."
    )
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment] # a name DRF also uses
    as_of = serializers.DateTimeField(allow_null=True, help_text="When the source told it.")
    currency = serializers.CharField(allow_null=True, help_text="Of the company's reports.")
    period_end = serializers.DateField(allow_null=True, help_text="Of the last fiscal period.")
    figures = serializers.DictField(
        child=serializers.CharField(),
        help_text="In the words of the source; ratios are fractions. Empty without any.",
    )


class FundamentalsView(ApiView):
    @extend_schema(
        responses={
            200: FundamentalsOutput,
            501: OpenApiResponse(description="No source that is set up tells figures of this."),
        }
    )
    def get(self, request: Request, symbol: str) -> Response:
        """Return the stored figures of a company; who is signed in has old ones asked for anew."""
        told = services.fundamentals_get(
            symbol=symbol.upper(), may_ask=request.user.is_authenticated
        )
        return Response(_payload(told))


def _payload(told: FundamentalsTold) -> dict[str, Any]:
    stored = told.stored
    period_end = None if stored is None else stored.period_end
    return {
        "symbol": told.instrument.symbol,
        "status": told.status.value,
        "fault": told.fault or None,
        "source": None if stored is None else stored.source,
        "as_of": None if stored is None else stored.as_of.isoformat(),
        "currency": None if stored is None else stored.currency,
        "period_end": None if period_end is None else period_end.isoformat(),
        "figures": {} if stored is None else stored.figures,
    }
